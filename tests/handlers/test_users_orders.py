"""What the app's own back end may have done for one of its users."""

from typing import Any

import pytest

from actors.operations.base import NotConnected
from actors.operations.poll import PollDone
from storage.records import ConnectionKey
from tests.handlers.serving import Serving

SERVICE = {"user": "app", "role": "service"}
SPOTIFY = ConnectionKey("ada", "spotify")


def test_every_connected_platform_is_polled_and_says_how_it_went(serving: Serving) -> None:
    serving.connect().answer = lambda _: PollDone(3, 12)

    def gone(_: Any) -> Any:
        raise NotConnected("needs_reauth", "user_revoked")

    serving.connect(SPOTIFY).answer = gone

    answer = serving.ask("POST", "/api/users/ada/poll", **SERVICE)

    assert answer.status == 200
    platforms = answer.json["platforms"]
    assert platforms["github"] == {"state": "done", "count": 3, "duration_ms": 12}
    assert (platforms["spotify"]["state"], platforms["spotify"]["code"]) == ("failed", "needs_reauth")


def test_a_user_without_connections_has_nothing_to_poll(serving: Serving) -> None:
    assert serving.ask("POST", "/api/users/nobody/poll", **SERVICE).json == {"platforms": {}}


def test_what_is_sent_stands_in_the_users_sequence(serving: Serving) -> None:
    event = {"type": "order_shipped", "number": 7, "offset": 99, "cursor": "forged", "at": "never"}

    answer = serving.ask("POST", "/api/users/ada/send", {"event": event}, **SERVICE)

    assert answer.status == 202
    (kept,) = serving.get("/api/events").json["items"]
    assert (kept["type"], kept["number"], kept["offset"]) == ("order_shipped", 7, 1)
    assert kept["cursor"] == answer.json["id"]
    assert serving.get("/api/events", user="grace").json["items"] == []


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "webhook_received"},
        {"type": "error"},
        {"type": "Order"},
        {"type": "a" * 65},
        {"type": 7},
        {"type": "big", "text": "x" * 33_000},
    ],
)
def test_what_is_no_event_of_the_apps_is_refused(serving: Serving, event: dict[str, Any]) -> None:
    assert serving.ask("POST", "/api/users/ada/send", {"event": event}, **SERVICE).status == 400


@pytest.mark.parametrize("path", ["poll", "send"])
@pytest.mark.parametrize("role", ["user", "admin"])
def test_they_are_for_the_service_role_alone(serving: Serving, path: str, role: str) -> None:
    answer = serving.ask("POST", f"/api/users/ada/{path}", {"event": {"type": "x"}}, user="ada", role=role)

    assert answer.status == 403
