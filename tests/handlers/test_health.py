"""Whether it runs, and whether it is ready for more."""

import json
from typing import Any

import pytest

from actors.status import Parked, Supervision
from storage.trouble import Health
from tests.handlers.serving import Serving


def test_health_has_every_service_and_names_nobody(serving: Serving) -> None:
    serving.connect()
    serving.directory.supervision = Supervision(children=3, parked=(Parked("ada/github", "x", 0.0, 0.0),))
    answer = serving.ask("GET", "/health")
    assert answer.status == 200
    assert answer.json == {
        "status": "ok",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "services": {
            "database": {"status": "ok"},
            "redis": {"status": "not_configured"},
            "actors": {"status": "ok", "running": 3, "restarting": 0, "parked": 1},
            "websocket": {"status": "ok", "connections": 0, "authenticatedUsers": 0},
            "sse": {"status": "ok", "connections": 0, "authenticatedUsers": 0},
        },
    }
    assert b"ada" not in answer.body


@pytest.mark.parametrize("reason", ["locked", "full", "read_only"])
def test_a_database_in_trouble_shows_and_kills_nobody(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, reason: Any
) -> None:
    monkeypatch.setattr(serving.database, "health", lambda: Health(False, reason, 1_799_999_990.0))
    health = serving.ask("GET", "/health")
    assert health.status == 200
    assert health.json["status"] == "degraded"
    assert health.json["services"]["database"] == {
        "status": "unavailable",
        "reason": reason,
        "since": "2027-01-15T07:59:50.000Z",
    }
    ready = serving.ask("GET", "/ready")
    assert (ready.status, ready.json) == (503, {"ready": False, "reason": f"database: {reason}"})


def test_ready_is_from_the_start_to_the_stop(serving: Serving) -> None:
    assert serving.ask("GET", "/ready").json == {"ready": True, "reason": None}
    serving.parts.serving.draining = True
    assert (serving.ask("GET", "/ready").status, serving.ask("GET", "/ready").json["reason"]) == (503, "stopping")
    serving.parts.serving.draining = False
    serving.parts.serving.started = False
    assert (serving.ask("GET", "/ready").status, serving.ask("GET", "/ready").json["reason"]) == (503, "starting")


def test_open_streams_are_counted_for_all_and_broken_down_for_administrators(serving: Serving) -> None:
    with serving.raw() as first, serving.raw() as second:
        for connection in (first, second):
            head = f"GET /api/sse/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {serving.token()}\r\n\r\n"
            connection.sendall(head.encode())
            assert b"authenticated" in _received(connection)
        sse = serving.ask("GET", "/health").json["services"]["sse"]
        assert (sse["connections"], sse["authenticatedUsers"]) == (2, 1)
        assert serving.ask("GET", "/api/sse/health").json["connections"] == 2
        stats = serving.get("/api/sse/stats", role="admin").json
        assert stats["connections"] == {"websocket": 0, "sse": 2}
        assert stats["opened"]["sse"] == 2
    assert serving.get("/api/sse/stats").error == "forbidden"


def test_the_webhooks_health_is_read_once_however_many_ask(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    serving.connect()
    reads: list[Any] = []
    read = serving.database.read

    def counted(query: Any) -> Any:
        reads.append(query)
        return read(query)

    monkeypatch.setattr(serving.database, "read", counted)
    for _ in range(5):
        assert serving.ask("GET", "/api/webhooks/health").status == 200
    assert len(reads) == 1
    serving.clock.advance(6)
    answer = serving.ask("GET", "/api/webhooks/health")
    assert len(reads) == 2
    assert "ada" not in json.dumps(answer.json)


def test_a_reading_that_failed_is_made_again(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(serving.database, "read", None)
        assert serving.ask("GET", "/api/webhooks/health").status == 500
    assert serving.ask("GET", "/api/webhooks/health").status == 200


def _received(connection: Any) -> bytes:
    found = b""
    while b"authenticated" not in found:
        found += connection.recv(4096)
    return found
