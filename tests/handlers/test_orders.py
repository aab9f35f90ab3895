"""Orders to actors: waited for a while, refused in words, and never to somebody else's."""

from typing import Any

import pytest
from pykka import ActorDeadError
from structlog.testing import capture_logs

from actors.messages import Disconnect, HaltChild, Poll, Refresh, RestartChild
from actors.operations.base import NotConnected
from actors.operations.poll import PollDone
from actors.platforms.failures import CallFailed, GrantRefused, PlatformDown, RateLimited
from actors.roster import ChildUnavailable
from storage import connections
from storage.records import ConnectionKey
from storage.trouble import StorageUnavailable
from tests.handlers.serving import ADA, Answer, Serving


def order(serving: Serving, what: str, user: str = "ada", platform: str = "github") -> Answer:
    return serving.ask("POST", f"/api/admin/actors/{user}/{platform}/{what}", user="root", role="admin")


def raising(error: Exception) -> Any:
    def answer(_message: Any) -> Any:
        raise error

    return answer


@pytest.mark.parametrize("path", ["/api/connections/github/sync", "/api/admin/actors/ada/github/poll"])
def test_a_poll_that_is_soon_done_is_told(serving: Serving, path: str) -> None:
    actor = serving.connect()
    actor.answer = lambda _: PollDone(3, 120)
    answer = serving.ask("POST", path, user="ada", role="admin")
    assert (answer.status, answer.json) == (200, {"state": "done", "count": 3, "duration_ms": 120})
    assert isinstance(actor.messages[0], Poll)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/connections/github/sync"),
        ("POST", "/api/admin/actors/ada/github/refresh"),
    ],
)
def test_what_takes_long_is_accepted_and_goes_on(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    monkeypatch.setattr("handlers.orders.PATIENCE", 0.01)
    actor = serving.connect()
    answer = serving.ask(method, path, user="ada", role="admin")
    assert (answer.status, answer.json) == (202, {"state": "accepted"})
    (message,) = actor.messages
    assert not message.reply.done()
    message.reply.set_result(None)  # and nobody minds


@pytest.mark.parametrize(("stored", "status"), [(True, 202), (False, 503)])
def test_a_disconnect_that_takes_long_is_accepted_once_a_crash_can_not_undo_it(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, stored: bool, status: int
) -> None:
    monkeypatch.setattr("handlers.orders.PATIENCE", 0.01)
    serving.connect()
    if stored:
        serving.write(lambda tx: connections.leave(tx, ADA, purge=False))
    answer = serving.ask("DELETE", "/api/connections/github", user="ada")
    assert answer.status == status
    assert ("Retry-After" in answer.headers) is not stored


def test_a_connection_to_a_platform_that_is_no_longer_there_can_be_disconnected(serving: Serving) -> None:
    """One that was taken out of the settings, or of this service."""
    for slug in ("gmail", "myspace"):
        actor = serving.connect(ConnectionKey("ada", slug))
        actor.answer = lambda _: None
        answer = serving.ask("DELETE", f"/api/connections/{slug}", user="ada")
        assert (answer.status, answer.json["status"]) == (200, "disconnected")
    assert serving.ask("DELETE", "/api/connections/friendster", user="ada").status == 404


def test_a_refresh_tells_the_new_end(serving: Serving) -> None:
    actor = serving.connect()
    actor.answer = lambda _: serving.clock.now() + 60
    assert order(serving, "refresh").json == {"state": "done", "token_expires_at": "2027-01-15T08:01:00.000Z"}
    assert isinstance(actor.messages[0], Refresh)


@pytest.mark.parametrize(("what", "message"), [("restart", RestartChild), ("stop", HaltChild)])
def test_restart_and_stop_are_the_supervisors(serving: Serving, what: str, message: Any) -> None:
    actor = serving.connect()
    serving.supervisor.answer = lambda _: None
    assert order(serving, what).json == {"state": "done"}
    (told,) = serving.supervisor.messages
    assert isinstance(told, message)
    assert told.key == ADA
    assert not actor.messages


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotConnected("needs_reauth", "user_revoked"), 409, "needs_reauth"),
        (NotConnected("disconnected", None), 409, "not_connected"),
        (GrantRefused("user_revoked", "Please connect again."), 409, "needs_reauth"),
        (ChildUnavailable("an administrator stopped this connection"), 409, "actor_unavailable"),
        (ActorDeadError("gone"), 503, "actor_ended"),
        (StorageUnavailable("full"), 503, "storage_unavailable"),
        (PlatformDown("503 from the platform"), 502, "down"),
        (CallFailed("timeout", "no answer within 30 s"), 502, "timeout"),
        (RateLimited("429", 33), 502, "rate_limited"),
        (CallFailed("paused", "what the platform allows for now is used up", 33), 503, "paused"),
        (KeyError("a bug"), 500, "internal_error"),
    ],
)
def test_what_could_not_be_done_is_told_in_words(serving: Serving, error: Exception, status: int, code: str) -> None:
    actor = serving.connect()
    actor.answer = raising(error)
    answer = order(serving, "poll")
    assert (answer.status, answer.error) == (status, code)
    if code in ("rate_limited", "paused"):
        assert answer.headers["Retry-After"] == "33"


def test_a_platforms_trouble_is_no_error_of_ours_in_the_log(serving: Serving) -> None:
    actor = serving.connect()
    for error, level in ((PlatformDown("503 from the platform"), "warning"), (KeyError("a bug"), "error")):
        actor.answer = raising(error)
        with capture_logs() as lines:
            order(serving, "poll")
            serving.on_loop(lambda: None)  # the line follows the answer
        assert [line["log_level"] for line in lines if line["event"] == "request_answered"] == [level]


def test_orders_go_to_those_that_exist(serving: Serving) -> None:
    serving.connect()
    assert order(serving, "dance").error == "no_such_order"
    assert order(serving, "poll", user="nobody").error == "no_such_actor"
    assert order(serving, "poll", platform="spotify").error == "no_such_actor"
    assert order(serving, "poll", platform="myspace").error == "no_such_platform"
    assert order(serving, "poll", user="a%2Fb").error == "bad_user_id"
    assert serving.supervisor.messages == []


def test_an_order_before_the_actors_are_there_is_told_to_wait(serving: Serving) -> None:
    serving.connect()
    serving.directory.supervisor = None
    answer = order(serving, "restart")
    assert (answer.status, answer.error) == (503, "starting")


@pytest.mark.parametrize(("query", "purge"), [("", False), ("?purge=false", False), ("?purge=true", True)])
def test_disconnecting_keeps_the_data_unless_told(serving: Serving, query: str, purge: bool) -> None:
    actor = serving.connect()
    actor.answer = lambda _: None
    answer = serving.ask("DELETE", f"/api/connections/github{query}", user="ada")
    assert answer.json == {"platform": "github", "status": "disconnected", "purged": purge}
    (message,) = actor.messages
    assert isinstance(message, Disconnect)
    assert message.purge is purge


def test_a_purge_that_is_neither_is_refused(serving: Serving) -> None:
    actor = serving.connect()
    answer = serving.ask("DELETE", "/api/connections/github?purge=yes", user="ada")
    assert (answer.status, answer.error) == (400, "bad_purge")
    assert not actor.messages


def test_what_was_never_connected_cannot_be_ended(serving: Serving) -> None:
    answer = serving.ask("DELETE", "/api/connections/github", user="ada")
    assert (answer.status, answer.error) == (404, "not_connected")
