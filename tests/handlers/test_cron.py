"""What an outside scheduler may set off, and how it says who it is."""

from typing import Any

import pytest

from actors.messages import SweepPolls, SweepTokens
from actors.sweeper import Swept
from storage.records import Secret
from tests.handlers.serving import Serving, Told

SERVICE = {"user": "app", "role": "service"}
BEARER = {"Authorization": "Bearer tick-tock"}
PATHS = ("/api/cron/token-refresh", "/api/cron/poll-github")


@pytest.fixture
def swept(serve: Any) -> tuple[Serving, Told]:
    serving = serve(cron_secret=Secret("tick-tock"))
    sweeper = Told()
    sweeper.answer = lambda _: Swept(5, 3, {"stopped": 2}, 1, None)
    serving.directory.sweeper = sweeper
    return serving, sweeper


def test_the_tokens_sweep_says_what_it_did(swept: tuple[Serving, Told]) -> None:
    serving, sweeper = swept
    answer = serving.ask("GET", "/api/cron/token-refresh", None, BEARER)
    assert answer.status == 200
    assert answer.json == {"state": "done", "looked_at": 5, "told": 3, "skipped": {"stopped": 2}, "grants_ending": 1}
    assert isinstance(sweeper.messages[0], SweepTokens)


@pytest.mark.parametrize(("query", "everyone"), [("", False), ("?all=true", True), ("?all=false", False)])
def test_a_platforms_polls_are_those_due_or_all_when_asked(
    swept: tuple[Serving, Told], query: str, everyone: bool
) -> None:
    serving, sweeper = swept
    answer = serving.ask("GET", f"/api/cron/poll-github{query}", None, BEARER)
    assert answer.json == {"state": "done", "looked_at": 5, "told": 3, "skipped": {"stopped": 2}, "held_up_for": None}
    (order,) = sweeper.messages
    assert isinstance(order, SweepPolls)
    assert (order.platform, order.everyone) == ("github", everyone)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_get_and_post_are_one_and_the_service_role_is_as_good_as_the_secret(
    swept: tuple[Serving, Told], path: str, method: str
) -> None:
    serving, _ = swept
    assert serving.ask(method, path, None, BEARER).status == 200
    assert serving.ask(method, path, **SERVICE).status == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", ["Bearer tick", "tick-tock", "Basic tick-tock", "Bearer ", "Bearer é"])
def test_nobody_else_sets_anything_off(swept: tuple[Serving, Told], path: str, given: str) -> None:
    serving, sweeper = swept
    assert serving.ask("GET", path, None, {"Authorization": given}).status == 401
    assert serving.ask("GET", path).status == 401
    assert serving.ask("GET", path, user="ada", role="admin").status == 403
    assert serving.ask("GET", path, user="ada").status == 403
    assert sweeper.messages == []


def test_without_a_secret_none_is_right(serving: Serving) -> None:
    for given in ("Bearer ", "Bearer None", "Bearer"):
        assert serving.ask("GET", PATHS[0], None, {"Authorization": given}).status == 401


def test_to_ask_whether_the_path_is_there_sets_nothing_off(swept: tuple[Serving, Told]) -> None:
    serving, sweeper = swept
    assert serving.ask("HEAD", PATHS[0], None, BEARER).status == 200
    assert sweeper.messages == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/cron/poll-gmail", 404, "not_configured"),
        ("/api/cron/poll-myspace", 404, "no_such_platform"),
        ("/api/cron/poll-github?all=perhaps", 400, "bad_all"),
    ],
)
def test_what_cannot_be_polled_is_said(swept: tuple[Serving, Told], path: str, status: int, code: str) -> None:
    answer = swept[0].ask("GET", path, None, BEARER)
    assert (answer.status, answer.error) == (status, code)


def test_a_long_sweep_goes_on_behind_its_answer(swept: tuple[Serving, Told], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.orders.PATIENCE", 0.05)
    serving, sweeper = swept
    sweeper.answer = None
    answer = serving.ask("GET", PATHS[0], None, BEARER)
    assert (answer.status, answer.json) == (202, {"state": "accepted"})


def test_before_there_is_a_sweeper_it_is_too_early(serving: Serving) -> None:
    assert serving.ask("GET", PATHS[0], **SERVICE).error == "starting"
