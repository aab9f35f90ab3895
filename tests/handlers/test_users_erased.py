"""`DELETE /api/users/{user}`, from outside."""

from typing import Any

import pytest

from actors.messages import Erase
from tests.handlers.serving import Serving, Told
from tests.handlers.test_revoke import farewell, socket

SERVICE = {"user": "app", "role": "service"}


def eraser(serving: Serving, answer: Any = lambda _: 17) -> Told:
    told = Told()
    told.answer = answer
    serving.directory.eraser = told  # type: ignore[assignment]
    return told


def test_it_says_when_all_is_gone(serving: Serving) -> None:
    told = eraser(serving)
    answer = serving.ask("DELETE", "/api/users/ada", **SERVICE)
    assert (answer.status, answer.json) == (200, {"user": "ada", "state": "done", "rows": 17})
    (order,) = told.messages
    assert isinstance(order, Erase)
    assert order.user == "ada"


def test_what_takes_longer_goes_on(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.orders.PATIENCE", 0.05)
    eraser(serving, None)
    answer = serving.ask("DELETE", "/api/users/ada", **SERVICE)
    assert (answer.status, answer.json) == (202, {"user": "ada", "state": "accepted"})


def test_the_tokens_they_had_are_refused(serving: Serving) -> None:
    eraser(serving)
    old = {"iat": serving.clock.now() - 60}
    assert serving.ask("GET", "/api/connections", None, serving.bearer(**old)).status == 200
    serving.ask("DELETE", "/api/users/ada", **SERVICE)
    assert serving.ask("GET", "/api/connections", None, serving.bearer(**old)).error == "token_revoked"
    new = {"iat": serving.clock.now() + 1}
    assert serving.ask("GET", "/api/connections", None, serving.bearer(**new)).status == 200


@pytest.mark.parametrize("role", ["user", "admin"])
def test_it_is_for_the_service_alone(serving: Serving, role: str) -> None:
    told = eraser(serving)
    assert serving.ask("DELETE", "/api/users/ada", user="ada", role=role).status == 403
    assert told.messages == []


def test_a_name_that_is_none_is_refused(serving: Serving) -> None:
    eraser(serving)
    assert serving.ask("DELETE", "/api/users/a%2Fb", **SERVICE).status == 400


def test_before_there_is_an_eraser_it_is_too_early(serving: Serving) -> None:
    assert serving.ask("DELETE", "/api/users/ada", **SERVICE).error == "starting"


def test_streams_of_theirs_end_for_good_and_nobody_elses(serving: Serving) -> None:
    eraser(serving)
    with socket(serving, serving.token()) as hers, socket(serving, serving.token("grace")) as anothers:
        for opened in (hers, anothers):
            opened.recv(10)
        serving.ask("DELETE", "/api/users/ada", **SERVICE)
        assert farewell(hers)[0] == 4505
        anothers.send('{"type": "ping"}')
        assert "pong" in str(anothers.recv(10))
