"""What a platform of the sandbox is, and what the requests to all of them share."""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from tornado import web

from deploy.sandbox import people
from deploy.sandbox.calls import CallMade, Calls
from deploy.sandbox.faults import Fault, Faults
from deploy.sandbox.happenings import Happenings
from deploy.sandbox.outbox import Delivery, Outbox
from deploy.sandbox.places import client
from deploy.sandbox.state import State
from deploy.sandbox.tokens import Held, TokenRules, Tokens

SLOW_BY = 2.0
"""Seconds that a `slow` call waits before it is worked off."""

PROXY_PAGE = (
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)

Route = tuple[str, type[web.RequestHandler], dict[str, Any]]


class UnknownKind(Exception):
    """An activity that doesn't happen on this platform."""


class Happened(msgspec.Struct, frozen=True):
    id: str
    """As the platform's own polls show it."""
    deliveries: Sequence[Delivery] = ()


class SandboxPlatform(ABC):
    slug: ClassVar[str]
    credentials: ClassVar[str]
    """The name before `_CLIENT_ID` in the environment."""
    rules: ClassVar[TokenRules]
    kinds: ClassVar[Sequence[str]]
    """What can happen here; the first is what happens when nothing is said."""
    denial: ClassVar[str] = "access_denied"
    """The error that a person who says no is sent back with."""

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        self.state = state
        self.outbox = outbox
        self.now = now
        self.root = f"{root}/{self.slug}"
        self.tokens = Tokens(state, self.slug, self.rules, now)
        self.happenings = Happenings(state, self.slug)
        self.faults = Faults(now)
        self.calls = Calls(now)
        self._begun: set[str] = set()
        made_up = client(self.slug)
        self.client_id = os.environ.get(f"{self.credentials}_CLIENT_ID") or made_up[0]
        self.client_secret = os.environ.get(f"{self.credentials}_CLIENT_SECRET") or made_up[1]

    def person(self, name: str) -> people.Person:
        """Somebody who lives here, their account made on first use."""
        person = people.known(name)
        if name not in self._begun:
            with self.state.change():
                sql = "INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
                if self.state.run(sql, self.slug, name, self.now()):
                    self.begin(person)
            self._begun.add(name)
        return person

    def happen(self, name: str, kind: str | None, where: str | None) -> Happened:
        """Something happens; it is committed, and on its way to the hooks, when this returns."""
        kind = kind or self.kinds[0]
        if kind not in self.kinds:
            raise UnknownKind(kind)
        with self.state.change():
            happened = self.act(self.person(name), kind, where)
        self.dispatch(happened.deliveries)
        return happened

    def dispatch(self, deliveries: Sequence[Delivery]) -> None:
        self.outbox.send(deliveries)

    # -- consent -------------------------------------------------------------------------------------
    def optional_scopes(self, scope: str) -> Sequence[str]:
        """Of those that are asked for, the ones that a person may leave out."""
        return ()

    def consented(self, name: str, asked: Mapping[str, str], left_out: Collection[str]) -> str:
        """The code for a yes to what the app asked for in its address, without what was left out."""
        return self.tokens.consent(name, asked["redirect_uri"], asked["code_challenge"] or None)

    def withdraw(self, name: str | None) -> None:
        """The person (None: everyone) takes the app's access away."""
        self.tokens.revoke(name)

    @abstractmethod
    def routes(self) -> list[Route]: ...

    @abstractmethod
    def begin(self, person: people.Person) -> None:
        """Give a new account the history that makes it look lived in."""

    @abstractmethod
    def act(self, person: people.Person, kind: str, where: str | None) -> Happened:
        """Make it happen. `where` names a place there; a place that isn't is a `LookupError`."""

    @abstractmethod
    def lose_cursors(self, user: str | None) -> None:
        """What clients remember of how far they had read is worth nothing any more."""


class PlatformHandler(web.RequestHandler, ABC):
    """One request to a platform: whose it is, written down, and met by what was ordered to go wrong."""

    SUPPORTED_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD")
    limited: ClassVar[bool] = True
    """`rate_limit` concerns it."""

    def initialize(self, platform: SandboxPlatform) -> None:
        self.platform = platform
        self.held: Held | None = None
        self._call: CallMade | None = None
        self._gone: asyncio.Future[None] | None = None
        self._truncated = False

    async def prepare(self) -> None:
        user = self.caller()
        self._call = self.platform.calls.begin(user, self.request.method or "", self.request.path)
        for fault in self.platform.faults.for_call_of(user):
            fault.met += 1
            await self.meet(fault)
            if self._finished:
                return

    def caller(self) -> str | None:
        """Whose call this is, also when the token is no longer good."""
        token = self.bearer()
        self.held = self.platform.tokens.look_up(token) if token else None
        return self.held.user if self.held else None

    def bearer(self) -> str | None:
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() in ("bearer", "token") and token else None

    # -- faults --------------------------------------------------------------------------------------
    async def meet(self, fault: Fault) -> None:
        match fault.kind:
            case "slow":
                await self._wait(fault, SLOW_BY)
            case "hang":
                await self._wait(fault, self.platform.faults.remaining(fault))
                self._hang_up()
            case "down":
                self.say_down()
            case "html_403":
                self.answer(403, PROXY_PAGE, {"Content-Type": "text/html", "Server": "nginx"})
            case "rate_limit" if self.limited:
                self.say_rate_limited(fault)
            case "truncated":
                self._truncate()

    async def _wait(self, fault: Fault, seconds: float | None) -> None:
        """Until the time is over, the fault ends, or the client goes."""
        self._gone = asyncio.get_running_loop().create_future()
        fault.held.add(self._gone)
        if fault.ended:
            self._gone.set_result(None)
        await asyncio.wait([self._gone], timeout=seconds)
        fault.held.discard(self._gone)

    def on_connection_close(self) -> None:
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    def _hang_up(self) -> None:
        """No answer, not even a late one."""
        self.detach().close()

    def _truncate(self) -> None:
        """Reads are answered in half; what would change something is not done, and answered as if cut off early."""
        self._truncated = True
        self.request.headers.pop("If-None-Match", None)
        if self.request.method not in ("GET", "HEAD"):
            self.answer(200, {"access_token": "cut off before it could be read"})

    @abstractmethod
    def say_down(self) -> None:
        """In this platform's own words."""

    @abstractmethod
    def say_rate_limited(self, fault: Fault) -> None:
        """In its own words, with what it tells of the time to wait."""

    # -- answers -------------------------------------------------------------------------------------
    def answer(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        """`body`: None for none, text as it is, anything else as JSON."""
        self.set_status(status)
        data = b""
        if isinstance(body, str):
            data = body.encode()
        elif body is not None:
            self.set_header("Content-Type", "application/json; charset=utf-8")
            data = msgspec.json.encode(body)
        for name, value in (headers or {}).items():
            self.set_header(name, value)
        if self._truncated:
            data = data[: len(data) // 2]
        self.finish(data or None)

    def write_error(self, status_code: int, **_: Any) -> None:
        self.answer(status_code, {"message": self._reason, "status": str(status_code)})

    def compute_etag(self) -> None:
        return None

    def on_finish(self) -> None:
        if self._call is not None:
            self._call.status = self.get_status()
