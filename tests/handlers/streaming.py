"""The streams' half of the service on loopback: real sockets, a real database, and a clock that stands still."""

import asyncio
import inspect
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar

import jwt
from tornado.testing import bind_unused_port
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from actors.clock import VirtualClock
from handlers.addresses import Proxies
from handlers.app import make_app, make_server
from handlers.auth import Authenticator
from handlers.history import History
from handlers.hub import Hub
from handlers.intake import InFlight
from handlers.origins import Origins
from handlers.requests import Requests
from handlers.slices import Slices
from storage import events
from storage.database import Database, Transaction
from storage.records import Draft, Event, Secret

T = TypeVar("T")

SECRET = "a-secret-of-at-least-thirty-two-bytes"
PATIENCE = 10.0
"""Seconds after which something that should have come is missed."""
APP_ORIGIN = "https://app.example"


class HeldReaders(Executor):
    """Readings that are done only when the test says so."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1)
        self._waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.holding = False
        self.asked = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def submit(self, do: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.asked += 1
        if not self.holding:
            return self._threads.submit(do, *args, **kwargs)
        future: Future[Any] = Future()
        self._waiting.append((future, partial(do, *args, **kwargs)))
        return future

    def read(self) -> Callable[[], None]:
        """Read now what was asked for until now; what is returned then hands it over."""
        asked, self._waiting = self._waiting, []
        answers = [(future, self._threads.submit(do).result()) for future, do in asked]

        def answer() -> None:
            for future, result in answers:
                future.set_result(result)

        return answer

    def release(self) -> None:
        self.read()()

    def fail(self, error: Exception) -> None:
        asked, self._waiting = self._waiting, []
        for future, _ in asked:
            future.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait, cancel_futures=cancel_futures)


class Service:
    def __init__(self, database: Database, *, send_buffer: int | None = None, **options: Any) -> None:
        self.clock = VirtualClock()
        self.database = database
        self.readers = HeldReaders()
        self.hub = Hub(self.clock, History(database, self.readers), random=Random(7), **options)
        database.publish = self.hub.publish
        self.authenticator = Authenticator(self.clock.now, secret=Secret(SECRET))
        listener, self.port = bind_unused_port()
        if send_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)  # for those it accepts, too
        self.origin = f"http://127.0.0.1:{self.port}"
        self.requests = Requests(self.clock.elapsed)
        parts = SimpleNamespace(
            hub=self.hub,
            authenticator=self.authenticator,
            origins=Origins(self.origin, [APP_ORIGIN]),
            requests=self.requests,
            in_flight=InFlight(),
            proxies=Proxies(),
        )
        self._server = make_server(make_app(parts))  # type: ignore[arg-type]
        self._server.add_socket(listener)
        self.hub.start()

    async def close(self) -> None:
        self._server.stop()
        await self.hub.drain(0)
        await self._server.close_all_connections()
        self.readers.shutdown()

    # -- what happens on the other side ---------------------------------------------------------
    async def write(self, unit: Callable[[Transaction], T]) -> T:
        return await asyncio.wrap_future(self.database.write(unit))

    async def append(self, user: str, *drafts: Draft) -> list[Event]:
        """Events that have been committed; their publication is on its way."""
        return await self.write(lambda tx: events.append(tx, user, drafts, self.clock.now()))

    async def tell(self, user: str, *texts: str, type: str = "notification") -> list[Event]:
        return await self.append(user, *(Draft(type, {"title": text}) for text in texts))

    async def settled(self) -> None:
        """All that was committed has been given to the streams."""
        await self.write(lambda tx: None)
        await asyncio.sleep(0)
        await until(lambda: self.hub.standing().waiting == 0)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.hub.tick()

    # -- clients --------------------------------------------------------------------------------
    def token(self, user: str = "ada", role: str = "user", seconds: float = 3600) -> str:
        claims = {"sub": user, "role": role, "exp": self.clock.now() + seconds}
        return jwt.encode(claims, SECRET, algorithm="HS256")

    @asynccontextmanager
    async def socket(self, query: str = "", **options: Any) -> AsyncIterator["SocketClient"]:
        options.setdefault("ping_interval", None)
        options.setdefault("max_queue", None)  # a client that leaves reads on until it has been let go
        async with connect(f"ws://127.0.0.1:{self.port}/ws{query}", **options) as connection:
            yield SocketClient(connection)

    @asynccontextmanager
    async def joined(self, user: str = "ada", cursor: str | None = None) -> AsyncIterator["SocketClient"]:
        """A socket that has been greeted; its greeting is in `greeting`."""
        async with self.socket() as client:
            await client.say(type="auth", token=self.token(user), **({} if cursor is None else {"cursor": cursor}))
            client.greeting = await client.next()
            yield client

    @asynccontextmanager
    async def listening(
        self, kind: str, cursor: str | None = None, user: str = "ada", *, greeted: bool = True
    ) -> AsyncIterator["Listener"]:
        """A stream of either kind."""
        bearer = {"Authorization": f"Bearer {self.token(user)}"}
        opening: AbstractAsyncContextManager[Listener]
        if kind == "websocket":
            opening = self.socket(f"?cursor={cursor}" if cursor else "", additional_headers=bearer)
        else:
            opening = self.sse(**bearer, **({"Last-Event-ID": cursor} if cursor else {}))
        async with opening as client:
            if greeted:
                client.greeting = await client.next()
            yield client

    def opening(self, *stream: Any, **how: Any) -> "Opening":
        """`listening`, begun at once and entered later."""
        return Opening(self.listening(*stream, **how))

    @asynccontextmanager
    async def sse(
        self, query: str = "", *, version: str = "1.1", receive_buffer: int | None = None, **headers: str
    ) -> AsyncIterator["SseClient"]:
        client = await SseClient.connect(self.port, f"/api/sse/stream{query}", version, headers, receive_buffer)
        try:
            yield client
        finally:
            client.close()


    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await _connected(self.port, None)

    @asynccontextmanager
    async def slow_socket(self, user: str = "ada", cursor: str = "") -> AsyncIterator["SlowClient"]:
        """A socket with hardly any room, read only when the test asks."""
        reader, writer = await _connected(self.port, receive_buffer=4096)
        lines = [
            f"GET /ws?cursor={cursor} HTTP/1.1" if cursor else "GET /ws HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            f"Authorization: Bearer {self.token(user)}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await reader.readuntil(b"\r\n\r\n")
        client = SlowClient(reader, writer)
        client.greeting = await client.next()
        try:
            yield client
        finally:
            writer.transport.abort()


class Opening:
    """A stream that is being opened meanwhile."""

    def __init__(self, listening: AbstractAsyncContextManager["Listener"]) -> None:
        self._listening = listening
        self._entering = asyncio.create_task(listening.__aenter__())  # type: ignore[arg-type]

    async def __aenter__(self) -> "Listener":
        return await self._entering

    async def __aexit__(self, *why: Any) -> None:
        await self._listening.__aexit__(*why)


class SlowClient:
    """Reads frames by hand, so that nothing is read ahead."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.greeting: dict[str, Any] = {}

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame, which has to be whole and not masked."""
        async with asyncio.timeout(PATIENCE):
            first, size = await self._reader.readexactly(2)
            assert first & 0xF0 == 0x80
            if size >= 126:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
            return first & 0x0F, await self._reader.readexactly(size)

    async def next(self) -> dict[str, Any]:
        """The next message; pings are passed over."""
        while True:
            opcode, payload = await self.frame()
            if opcode == 1:
                return json.loads(payload)
            assert opcode == 9, payload

    async def until_closed(self) -> tuple[list[dict[str, Any]], int, str]:
        """The messages that still come, then the code and reason of the end."""
        messages = []
        while True:
            opcode, payload = await self.frame()
            if opcode == 8:
                self.send(bytes([0x88, 0x82, 0, 0, 0, 0]) + payload[:2])
                async with asyncio.timeout(PATIENCE):
                    assert await self._reader.read() == b"", "something came after the end"
                return messages, int.from_bytes(payload[:2]), payload[2:].decode()
            if opcode == 1:
                messages.append(json.loads(payload))


class Listener(Protocol):
    """What both kinds of client can do."""

    greeting: dict[str, Any]

    async def next(self) -> dict[str, Any]: ...
    async def titles(self, count: int) -> list[str]: ...
    async def farewell(self) -> tuple[int, int | None]: ...


async def _connected(port: int, receive_buffer: int | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=sock, limit=4096 if receive_buffer else 65536)


class SocketClient:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.greeting: dict[str, Any] = {}

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.connection.recv())

    async def titles(self, count: int) -> list[str]:
        return [(await self.next())["title"] for _ in range(count)]

    async def farewell(self) -> tuple[int, int | None]:
        """The code that the server closes with, and when to come back."""
        code, reason = await self.end()
        return code, json.loads(reason)["retry_after_ms"] if code < 4500 else None

    async def end(self) -> tuple[int, str]:
        """The code and reason that the server closes with; what comes before is dropped."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as closed:
                assert closed.rcvd is not None, "cut without a word"
                return closed.rcvd.code, closed.rcvd.reason


class SseClient:
    """What arrives, as text, and cut into events as a browser would."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._chunked = False
        self._text = b""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.retry_ms: int | None = None
        self.last_id = ""
        self.greeting: dict[str, Any] = {}

    @classmethod
    async def connect(
        cls, port: int, path: str, version: str, headers: dict[str, str], receive_buffer: int | None
    ) -> "SseClient":
        client = cls(*await _connected(port, receive_buffer))
        lines = [f"GET {path} HTTP/{version}", "Host: 127.0.0.1"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        client._writer.write("\r\n".join([*lines, "", ""]).encode())
        await client._read_head()
        return client

    async def _read_head(self) -> None:
        async with asyncio.timeout(PATIENCE):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        self._chunked = self.headers.get("transfer-encoding") == "chunked"

    async def block(self) -> str:
        """The next block as it came, without the empty line at its end; "" when the server has ended the stream."""
        async with asyncio.timeout(PATIENCE):
            while b"\n\n" not in self._text:
                piece = await self._piece()
                if not piece:
                    return ""
                self._text += piece
        block, _, self._text = self._text.partition(b"\n\n")
        return block.decode()

    async def _piece(self) -> bytes:
        if not self._chunked:
            return await self._reader.read(65536)
        size = int(await self._reader.readline() or b"0", 16)
        return (await self._reader.readexactly(size + 2))[:size]

    async def next(self) -> dict[str, Any]:
        """The next event that a browser would see, with `event` and `id` beside its data."""
        while True:
            block = await self.block()
            if not block:
                raise EOFError("the stream has ended")
            event, data = "", []
            for line in block.split("\n"):
                field, _, value = line.partition(": ")
                if field == "id":
                    self.last_id = value
                elif field == "event":
                    event = value
                elif field == "retry":
                    self.retry_ms = int(value)
                elif field == "data":
                    data.append(value)
            if data:
                return {"event": event, "id": self.last_id, **json.loads("\n".join(data))}

    async def titles(self, count: int) -> list[str]:
        return [(await self.next())["title"] for _ in range(count)]

    async def farewell(self) -> tuple[int, int | None]:
        while (event := await self.next())["event"] != "close":
            pass
        assert await self.ended()
        return event["code"], event["retry_after_ms"]

    async def body(self) -> dict[str, Any]:
        """Of an answer that isn't a stream."""
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self._reader.readexactly(int(self.headers["content-length"])))

    async def ended(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            return await self.block() == ""

    def pause(self) -> None:
        """Take nothing more out of the socket."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def close(self) -> None:
        self._writer.transport.abort()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop go round until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)


def with_service(**options: Any) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """A test that is told as a story with a running service; what else it takes, pytest gives."""

    def wrap(story: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        async def play(tmp_path: Path, given: dict[str, Any]) -> None:
            database = Database.open(f"sqlite:///{tmp_path}/events.db", durability="normal")
            service = Service(database, **options)
            try:
                await story(service, **given)
            finally:
                await service.close()
                database.close()

        def test(tmp_path: Path, **given: Any) -> None:
            asyncio.run(play(tmp_path, given))

        test.__name__ = story.__name__
        test.__doc__ = story.__doc__
        _, *rest = inspect.signature(story).parameters.values()
        ours = inspect.signature(test).parameters["tmp_path"]
        test.__signature__ = inspect.Signature([ours, *rest])  # type: ignore[attr-defined]
        return test

    return wrap


def in_small_slices() -> Slices:
    """Every walk pauses at each look at the clock, as with thousands of streams."""
    return Slices(0)
