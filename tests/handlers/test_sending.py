"""What the app's back end tells one user, or everybody: to those who listen, and to those who are away."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from handlers import spreading
from handlers.errors import Unavailable
from storage import broadcasts
from tests.handlers.serving import Answer, Serving

SERVICE = {"user": "app", "role": "service"}


class Heard:
    """An EventSource, as far as it goes."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")

    def next(self) -> dict[str, Any]:
        for line in self._file:
            if line.startswith(b"data: "):
                return dict(json.loads(line[6:]))
        raise AssertionError("the stream ended")


@contextmanager
def listening(serving: Serving, user: str, query: str = "") -> Iterator[Heard]:
    bearer = f"Authorization: Bearer {serving.token(user)}"
    with serving.raw() as connection:
        lines = (f"GET /api/sse/stream{query} HTTP/1.0", "Host: x", bearer, "", "")
        connection.sendall("\r\n".join(lines).encode())
        heard = Heard(connection)
        greeting = heard.next()
        assert (greeting["type"], greeting.get("recovered")) == ("authenticated", True if query else None)
        yield heard


def broadcast(serving: Serving, text: str = "maintenance") -> Answer:
    return serving.ask("POST", "/api/sse/broadcast", {"event": {"type": "news", "text": text}}, **SERVICE)


def texts(serving: Serving, user: str) -> list[str]:
    items = serving.get("/api/events", user=user).json["items"]
    assert [item["offset"] for item in items] == list(range(1, len(items) + 1))
    return [item["text"] for item in items]


def send(serving: Serving, user: str, text: str) -> Answer:
    body = {"user": user, "event": {"type": "news", "text": text}}
    return serving.ask("POST", "/api/sse/send", body, **SERVICE)


def test_one_user_is_told_and_nobody_else(serving: Serving) -> None:
    with listening(serving, "ada") as ada:
        answer = send(serving, "ada", "hello")
        event = ada.next()
    assert (answer.status, answer.json) == (202, {"id": event["cursor"]})
    assert (event["type"], event["text"]) == ("news", "hello")
    assert (texts(serving, "ada"), texts(serving, "grace")) == (["hello"], [])


@pytest.mark.parametrize("body", [{"event": {"type": "x"}}, {"user": "", "event": {"type": "x"}}, {"user": "ada"}])
def test_whom_and_what_has_to_be_said(serving: Serving, body: dict[str, Any]) -> None:
    assert serving.ask("POST", "/api/sse/send", body, **SERVICE).status == 400


def test_everybody_who_listens_has_a_broadcast_at_once_and_the_others_when_they_come(serving: Serving) -> None:
    for user in ("ada", "grace", "alan"):
        send(serving, user, "before")
    with ExitStack() as stack:
        listeners = [stack.enter_context(listening(serving, user)) for user in ("ada", "ada", "grace")]
        answer = broadcast(serving)
        events = [listener.next() for listener in listeners]
    assert (answer.status, answer.json) == (202, {"id": "broadcast-1"})
    assert [(event["type"], event["text"], event["offset"]) for event in events] == [("news", "maintenance", 2)] * 3
    assert _rows(serving, "alan") == 1
    send(serving, "alan", "after")
    assert texts(serving, "alan") == ["before", "maintenance", "after"]


def test_who_was_away_hears_it_on_return_by_stream_with_the_cursor_of_before(serving: Serving) -> None:
    cursor = send(serving, "ada", "before").json["id"]
    broadcast(serving)
    with listening(serving, "ada", f"?cursor={cursor}") as heard:
        assert heard.next()["text"] == "maintenance"


def test_who_only_ever_listened_hears_on_return_what_was_said_meanwhile(serving: Serving) -> None:
    with listening(serving, "ada"):
        pass
    broadcast(serving)
    assert texts(serving, "ada") == ["maintenance"]


def test_who_comes_later_is_not_told_what_was_said_before(serving: Serving) -> None:
    broadcast(serving, "old")
    with listening(serving, "ada") as ada:
        broadcast(serving, "new")
        assert ada.next()["text"] == "new"
    assert texts(serving, "ada") == ["new"]


def test_a_cursor_from_before_a_broadcast_that_is_gone_is_told_to_reload(serving: Serving) -> None:
    cursor = send(serving, "ada", "before").json["id"]
    broadcast(serving)
    serving.write(lambda tx: broadcasts.prune(tx, serving.clock.now() + 1, 100, 100))
    page = serving.get(f"/api/events?cursor={cursor}").json
    assert (page["recovered"], page["reason"]) == (False, "expired")


def test_many_are_told_in_pieces_and_everyone_once(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "PIECE", 3)
    sizes: list[int] = []
    hear = broadcasts.hear

    def counted(tx: Any, users: list[str]) -> None:
        sizes.append(len(users))
        hear(tx, users)

    monkeypatch.setattr(broadcasts, "hear", counted)
    with ExitStack() as stack:
        people = [stack.enter_context(listening(serving, f"user-{number}")) for number in range(8)]
        sizes.clear()
        broadcast(serving, "first")
        broadcast(serving, "second")
        for one in people:
            assert [one.next()["text"] for _ in range(2)] == ["first", "second"]
    assert max(sizes) == 3
    assert texts(serving, "user-7") == ["first", "second"]


def test_trouble_with_the_database_only_delays_it(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "AGAIN", 0.01)
    failures = iter([Unavailable("storage_unavailable", "full")] * 3)
    write = serving.parts.bridge.write

    async def failing(unit: Any) -> Any:
        if getattr(unit, "func", None) is broadcasts.hear and (failure := next(failures, None)):
            raise failure
        return await write(unit)

    with listening(serving, "ada") as ada:
        monkeypatch.setattr(serving.parts.bridge, "write", failing)
        broadcast(serving)
        assert ada.next()["text"] == "maintenance"


@pytest.mark.parametrize("path", ["send", "broadcast"])
@pytest.mark.parametrize("role", ["user", "admin"])
def test_both_are_for_the_service_role_alone(serving: Serving, path: str, role: str) -> None:
    body = {"user": "ada", "event": {"type": "news"}}
    assert serving.ask("POST", f"/api/sse/{path}", body, user="ada", role=role).error == "forbidden"


@pytest.mark.parametrize("event", [{}, {"type": "needs_reauth"}, {"type": "big", "text": "x" * 33_000}])
def test_what_is_no_event_of_the_apps_is_broadcast_to_nobody(serving: Serving, event: dict[str, Any]) -> None:
    send(serving, "ada", "before")
    assert serving.ask("POST", "/api/sse/broadcast", {"event": event}, **SERVICE).error in ("bad_event", "too_large")
    assert texts(serving, "ada") == ["before"]


def _rows(serving: Serving, user: str) -> int:
    """Of the user's sequence, without asking for it in the user's name."""
    return int(serving.read(lambda tx: tx.one("SELECT count(*) FROM events WHERE user_id = ?", user))[0])
