"""The streams' half of the service on loopback: real sockets, a real database, and a clock that stands still."""

import asyncio
import inspect
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, TypeVar

import jwt
from tornado.testing import bind_unused_port
from websockets.asyncio.client import connect

from actors.clock import VirtualClock
from handlers.addresses import Proxies
from handlers.app import make_app, make_server
from handlers.auth import Authenticator
from handlers.history import History
from handlers.hub import Hub
from handlers.intake import InFlight
from handlers.origins import Origins
from handlers.presence_book import Presence
from handlers.requests import Requests
from handlers.silent import Silent
from handlers.slices import Slices
from handlers.tickets import Tickets
from storage import events
from storage.database import Database, Transaction
from storage.records import Draft, Event, Secret
from tests.handlers.stream_clients import PATIENCE, Listener, SlowClient, SocketClient, SseClient, connected

T = TypeVar("T")

SECRET = "a-secret-of-at-least-thirty-two-bytes"
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

    def cancel(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future, _ in waiting:
            future.cancel()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait, cancel_futures=cancel_futures)


class Service:
    def __init__(
        self,
        database: Database,
        *,
        send_buffer: int | None = None,
        most_connections: int = 10_000,
        newcomers: Silent | None = None,
        resting: Silent | None = None,
        **options: Any,
    ) -> None:
        self.clock = VirtualClock()
        self.database = database
        self.readers = HeldReaders()
        self.hub = Hub(self.clock, History(database, self.readers), random=Random(7), **options)
        database.publish = self.hub.publish
        self.authenticator = Authenticator(self.clock.now, secret=Secret(SECRET))
        self.tickets = Tickets(self.clock.elapsed)
        listener, self.port = bind_unused_port()
        if send_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)  # for those it accepts, too
        self.origin = f"http://127.0.0.1:{self.port}"
        self.requests = Requests(self.clock.elapsed)
        parts = self.parts = SimpleNamespace(
            hub=self.hub,
            authenticator=self.authenticator,
            tickets=self.tickets,
            origins=Origins(self.origin, [APP_ORIGIN]),
            requests=self.requests,
            in_flight=InFlight(),
            proxies=Proxies(),
            presence=Presence(self.clock.elapsed),
        )
        app = make_app(parts)  # type: ignore[arg-type]
        if newcomers is not None:
            app.newcomers = newcomers
        if resting is not None:
            app.resting = resting
        self.newcomers = app.newcomers
        self.resting = app.resting
        self.under_way = app.under_way
        self.server = make_server(app, most_connections)
        self.server.add_socket(listener)
        self.hub.start()

    async def close(self) -> None:
        self.server.stop()
        await self.hub.drain(0)
        await self.server.finish(0)
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
    async def socket(self, query: str = "", **options: Any) -> AsyncIterator[SocketClient]:
        options.setdefault("ping_interval", None)
        options.setdefault("max_queue", None)  # a client that leaves reads on until it has been let go
        async with connect(f"ws://127.0.0.1:{self.port}/ws{query}", **options) as connection:
            yield SocketClient(connection)

    @asynccontextmanager
    async def joined(self, user: str = "ada", cursor: str | None = None) -> AsyncIterator[SocketClient]:
        """A socket that has been greeted; its greeting is in `greeting`."""
        async with self.socket() as client:
            await client.say(type="auth", token=self.token(user), **({} if cursor is None else {"cursor": cursor}))
            client.greeting = await client.next()
            yield client

    @asynccontextmanager
    async def listening(
        self, kind: str, cursor: str | None = None, user: str = "ada", *, greeted: bool = True
    ) -> AsyncIterator[Listener]:
        """A stream of either kind."""
        bearer = {"Authorization": f"Bearer {self.token(user)}"}
        opening: AbstractAsyncContextManager[Listener]
        if kind == "websocket":
            opening = self.socket(f"?cursor={cursor}" if cursor else "", additional_headers=bearer)
        else:
            resumed = {"Last-Event-ID": cursor} if cursor else {}
            opening = self.sse(headers=bearer | resumed)
        async with opening as client:
            if greeted:
                client.greeting = await client.next()
            yield client

    def opening(self, *stream: Any, **how: Any) -> "Opening":
        """`listening`, begun at once and entered later."""
        return Opening(self.listening(*stream, **how))

    @asynccontextmanager
    async def sse(
        self,
        query: str = "",
        *,
        version: str = "1.1",
        receive_buffer: int | None = None,
        headers: Mapping[str, str] | None = None,
        **more: str,
    ) -> AsyncIterator[SseClient]:
        headers = {**(headers or {}), **more}
        client = await SseClient.connect(self.port, f"/api/sse/stream{query}", version, headers, receive_buffer)
        try:
            yield client
        finally:
            client.close()

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await connected(self.port, None)

    @asynccontextmanager
    async def slow_socket(self, user: str = "ada", cursor: str = "") -> AsyncIterator[SlowClient]:
        """A socket with hardly any room, read only when the test asks."""
        reader, writer = await connected(self.port, receive_buffer=4096)
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

    def __init__(self, listening: AbstractAsyncContextManager[Listener]) -> None:
        self._listening = listening
        self._entering = asyncio.create_task(listening.__aenter__())

    async def __aenter__(self) -> Listener:
        return await self._entering

    async def __aexit__(self, *why: Any) -> None:
        await self._listening.__aexit__(*why)


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
