"""What all handlers share: JSON in and out, who is calling, how often, what is told of errors."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import msgspec
import structlog
from structlog.contextvars import bind_contextvars
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body

from handlers import errors
from handlers.auth import Caller, Role, from_request, require
from handlers.errors import ApiError, BadRequest, NotFound, TooMany, UnsupportedMedia
from handlers.intake import MIB, MOST_DRAINED, Body
from handlers.parts import Parts
from handlers.requests import new_id
from handlers.userids import is_user_id

log = structlog.get_logger()
T = TypeVar("T")

ANYONE: tuple[Role, ...] = ("user", "service", "admin")
MOST_ITEMS = 1000
USUAL_ITEMS = 100
_encode = msgspec.json.Encoder().encode
_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
_SHOWN_HEADERS = "RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id"
_STRICT = (
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)


class Handler(RequestHandler):
    """One path. A subclass says who may call it, and answers with `reply`."""

    roles: ClassVar[tuple[Role, ...]] = ()
    """Who may call; nobody named: open to all."""
    counted: ClassVar[bool] = True
    """Counts for the caller's rate limit; otherwise only for the bound on what pages ask for by themselves."""
    quiet: ClassVar[bool] = False
    """Asked all the time by machines: successes are logged for debugging only."""
    takes_tickets: ClassVar[bool] = False
    """A single-use ticket in the address is as good as a token."""
    body_limit: ClassVar[int] = MIB

    parts: Parts

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self.request_id = new_id()
        self._kept = {"X-Request-Id": self.request_id}
        self._caller: Caller | None = None
        self.parts = application.settings["parts"]
        super().__init__(application, request, **kwargs)

    @classmethod
    def early(cls, _parts: Parts, _request: HTTPServerRequest, _size: int) -> ApiError | None:
        """Why a request is refused before its body is read."""
        return None

    @classmethod
    def turned_down(cls, _parts: Parts, _request: HTTPServerRequest, _error: ApiError) -> None:
        """A request was refused before its body was read."""

    async def prepare(self) -> None:
        bind_contextvars(request=self.request_id)
        if self.roles and self.request.method != "OPTIONS":
            caller = await from_request(self, ticket=self.takes_tickets)
            self._caller = caller
            bind_contextvars(user=caller.user)
            if self.counted:
                self._count(caller)
            elif not self.parts.limits.often.hit(caller.user):
                standing = self.parts.limits.often.standing(caller.user, allowed=False)
                raise TooMany("rate_limited", "Too many requests at once.", headers=standing.headers())
            require(caller, *self.roles)

    @property
    def caller(self) -> Caller:
        if self._caller is None:
            raise LookupError("nobody is asked who they are on an open path")
        return self._caller

    @property
    def known_caller(self) -> Caller | None:
        return self._caller

    async def head(self, *args: str) -> None:
        await self.get(*args)  # type: ignore[misc]

    def options(self, *_: str) -> None:
        if self.request.headers.get("Origin") in self.parts.origins.allowed:
            self.set_header("Access-Control-Allow-Methods", ", ".join(self.methods()))
            self.set_header("Access-Control-Allow-Headers", _ALLOWED_HEADERS)
            self.set_header("Access-Control-Max-Age", "600")
        self.set_header("Allow", ", ".join([*self.methods(), "OPTIONS"]))
        self.set_status(204)
        self.clear_header("Content-Type")

    @classmethod
    def methods(cls) -> list[str]:
        """Those that this path has beside HEAD and OPTIONS."""
        names = ("GET", "POST", "PUT", "PATCH", "DELETE")
        return [name for name in names if getattr(cls, name.lower()) is not getattr(RequestHandler, name.lower())]

    # -- in ---------------------------------------------------------------------------------------

    @property
    def received(self) -> bytes:
        """The request's body."""
        body: Body = self.request.received  # type: ignore[attr-defined]
        return body.whole()

    def json_body(self, kind: type[T]) -> T:
        media_type = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMedia("unsupported_media_type", "The body must be application/json.")
        try:
            return msgspec.json.decode(self.received, type=kind)
        except msgspec.ValidationError as error:
            raise BadRequest("bad_body", f"The body is not as expected: {error}.") from None
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise BadRequest("bad_json", "The body is not JSON.") from None

    def page_limit(self, usual: int = USUAL_ITEMS) -> int:
        text = self.get_query_argument("limit", str(usual))
        if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST_ITEMS):
            raise BadRequest("bad_limit", f"limit is a whole number from 1 to {MOST_ITEMS}.")
        return int(text)

    def one_of(self, name: str, allowed: Sequence[str]) -> str | None:
        """A query argument that filters; None when it isn't given."""
        value = self.get_query_argument(name, None)
        if value is not None and value not in allowed:
            raise BadRequest(f"bad_{name}", f"{name} is one of {', '.join(allowed)}.")
        return value

    def user_filter(self) -> str | None:
        user = self.get_query_argument("user", None)
        if user is not None and not is_user_id(user):
            raise BadRequest("bad_user_id", "user is a user id.")
        return user

    def platform(self, slug: str) -> str:
        """A slug from a path, when there is such a platform."""
        if slug not in self.parts.platforms and slug not in self.parts.unconfigured:
            raise NotFound("no_such_platform", "There is no such platform here.")
        return slug

    # -- out --------------------------------------------------------------------------------------

    def reply(self, value: Any, status: int = 200) -> None:
        self.set_status(status)
        self.finish(_encode(value))

    def reply_page(self, items: Sequence[Any], after: str | None) -> None:
        """A list, and where its next page starts."""
        self.reply({"items": items, "next": after})

    def keep_header(self, name: str, value: str) -> None:
        """A header that an error's answer has too."""
        self._kept[name] = value
        self.set_header(name, value)

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in _STRICT:
            self.set_header(name, value)
        for name, value in self._kept.items():
            self.set_header(name, value)
        self.set_header("Vary", "Origin")
        origin = self.request.headers.get("Origin")
        if origin is not None and origin in self.parts.origins.allowed:
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Access-Control-Allow-Credentials", "true")
            self.set_header("Access-Control-Expose-Headers", _SHOWN_HEADERS)

    def compute_etag(self) -> str | None:
        return None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, ApiError):
            for name, value in error.headers.items():
                self.set_header(name, value)
        if status_code == 405:
            self.set_header("Allow", ", ".join([*self.methods(), "OPTIONS"]))
        self.set_status(status_code)  # without a reason phrase of anybody's making
        self.finish(_encode(errors.body(error, status_code, self.request_id)))

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if not isinstance(value, HTTPError):
            log.error("request_failed", request=self.request_id, path=self.request.path[:256], exc_info=value)

    def on_finish(self) -> None:
        body: Body = self.request.received  # type: ignore[attr-defined]
        body.release()

    def _count(self, caller: Caller) -> None:
        limit = self.parts.limits.api if caller.role == "user" else self.parts.limits.trusted
        allowed = limit.hit(caller.user)
        standing = limit.standing(caller.user, allowed)
        for name, value in standing.headers().items():
            self.keep_header(name, value)
        if not allowed:
            raise TooMany("rate_limited", f"At most {standing.limit} requests in {standing.window} seconds.")


class UnknownPath(Handler):
    async def prepare(self) -> None:
        raise NotFound("not_found", "There is nothing at this path.")


@stream_request_body
class Turned(Handler):
    """Answers with an error before the body is there, and throws the body away as it comes."""

    def initialize(self, error: ApiError) -> None:
        self._error = error
        self._drained = 0

    async def prepare(self) -> None:
        for name, value in self._error.headers.items():
            self.set_header(name, value)
        told = _encode(errors.body(self._error, self._error.status_code, self.request_id))
        self.set_status(self._error.status_code)
        self.set_header("Content-Length", str(len(told)))
        self.write(told)
        if "Expect" in self.request.headers:
            self.finish()  # its sender waits for leave to send the body, and has none now
        else:
            self.flush()

    def data_received(self, chunk: bytes) -> None:
        self._drained += len(chunk)
        if self._drained > MOST_DRAINED and not self._finished:
            self.finish()

    def _end(self, *_: str) -> None:
        if not self._finished:
            self.finish()

    get = post = put = patch = delete = options = _end
