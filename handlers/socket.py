"""`/ws`: WebSocket."""

from asyncio import Future
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec
from structlog.contextvars import bind_contextvars
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream
from tornado.web import HTTPError
from tornado.websocket import WebSocketHandler, WebSocketProtocol13

from handlers.auth import Caller, from_request
from handlers.base import Handler
from handlers.codes import Code, close_reason
from handlers.errors import Forbidden, NotAuthenticated, Unavailable, UpgradeNeeded
from handlers.frames import PING_FRAME, websocket_frame
from handlers.history import Start
from handlers.presence_book import is_page
from handlers.stream import NOWHERE, Group, Keeper, Kind, Stream

LARGEST_MESSAGE = 64 * 1024
PONG_WITHIN = 10.0
MESSAGES_AT_ONCE = 200.0
MESSAGES_PER_SECOND = 20.0

_EVERYTHING = Group("websocket")
_TOO_LARGE = 1009
_encode = msgspec.json.Encoder().encode


class AuthMessage(msgspec.Struct):
    token: str
    cursor: str | None = None
    userId: str | None = None  # noqa: N815


class SocketStream(Stream):
    __slots__ = ("_allowance", "_counted_at", "_handler", "_pinged_at")
    kind: ClassVar[Kind] = "websocket"
    beat_every: ClassVar[float] = 25.0

    def __init__(self, hub: Keeper, io: IOStream, handler: WebSocketHandler) -> None:
        super().__init__(hub, io, _EVERYTHING)
        self._handler: WebSocketHandler | None = handler
        self._pinged_at: float | None = None
        self._allowance = MESSAGES_AT_ONCE
        self._counted_at = self.opened_at

    def tell(self, message: Mapping[str, Any], cursor: str | None = None) -> None:
        self.write(websocket_frame(_encode(message)))

    def close(self, code: Code, retry_ms: int | None) -> None:
        if self._handler is not None:
            self._handler.close(code, close_reason(code, retry_ms))

    def let_go(self) -> None:
        self._handler = None

    def beat(self, now: float) -> None:
        if self._pinged_at is None:
            self._pinged_at = now
            self.write(PING_FRAME)
            self.next_beat = now + PONG_WITHIN
        elif now >= self._pinged_at + PONG_WITHIN:
            self.hub.cut(self, Code.NO_PONG)
        else:
            self.next_beat = self._pinged_at + PONG_WITHIN

    def on_pong(self) -> None:
        if self._pinged_at is not None:
            self.next_beat = self._pinged_at + self.beat_every
            self._pinged_at = None

    def on_progress(self) -> None:
        """Who takes bytes is alive, though the ping lies further back among them."""
        if self._pinged_at is not None:
            self._pinged_at = self.hub.now()

    def may_speak(self) -> bool:
        """Whether this message, or ping, is within what a client may send."""
        now = self.hub.now()
        self._allowance += (now - self._counted_at) * MESSAGES_PER_SECOND
        self._allowance = min(self._allowance, MESSAGES_AT_ONCE) - 1
        self._counted_at = now
        return self._allowance >= 0


class _Protocol(WebSocketProtocol13):
    """Tornado's, but that its own frames, pongs and closes, go out behind what waits, and that a message that is too
    large ends like any other bad one."""

    handler: "SocketHandler"

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        if code == _TOO_LARGE:
            self.handler.refuse_message()
        else:
            super().close(code, reason)

    def _write_frame(self, fin: bool, opcode: int, data: bytes, flags: int = 0) -> "Future[None]":
        stream = self.handler.stream
        if stream is None:
            return super()._write_frame(fin, opcode, data, flags)
        stream.write(websocket_frame(data, opcode))
        written: Future[None] = Future()
        written.set_result(None)
        return written


class SocketHandler(Handler, WebSocketHandler):
    endless = True
    counted = False
    quiet = True

    stream: SocketStream | None = None
    _came_with: Caller | None = None
    """Whom the upgrade's credentials name."""
    _refused: Code | None = None
    _placed = False
    """The client has said where its stream is to start, or that it doesn't care."""

    @property
    def max_message_size(self) -> int:
        return LARGEST_MESSAGE

    def get_websocket_protocol(self) -> WebSocketProtocol13 | None:
        made = super().get_websocket_protocol()
        return _Protocol(self, False, made.params) if isinstance(made, WebSocketProtocol13) else None

    async def head(self, *_: str) -> None:
        raise HTTPError(405)

    def _check_cross_origin(self, check: Callable[[str], bool]) -> None:
        """Not Tornado's, for of a refused upgrade a browser tells its page nothing, which would try for ever:
        `prepare` looks, and a foreign page is told by a close code."""

    async def prepare(self) -> None:
        """A cookie that is no longer good is no reason to refuse: the first message may bring a better token."""
        bind_contextvars(request=self.request_id)
        if self.request.method != "GET":
            return
        if not _is_upgrade(self.request):
            raise UpgradeNeeded()
        origins = self.parts.origins
        if origins.is_foreign(self.request) and not origins.may_change(self.request):
            self._refused = Code.NOT_ALLOWED
            return
        try:
            self._came_with = await from_request(self, ticket=True, query_token=True, changes=True)
        except NotAuthenticated as error:
            if "Authorization" in self.request.headers or self._names_itself():
                self._refused = _code_of(error)
        except Forbidden:
            self._refused = Code.NOT_ALLOWED
        except Unavailable:
            self._refused = Code.NOT_NOW

    def _names_itself(self) -> bool:
        return any(self.get_query_argument(name, "") for name in ("ticket", "token"))

    def open(self, *_: str) -> None:
        io = self.ws_connection.stream if self.ws_connection else None
        if io is None or io.closed():
            return
        io.set_nodelay(True)
        hub = self.parts.hub
        stream = self.stream = SocketStream(hub, io, self)
        hub.open(stream)
        if self._refused is not None:
            hub.cut(stream, self._refused)
        elif self._came_with is not None:
            cursor = self.get_query_argument("cursor", None)
            self._admit(stream, self._came_with, self.get_query_argument("userId", None), cursor)
            self._placed = cursor is not None
        self.request.headers.clear()  # they would stay, token and all, for as long as the socket is open

    async def on_message(self, message: str | bytes) -> None:
        stream = self.stream
        if stream is None or stream.ended or not self._counted(stream):
            return
        said = _read(message)
        if said is None:
            self.refuse_message()
        elif said["type"] == "auth":
            await self._on_auth(stream, said)
        elif said["type"] == "ping":
            stream.tell({"type": "pong"})
        elif said["type"] == "presence" and stream.caller is not None:
            self._on_presence(stream, stream.caller, said)
        elif stream.caller is None:
            stream.tell({"type": "error", "code": "not_authenticated", "message": "The first message is auth."})
        else:
            stream.tell({"type": "error", "code": "unknown_type", "message": "There is no such type of message."})

    def _on_presence(self, stream: SocketStream, caller: Caller, said: dict[str, Any]) -> None:
        page = said.get("page")
        if not is_page(page):
            stream.tell({"type": "error", "code": "bad_presence", "message": "page is a path, or null."})
        else:
            self.parts.presence.says(caller.user, stream, page is not None)

    async def _on_auth(self, stream: SocketStream, said: dict[str, Any]) -> None:
        hub = self.parts.hub
        try:
            auth = msgspec.convert(said, AuthMessage)
            caller = await self.parts.authenticator.verify(auth.token)
        except msgspec.ValidationError:
            hub.cut(stream, Code.BAD_MESSAGE)
        except NotAuthenticated as error:
            hub.cut(stream, _code_of(error))
        except Unavailable:
            hub.cut(stream, Code.NOT_NOW)
        else:
            self._admit(stream, caller, auth.userId, auth.cursor)
            self._placed = True

    def _admit(self, stream: SocketStream, caller: Caller, user: str | None, cursor: str | None) -> None:
        hub = self.parts.hub
        if stream.ended:
            return
        if user not in (None, caller.user) or stream.user not in (None, caller.user):
            hub.cut(stream, Code.NOT_ALLOWED)
        elif stream.caller is None or (cursor is not None and not self._placed):
            hub.subscribe(stream, caller, cursor)
        else:
            hub.renew(stream, caller)
            if stream.position != NOWHERE:  # else it is greeted when its place is found
                stream.greet(Start(stream.position))

    def refuse_message(self) -> None:
        if self.stream is not None:
            self.parts.hub.cut(self.stream, Code.BAD_MESSAGE)

    def on_ping(self, data: bytes) -> None:
        if self.stream is not None:
            self._counted(self.stream)

    def on_pong(self, data: bytes) -> None:
        if self.stream is not None:
            self.stream.on_pong()

    def on_close(self) -> None:
        if self.stream is not None:
            self.stream.let_go()
            self.parts.hub.closed(self.stream)
            if self.stream.user is not None:
                self.parts.presence.says(self.stream.user, self.stream, False)

    def _counted(self, stream: SocketStream) -> bool:
        if stream.may_speak():
            return True
        self.parts.hub.cut(stream, Code.TOO_MANY)
        return False


def _is_upgrade(request: HTTPServerRequest) -> bool:
    headers = request.headers
    connection = {option.strip().lower() for option in headers.get("Connection", "").split(",")}
    return (
        "upgrade" in connection
        and headers.get("Upgrade", "").lower() == "websocket"
        and headers.get("Sec-WebSocket-Version") == "13"
        and headers.get("Sec-WebSocket-Key", "") != ""
    )


def _read(message: str | bytes) -> dict[str, Any] | None:
    """A JSON object with a type in words, as text; None for anything else."""
    if isinstance(message, bytes):
        return None
    try:
        said = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return None
    return said if isinstance(said, dict) and isinstance(said.get("type"), str) else None


_CODES = {
    "token_expired": Code.TOKEN_EXPIRED,
    "ticket_expired": Code.TOKEN_EXPIRED,
    "token_revoked": Code.REVOKED,
}


def _code_of(error: NotAuthenticated) -> Code:
    return _CODES.get(error.code, Code.INVALID_TOKEN)
