"""The orders that people and tests give the sandbox.

For this machine only: a `Host` that is not loopback is refused (a page elsewhere may have had its name
pointed at 127.0.0.1), and an order is JSON by its content type (so that no form of another site can give one).
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

import jwt
import msgspec
from tornado import web

from deploy.sandbox import people
from deploy.sandbox.faults import AT_ONCE, KINDS, Fault
from deploy.sandbox.platforms.base import SandboxPlatform, UnknownKind
from deploy.sandbox.settings import Settings
from deploy.sandbox.tokens import Lifetimes

LOOPBACK = ("127.0.0.1", "localhost", "::1")

T = TypeVar("T")


class ActivityOrder(msgspec.Struct, forbid_unknown_fields=True):
    user: str
    kind: str | None = None
    where: str | None = None


class CodeOrder(msgspec.Struct, forbid_unknown_fields=True):
    user: str


class FaultOrder(msgspec.Struct, forbid_unknown_fields=True):
    kind: Literal[KINDS]  # type: ignore[valid-type]
    seconds: float | None = None
    user: str | None = None
    reason: str | None = None


class LifetimeOrder(msgspec.Struct, forbid_unknown_fields=True):
    access: float | msgspec.UnsetType | None = msgspec.UNSET
    refresh: float | msgspec.UnsetType = msgspec.UNSET
    rotate: bool | msgspec.UnsetType = msgspec.UNSET


class TokenOrder(msgspec.Struct, forbid_unknown_fields=True):
    user: str
    role: Literal["user", "service", "admin"] = "user"
    ttl: float = 3_600


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message


class ControlHandler(web.RequestHandler):
    from_the_page: ClassVar[bool] = False
    """The service's own page may give this order from the browser."""

    def initialize(self, platforms: Sequence[SandboxPlatform], settings: Settings, now: Callable[[], float]) -> None:
        self.platforms = {platform.slug: platform for platform in platforms}
        self.told = settings
        self.now = now

    def prepare(self) -> None:
        if _name_of(self.request.host) not in LOOPBACK:
            raise Refusal(403, "not_loopback", "Orders are taken from this machine only")
        self._check_origin()
        if self.request.method == "POST":
            content_type = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if content_type != "application/json":
                raise Refusal(415, "not_json", "An order has the content type application/json")

    def _check_origin(self) -> None:
        origin = self.request.headers.get("Origin")
        if origin is None:
            return
        self.set_header("Vary", "Origin")
        if not self.from_the_page or origin not in self.told.origins:
            raise Refusal(403, "origin_not_allowed", "Pages of this origin may not give this order")
        self.set_header("Access-Control-Allow-Origin", origin)

    def options(self, *_: str) -> None:
        self.set_header("Access-Control-Allow-Methods", "POST")
        self.set_header("Access-Control-Allow-Headers", "Content-Type")
        self.set_header("Access-Control-Max-Age", "600")
        self.set_status(204)

    # -- reading an order ----------------------------------------------------------------------------
    def platform(self, slug: str) -> SandboxPlatform:
        if slug not in self.platforms:
            raise Refusal(404, "unknown_platform", f"The sandbox plays: {', '.join(self.platforms)}")
        return self.platforms[slug]

    def order(self, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(self.request.body, type=kind)
        except msgspec.DecodeError as error:
            raise Refusal(400, "malformed", str(error)) from None

    def known(self, user: str) -> str:
        if people.find(user) is None:
            raise Refusal(404, "unknown_person", f"Nobody here is called {user!r}: ada, grace, alan, user-0001 …")
        return user

    # -- answers -------------------------------------------------------------------------------------
    def answer(self, body: Any, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(msgspec.json.encode(body))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        if isinstance(error, Refusal):
            self.answer({"error": {"code": error.code, "message": error.message}}, error.status)
        else:
            self.answer({"error": {"code": "failed", "message": self._reason}}, status_code)

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        if not isinstance(error, Refusal):
            super().log_exception(kind, error, trace)


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


class Overview(ControlHandler):
    """Who and what is here; also how a service sees that its sandbox is up."""

    def get(self) -> None:
        shown = {
            slug: {"kinds": platform.kinds, "faults": [_shown(fault) for fault in platform.faults.current()]}
            for slug, platform in self.platforms.items()
        }
        self.answer(
            {
                "people": people.everyone(self.told.people),
                "platforms": shown,
                "pid": self.told.pid,
                "state": self.told.state,
            }
        )


class Activity(ControlHandler):
    from_the_page = True

    def post(self, slug: str) -> None:
        platform, order = self.platform(slug), self.order(ActivityOrder)
        try:
            happened = platform.happen(self.known(order.user), order.kind, order.where)
        except UnknownKind:
            kinds = ", ".join(platform.kinds)
            raise Refusal(400, "unknown_kind", f"What can happen on {slug}: {kinds}") from None
        except LookupError as error:
            raise Refusal(400, "unknown_place", f"{order.user} is not to be found at {error} on {slug}") from None
        self.answer({"id": happened.id, "deliveries": [delivery.guid for delivery in happened.deliveries]})


class Faults(ControlHandler):
    def post(self, slug: str) -> None:
        platform, order = self.platform(slug), self.order(FaultOrder)
        user = self.known(order.user) if order.user is not None else None
        if order.seconds is not None and not order.seconds > 0:
            raise Refusal(400, "malformed", "seconds: more than 0")
        if order.kind in AT_ONCE:
            _at_once(platform, order.kind, user)
            self.answer({"kind": order.kind, "user": user})
            return
        until = None if order.seconds is None else platform.now() + order.seconds
        fault = Fault(order.kind, user, until, order.reason)
        platform.faults.add(fault)
        self.answer(_shown(fault))

    def delete(self, slug: str) -> None:
        self.answer({"ended": self.platform(slug).faults.end_all()})


def _at_once(platform: SandboxPlatform, kind: str, user: str | None) -> None:
    match kind:
        case "revoke":
            platform.withdraw(user)
        case "expire":
            platform.tokens.expire(user)
        case "rotate_reuse":
            platform.tokens.use_elsewhere(user)
        case "cursor_gone":
            platform.lose_cursors(user)


def _shown(fault: Fault) -> dict[str, Any]:
    return {"kind": fault.kind, "user": fault.user, "until": fault.until, "met": fault.met}


class Lifetime(ControlHandler):
    """For tokens given from now on. What isn't named is as the platform has it."""

    def post(self, slug: str) -> None:
        platform, order = self.platform(slug), self.order(LifetimeOrder)
        rules = platform.tokens.defaults
        access = rules.access if order.access is msgspec.UNSET else order.access
        refresh = rules.refresh if order.refresh is msgspec.UNSET else order.refresh
        rotates = rules.rotates if order.rotate is msgspec.UNSET else order.rotate
        if access is None and not rules.may_not_expire:
            raise Refusal(400, "malformed", f"access: tokens of {slug} always expire")
        if any(seconds is not None and seconds <= 0 for seconds in (access, refresh)):
            raise Refusal(400, "malformed", "access, refresh: more than 0 seconds")
        platform.tokens.change(Lifetimes(access, refresh, rotates))
        self.answer({"access": access, "refresh": refresh, "rotate": rotates})


class CallsMade(ControlHandler):
    def get(self, slug: str) -> None:
        self.answer({"items": self.platform(slug).calls.items()})


class Code(ControlHandler):
    """As if the person had said yes on the platform's consent page."""

    def post(self, slug: str) -> None:
        platform, order = self.platform(slug), self.order(CodeOrder)
        person = platform.person(self.known(order.user))
        self.answer({"code": platform.tokens.consent(person.name)})


class AppToken(ControlHandler):
    """A token of the app, as its back end would sign it for the person."""

    from_the_page = True

    def post(self) -> None:
        order = self.order(TokenOrder)
        if self.told.jwt_secret is None:
            raise Refusal(409, "no_secret", "The sandbox was started without JWT_SECRET")
        now = self.now()
        claims: dict[str, Any] = {"sub": order.user, "role": order.role, "iat": now, "exp": int(now + order.ttl)}
        claims["jti"] = self.told.new_id()
        if self.told.jwt_audience:
            claims["aud"] = self.told.jwt_audience
        if self.told.jwt_issuer:
            claims["iss"] = self.told.jwt_issuer
        self.answer({"token": jwt.encode(claims, self.told.jwt_secret, "HS256")})


class Nowhere(ControlHandler):
    def prepare(self) -> None:
        raise Refusal(404, "not_found", "No such path here")
