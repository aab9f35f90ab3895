"""A platform's side: tokens that expire, limits that are watched, things that happen, pushes that go out.

What the actors must not do (use a token past its end, use a refresh token twice, go beyond a limit) is written into
the book; the answer is then as the platform's would be.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, NamedTuple, Protocol
from urllib.parse import urlsplit

from actors.clock import Clock
from actors.platforms.base import Answer, Call, Endpoints
from storage.records import Secret
from tests.bench.day.book import DATA, TOKEN, UPKEEP, Book


class Knock(Protocol):
    """The service's door for webhooks; the status that it answers."""

    def __call__(
        self,
        slug: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        user: str | None = None,
        method: str = "POST",
        params: Mapping[str, str] | None = None,
    ) -> int: ...


class Held(NamedTuple):
    user: str
    expires_at: float


class End(ABC):
    slug: ClassVar[str]
    life: ClassVar[float]
    """Seconds of an access token."""
    rotates: ClassVar[bool] = False
    refreshable: ClassVar[bool] = True

    def __init__(self, clock: Clock, book: Book, knock: Knock) -> None:
        self.clock = clock
        self.book = book
        self.knock = knock
        self.pushes = True
        """Whether the app is set up at the platform for what it pushes, where that isn't up to the service."""
        self._tokens: dict[str, Held] = {}
        self._refresh: dict[str, str] = {}
        self._number = 0
        self._users: dict[str, int] = {}

    @classmethod
    def endpoints(cls) -> Endpoints:
        root = f"https://{cls.slug}.example"
        return Endpoints(f"{root}/authorize", f"{root}/token", root)

    # -- calls -----------------------------------------------------------------------------------

    def answer(self, call: Call, bearer: Secret | None) -> Answer:
        path = urlsplit(call.url).path
        if path == "/token":
            self.book.call(self.slug, TOKEN)
            return self._token({name: _text(value) for name, value in (call.form or {}).items()})
        self.book.call(self.slug, UPKEEP if self.is_upkeep(call.method, path) else DATA)
        if call.auth == "none":
            return self.respond("", call, path)
        held = self._tokens.get(bearer.reveal() if bearer else "")
        if held is None:
            self.book.breach(f"{self.slug}: a token that is none, for {path}")
            return say(401, {"message": "Bad credentials"})
        if held.expires_at <= self.now:
            self.book.breach(f"{self.slug}: a token of {held.user} was used after its expiry")
            return say(401, {"message": "expired"})
        return self.respond(held.user, call, path)

    @abstractmethod
    def respond(self, user: str, call: Call, path: str) -> Answer: ...

    def is_upkeep(self, method: str, path: str) -> bool:
        """Not reading: hooks, watches, and whose account it is."""
        return method != "GET" or path == "/userinfo"

    # -- tokens ----------------------------------------------------------------------------------

    def _token(self, form: Mapping[str, str]) -> Answer:
        if form["grant_type"] == "authorization_code":
            user = form["code"]
        else:
            user, _, number = form["refresh_token"].partition("/")
            if self.rotates and self._refresh[user] != number:
                self.book.breach(f"{self.slug}: a refresh token of {user} was used twice")
                return say(400, {"error": "invalid_grant"})
        self._number += 1
        self._refresh[user] = str(self._number)
        access = f"{user}:{self._number}"
        self._tokens[access] = Held(user, self.now + self.life)
        given = {"access_token": access, "token_type": "bearer", "expires_in": int(self.life)}
        if self.refreshable:
            given["refresh_token"] = f"{user}/{self._number}"
        return say(200, self.granted(given))

    def granted(self, given: dict[str, Any]) -> dict[str, Any]:
        """The token endpoint's answer in the platform's shape."""
        return given

    # -- things that happen ----------------------------------------------------------------------

    @abstractmethod
    def happen(self, user: str, marker: str) -> bool:
        """Something happens to the user; whether the service is told of it by a push."""

    def later(self, seconds: float, do: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        self.clock.call_later(seconds, partial(do, *args, **kwargs))

    # -- helpers ---------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.clock.now()

    def id_of(self, user: str) -> int:
        return self._users.setdefault(user, 1000 + len(self._users))

    def within(self, limit: Any, name: str, cost: float = 1) -> None:
        if not limit.take(name, cost, self.now):
            self.book.breach(f"{self.slug}: more than {limit.most:g} {limit.label} ({name})")


def say(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, json.dumps(body).encode() if body is not None else b"")


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def revealed(value: Any) -> Any:
    """A call's JSON as it goes over the wire."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, dict):
        return {name: revealed(one) for name, one in value.items()}
    return value
