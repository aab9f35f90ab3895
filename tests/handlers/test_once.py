"""`Idempotency-Key`: made again, a request has the same answer and no second effect."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from storage import answers
from tests.handlers.serving import Answer, Serving

SEND = ("/api/sse/send", {"user": "ada", "event": {"type": "news", "text": "hello"}})
SEND_TO = ("/api/users/ada/send", {"event": {"type": "news", "text": "hello"}})
BROADCAST = ("/api/sse/broadcast", {"event": {"type": "news", "text": "hello"}})
WAYS = pytest.mark.parametrize(("path", "body"), [SEND, SEND_TO, BROADCAST])
DAY = 86_400


def ask(serving: Serving, path: str, body: Any, key: str | None = "k-1", user: str = "app") -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    return serving.ask("POST", path, body, headers, user=user, role="service")


@pytest.fixture(autouse=True)
def _ada_is_known(serving: Serving) -> None:
    heard(serving)


def heard(serving: Serving) -> int:
    return len(serving.get("/api/events").json["items"])


@WAYS
def test_made_again_it_has_the_same_answer_and_no_second_effect(serving: Serving, path: str, body: Any) -> None:
    first, second = ask(serving, path, body), ask(serving, path, body)
    assert (first.status, first.json) == (second.status, second.json)
    assert (first.status, heard(serving)) == (202, 1)


@WAYS
def test_of_many_at_once_one_has_an_effect_and_all_its_answer(serving: Serving, path: str, body: Any) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: ask(serving, path, body), range(16)))
    assert {answer.status for answer in found} == {202}
    assert len({answer.body for answer in found}) == 1
    assert heard(serving) == 1


@WAYS
def test_without_a_key_or_with_another_it_is_another_request(serving: Serving, path: str, body: Any) -> None:
    ids = {ask(serving, path, body, key).json["id"] for key in (None, None, "k-1", "k-2")}
    assert (len(ids), heard(serving)) == (4, 4)


def test_the_order_of_a_bodys_fields_makes_no_other_request(serving: Serving) -> None:
    path, body = SEND
    assert ask(serving, path, body).body == ask(serving, path, dict(reversed(body.items()))).body
    assert heard(serving) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/sse/send", {"user": "ada", "event": {"type": "news", "text": "other"}}),
        ("/api/sse/send", {"user": "grace", "event": {"type": "news", "text": "hello"}}),
        SEND_TO,
        BROADCAST,
    ],
)
def test_another_request_under_a_used_key_is_refused_and_does_nothing(serving: Serving, path: str, body: Any) -> None:
    ask(serving, *SEND)
    answer = ask(serving, path, body)
    assert (answer.status, answer.error) == (422, "idempotency_key_reused")
    assert (heard(serving), serving.get("/api/events", user="grace").json["items"]) == (1, [])
    assert ask(serving, *SEND).status == 202


def test_a_key_is_the_callers_own(serving: Serving) -> None:
    assert ask(serving, *SEND, user="app").json != ask(serving, *SEND, user="other-app").json
    assert heard(serving) == 2


def test_a_request_that_was_refused_uses_up_no_key(serving: Serving) -> None:
    assert ask(serving, "/api/sse/send", {"user": "ada", "event": {"type": "error"}}).status == 400
    assert ask(serving, *SEND).status == 202


def test_it_is_kept_for_a_day(serving: Serving) -> None:
    first = ask(serving, *SEND)
    serving.clock.advance(DAY - 1)
    assert ask(serving, *SEND).json == first.json
    assert serving.write(lambda tx: answers.prune(tx, serving.clock.now(), 100)) == 0
    serving.clock.advance(2)
    assert ask(serving, *SEND).json != first.json
    serving.clock.advance(DAY)
    assert serving.write(lambda tx: answers.prune(tx, serving.clock.now(), 100)) == 1


def test_it_outlives_a_restart(serving: Serving) -> None:
    """The row is what remembers: nothing of it is in memory."""
    first = ask(serving, *SEND)
    kept = serving.read(lambda tx: answers.recall(tx, "service:app", "k-1", serving.clock.now()))
    assert kept is not None
    assert first.body.decode() == kept.answer


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "caf\u00e9"])
def test_what_is_no_key_is_refused(serving: Serving, key: str) -> None:
    path, body = SEND
    assert ask(serving, path, body, key).error == "bad_idempotency_key"
    assert heard(serving) == 0
