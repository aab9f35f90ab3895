"""The HTTP half of the service on loopback: a real server and database, a clock that stands still, actors that only
write down what they are told."""

import asyncio
import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, socket
from typing import Any, NamedTuple, TypeVar

import jwt
from tornado.testing import bind_unused_port

from actors.clock import VirtualClock
from actors.directory import Directory
from actors.lanes import Lanes
from actors.messages import WebhookArrived
from actors.platforms.base import Client, Platform
from actors.platforms.github import GitHub
from actors.platforms.spotify import Spotify
from handlers.app import make_app, make_server
from handlers.auth import Authenticator
from handlers.history import History
from handlers.hub import PER_USER, Hub
from handlers.parts import Parts
from storage import connections, hooks
from storage.database import Database, Transaction
from storage.records import Account, ConnectionKey, Hook, Secret, Token
from storage.vault import Vault

T = TypeVar("T")

SECRET = "a-secret-of-at-least-thirty-two-bytes"
HOOK_SECRET = "the-secret-of-a-hook"
APP_ORIGIN = "https://app.example"
ADA = ConnectionKey("ada", "github")
PATIENCE = 10.0


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The error's code; that it has all that an error has is seen to on the way."""
        error = self.json["error"]
        assert self.headers["Content-Type"] == "application/json"
        assert error["message"], error
        assert error["request_id"] == self.headers["X-Request-Id"]
        assert "Traceback" not in self.body.decode()
        return error["code"]


class Told:
    """Stands where an actor would: keeps what it is told, and answers orders as the test says."""

    actor_inbox = ()

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.answer: Callable[[Any], Any] | None = None
        self._came = threading.Condition()

    def tell(self, message: Any) -> None:
        with self._came:
            self.messages.append(message)
            self._came.notify_all()
        reply = getattr(message, "reply", None)
        if reply is not None and self.answer is not None:
            try:
                reply.set_result(self.answer(message))
            except Exception as error:
                reply.set_exception(error)

    def wait_for(self, count: int) -> list[Any]:
        with self._came:
            assert self._came.wait_for(lambda: len(self.messages) >= count, PATIENCE), self.messages
        return self.messages

    def wait_until_told_of(self, count: int) -> list[int]:
        """The rows of the webhooks that it was told of, in that order, once they are so many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self._told_of()) >= count, PATIENCE), self.messages
        return self._told_of()

    def _told_of(self) -> list[int]:
        nudges = [message for message in self.messages if isinstance(message, WebhookArrived)]
        return [delivery.id for nudge in nudges for delivery in nudge.deliveries]


class Never:
    """Platforms are not called from here."""

    def send(self, *_: Any) -> Any:
        raise AssertionError("a handler made a call to a platform")


class Serving:
    def __init__(self, folder: Path, *, per_user: int = PER_USER, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.vault = Vault([b"k" * 32])
        self.database = Database.open(f"sqlite:///{folder}/test.db", durability="normal", vault=self.vault)
        self.directory = Directory()
        self.supervisor = Told()
        self.directory.supervisor = self.supervisor  # type: ignore[assignment]
        listener, self.port = bind_unused_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self._readers = ThreadPoolExecutor(2)
        self._per_user = per_user
        self.settings = {"public_url": self.origin, "frontend_urls": [APP_ORIGIN], "api_rate": (1000, 900)} | settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="serving", daemon=True)
        self._thread.start()
        self.parts = self.on_loop(lambda: self._serve(listener))

    def _serve(self, listener: socket) -> Parts:
        app = Client("client-id", Secret("client-secret"))
        platforms: dict[str, Platform] = {"github": GitHub(app), "spotify": Spotify(app)}
        told = {
            "authenticator": Authenticator(self.clock.now, secret=Secret(SECRET)),
            "unconfigured": {"gmail": "Gmail"},
            "platforms": platforms,
            **self.settings,
        }
        parts = Parts(
            clock=self.clock,
            database=self.database,
            vault=self.vault,
            directory=self.directory,
            lanes=Lanes(self.clock, Never()),
            hub=Hub(self.clock, History(self.database, self._readers), per_user=self._per_user),
            **told,
        )
        self.database.publish = parts.hub.publish
        self.server = make_server(make_app(parts))
        self.server.add_socket(listener)
        parts.hub.start()
        parts.serving.started = True
        return parts

    def close(self) -> None:
        async def stop() -> None:
            self.server.stop()
            await self.parts.hub.drain(0)
            await self.server.close_all_connections()

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        self.parts.bridge.close()
        self._readers.shutdown()
        self.database.close()

    def on_loop(self, do: Callable[[], T]) -> T:
        """For what belongs to the loop."""
        done: Future[T] = Future()

        async def run() -> None:
            try:
                done.set_result(do())
            except BaseException as error:
                done.set_exception(error)

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE)
        return done.result()

    def until(self, condition: Callable[[], Any]) -> Any:
        """Let the loop go round until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not (found := self.on_loop(condition)):
            assert time.monotonic() < deadline
        return found

    # -- what is there ----------------------------------------------------------------------------

    def write(self, unit: Callable[[Transaction], T]) -> T:
        return self.database.write(unit).result(PATIENCE)

    def read(self, query: Callable[[Transaction], T]) -> T:
        return self.database.read(query)

    def connect(self, key: ConnectionKey = ADA, status: str = "connected", hook: str | None = HOOK_SECRET) -> Told:
        """A connection's row, with a hook where its platform has them, and an actor that writes down."""

        def unit(tx: Transaction) -> None:
            connections.create(tx, key, self.clock.now())
            token = Token(Secret("an-access-token"), Secret("a-refresh-token"), self.clock.now() + 3600)
            account = Account("4711", f"{key.user} at {key.platform}")
            connections.keep_token(tx, self.vault, key, 0, token, account=account, status=status)
            if hook is not None and key.platform == "github":
                hooks.keep(tx, self.vault, key, Hook("17", "ada/notes", Secret(hook)))

        self.write(unit)
        actor = Told()
        entry = self.directory.entry(key)
        entry.ref = actor  # type: ignore[assignment]
        return actor

    # -- requests ---------------------------------------------------------------------------------

    def token(self, user: str = "ada", role: str = "user", seconds: float = 3600, **claims: Any) -> str:
        told = {"sub": user, "role": role, "exp": self.clock.now() + seconds, **claims}
        return jwt.encode(told, SECRET, algorithm="HS256")

    def bearer(self, user: str = "ada", role: str = "user", **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(user, role, **claims)}"}

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        """`body` as bytes goes as it is, anything else as JSON. `user` and `role` sign in by header."""
        told = dict(headers or {})
        if more:
            told |= self.bearer(**more)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            told.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, told)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, user: str = "ada", role: str = "user", **headers: str) -> Answer:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", path, None, told, user=user, role=role)

    def hook(
        self,
        body: bytes = b'{"zen": "Keep it logically awesome."}',
        *,
        user: str = "ada",
        delivery: str = "d-1",
        kind: str = "push",
        secret: str = HOOK_SECRET,
        **headers: str | None,
    ) -> Answer:
        """A webhook as GitHub sends it. A header that is None is left out."""
        told: dict[str, str | None] = {
            "Content-Type": "application/json",
            "X-GitHub-Event": kind,
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": signature(body, secret),
        }
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in told.items() if value is not None}
        return self.ask("POST", f"/api/webhooks/github/{user}", body, sent)

    @contextmanager
    def raw(self) -> Iterator[socket]:
        """Bytes, for requests that no client would send."""
        with create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            yield connection


def signature(body: bytes, secret: str = HOOK_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def read_answer(connection: socket) -> Answer:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return Answer(answer.status, answer.headers, answer.read())
