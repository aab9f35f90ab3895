"""The Python calls for an app in the same process: the same as over HTTP, for threads that may wait."""

from datetime import UTC, datetime
from typing import Any

import pytest

from actors.messages import FreshToken
from actors.operations.base import NotConnected
from actors.operations.poll import PollDone
from handlers.backend import Backend
from handlers.errors import ApiError
from storage.records import ConnectionKey
from tests.handlers.serving import Serving


@pytest.fixture
def backend(serving: Serving) -> Backend:
    return Backend(serving.parts, serving._loop)


def test_a_fresh_token_is_told_by_its_expiry_alone(serving: Serving, backend: Backend) -> None:
    actor = serving.connect()
    actor.answer = lambda _: serving.clock.now() + 3600

    assert backend.ensure_fresh_token("ada", "github") == datetime(2027, 1, 15, 9, 0, tzinfo=UTC)
    assert isinstance(actor.messages[0], FreshToken)
    actor.answer = lambda _: None
    assert backend.ensure_fresh_token("ada", "github") is None


def test_what_cannot_be_done_has_the_code_that_http_gives_it(serving: Serving, backend: Backend) -> None:
    def gone(_: Any) -> Any:
        raise NotConnected("needs_reauth", "user_revoked")

    serving.connect().answer = gone
    with pytest.raises(ApiError) as refused:
        backend.ensure_fresh_token("ada", "github")
    assert refused.value.code == "needs_reauth"
    with pytest.raises(ApiError, match="user id"):
        backend.poll_all_platforms_for_user("no user")
    with pytest.raises(ApiError, match="own type"):
        backend.send_to_user("ada", {"type": "new_data"})


def test_what_takes_longer_is_not_waited_for(serving: Serving, backend: Backend) -> None:
    serving.connect()
    with pytest.raises(TimeoutError, match="ada/github"):
        backend.ensure_fresh_token("ada", "github", timeout=0.05)
    assert backend.poll_all_platforms_for_user("ada", timeout=0.05) == {"github": {"state": "accepted"}}


def test_polls_and_messages_are_what_they_are_over_http(serving: Serving, backend: Backend) -> None:
    serving.connect().answer = lambda _: PollDone(3, 12)
    serving.connect(ConnectionKey("ada", "spotify"), status="needs_reauth")

    assert backend.poll_all_platforms_for_user("ada") == {"github": {"state": "done", "count": 3, "duration_ms": 12}}
    cursor = backend.send_to_user("ada", {"type": "order_shipped", "number": 7})

    (kept,) = serving.get("/api/events").json["items"]
    assert (kept["cursor"], kept["number"]) == (cursor, 7)


def test_who_would_hold_up_the_service_is_told_so(serving: Serving, backend: Backend) -> None:
    def wrongly() -> str:
        with pytest.raises(RuntimeError, match="a thread of your own") as refused:
            backend.send_to_user("ada", {"type": "x"})
        return str(refused.value)

    assert serving.on_loop(wrongly)
