"""Clients that keep a stream open and come back with their cursor, over WebSocket and over SSE."""

import http.client
import json
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.e2e.service import PATIENCE, Service

AGAIN = 0.02
"""Seconds between two tries; browsers wait longer, and then miss more at once."""

Event = dict[str, Any]


class Listener(threading.Thread, ABC):
    """What it was told, in the order in which it was told."""

    kind: str

    def __init__(self, service: Service, user: str, cursor: str | None = None) -> None:
        super().__init__(daemon=True)
        self.url = service.url
        self.token = service.token(user)
        self.user = user
        self.cursor = cursor
        self.events: list[Event] = []
        self.arrived: list[float] = []
        self.greetings: list[Event] = []
        self.farewells: list[Event] = []
        """How the server ended its streams, where it said so: `code` and `retry_after_ms`."""
        self.trouble: Exception | None = None
        self._told = threading.Condition()
        self._ending = threading.Event()

    def run(self) -> None:
        try:
            while not self._ending.is_set():
                self.listen()
                self._ending.wait(AGAIN)
        except Exception as error:
            with self._told:
                self.trouble = error
                self._told.notify_all()

    @abstractmethod
    def listen(self) -> None:
        """One connection, until it ends."""

    @abstractmethod
    def hang_up(self) -> None:
        """End it, from another thread."""

    def end(self) -> None:
        self._ending.set()
        self.hang_up()
        self.join(PATIENCE)
        assert self.trouble is None, f"{self.kind}: {self.trouble!r}"
        assert not self.is_alive(), f"{self.kind} did not end"

    def take(self, event: Event) -> None:
        now = time.monotonic()
        with self._told:
            if event["type"] == "authenticated":
                self.greetings.append(event)
                self.cursor = event["cursor"]
            elif "offset" in event:
                self.events.append(event)
                self.arrived.append(now)
                self.cursor = event["cursor"]
            self._told.notify_all()

    def part(self, farewell: Event) -> None:
        with self._told:
            self.farewells.append(farewell)
            self._told.notify_all()

    # -- for tests -------------------------------------------------------------------------------

    def until(self, look: Callable[[], Any], within: float = PATIENCE) -> Any:
        """What `look` finds once it finds something; it looks whenever something has come."""
        with self._told:
            self._told.wait_for(lambda: self.trouble is not None or look(), within)
            assert self.trouble is None, f"{self.kind}: {self.trouble!r}"
            found = look()
            assert found, f"{self.kind} of {self.user}: not within {within:g} s; {len(self.events)}th: {self.last}"
            return found

    def start(self) -> None:
        """Returns when the stream is open."""
        super().start()
        self.until(lambda: self.greetings)

    @property
    def last(self) -> Event | None:
        return self.events[-1] if self.events else None

    def of_type(self, *types: str) -> list[Event]:
        return [event for event in self.events if event["type"] in types]

    def wait_for_type(self, type_: str, count: int = 1, platform: str | None = None) -> list[Event]:
        def found() -> list[Event] | None:
            events = [event for event in self.of_type(type_) if platform in (None, event.get("platform"))]
            return events if len(events) >= count else None

        return list(self.until(found))

    def webhooks(self) -> list[Event]:
        """GitHub's."""
        return [event for event in self.of_type("webhook_received") if event["platform"] == "github"]

    def wait_for_webhook(self, delivery_id: str, within: float = PATIENCE) -> Event:
        def found() -> list[Event]:
            return [event for event in self.webhooks() if event["delivery_id"] == delivery_id]

        return dict(self.until(found, within)[0])

    def wait_for_farewell(self) -> Event:
        return dict(self.until(lambda: self.farewells)[0])

    def wait_for_greeting(self, nth: int) -> Event:
        self.until(lambda: len(self.greetings) >= nth)
        return self.greetings[nth - 1]

    def check(self) -> None:
        """Nothing is missing and nothing is there twice, and no return was a fresh start."""
        offsets = [event["offset"] for event in self.events]
        assert offsets == list(range(offsets[0], offsets[0] + len(offsets))), f"{self.kind}: {offsets}"
        unrecovered = [greeting for greeting in self.greetings[1:] if greeting.get("recovered") is not True]
        assert not unrecovered, f"{self.kind}: {unrecovered}"

    def compare(self, stored: list[Event]) -> None:
        """With what is stored of the user since the stream was first opened; more may come meanwhile."""
        self.until(lambda: len(self.events) >= len(stored))
        assert self.events[: len(stored)] == stored


class SocketListener(Listener):
    kind = "WebSocket"
    _socket: ClientConnection | None = None

    def listen(self) -> None:
        address = self.url.replace("http", "ws", 1) + "/ws"
        try:
            with connect(address, proxy=None, compression=None, open_timeout=5, close_timeout=5) as opened:
                self._socket = opened
                auth = {"type": "auth", "token": self.token} | ({"cursor": self.cursor} if self.cursor else {})
                opened.send(json.dumps(auth))
                for message in opened:
                    self.take(json.loads(message))
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code >= 4000:
                self.part({"code": closed.rcvd.code, **_reason(closed.rcvd.reason)})
        except (OSError, WebSocketException, EOFError):  # the service isn't there
            pass
        finally:
            self._socket = None

    def hang_up(self) -> None:
        opened = self._socket
        if opened is not None:
            opened.close()


class SseListener(Listener):
    """As a bare EventSource: the session's cookie, one address, and `Last-Event-ID` from the second time on."""

    kind = "SSE"
    _socket: socket.socket | None = None

    def listen(self) -> None:
        host, _, port = self.url.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        headers = {"Cookie": f"soulwire_session={self.token}", "Accept": "text/event-stream"}
        if self.cursor:
            headers["Last-Event-ID"] = self.cursor
        try:
            connection.connect()
            self._socket = connection.sock
            connection.request("GET", "/api/sse/stream", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200, f"{answer.status} {answer.read()!r}"
            self._read(answer)
        except (OSError, http.client.HTTPException):  # the service isn't there, or went
            pass
        finally:
            self._socket = None
            connection.close()

    def hang_up(self) -> None:
        opened = self._socket
        if opened is not None:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def _read(self, answer: http.client.HTTPResponse) -> None:
        fields: dict[str, str] = {}
        for raw in iter(answer.readline, b""):
            line = raw.decode().rstrip("\n")
            if line and not line.startswith(":"):
                name, _, value = line.partition(":")
                fields[name] = fields.get(name, "") + value.removeprefix(" ")
            elif not line and fields:
                self._dispatch(fields)
                fields = {}

    def _dispatch(self, fields: dict[str, str]) -> None:
        if "data" not in fields:
            self.cursor = fields.get("id", self.cursor)
            return
        event = json.loads(fields["data"])
        if fields["event"] == "close":
            self.part(event)
            return
        assert fields["event"] == event["type"]
        assert fields.get("id") == event.get("cursor")
        self.take(event)


def _reason(text: str) -> Event:
    return dict(json.loads(text)) if text.startswith("{") else {"reason": text}
