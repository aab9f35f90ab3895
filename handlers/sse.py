"""`/api/sse/stream`: server-sent events, for `EventSource` as it is."""

import random
import re
import socket
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import msgspec
from structlog.contextvars import bind_contextvars
from tornado.iostream import IOStream
from tornado.web import HTTPError

from handlers.auth import Caller, from_request
from handlers.base import Handler
from handlers.codes import Code
from handlers.errors import BadRequest, Forbidden, NotAuthenticated, TooMany, Unavailable
from handlers.frames import LAST_CHUNK, http_chunk, sse_block, sse_heartbeat
from handlers.stream import NOWHERE, Group, Keeper, Kind, Stream

RETRY_MS = (1_000, 3_000)
MOST_TYPES = 64
UNANSWERED_MS = 60_000
"""A peer that acknowledges nothing for this long is gone: what pings are to WebSocket."""

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_encode = msgspec.json.Encoder().encode


class SseStream(Stream):
    """Lives on the bare connection: the request is over for Tornado once the headers are written."""

    __slots__ = ("_retry_ms",)
    kind: ClassVar[Kind] = "sse"
    beat_every: ClassVar[float] = 20.0

    def __init__(self, hub: Keeper, io: IOStream, group: Group, retry_ms: int) -> None:
        super().__init__(hub, io, group)
        self._retry_ms = retry_ms

    def _framed(self, block: bytes) -> bytes:
        return http_chunk(block) if self.group.encoding == "chunk" else block

    def tell(self, message: Mapping[str, Any], cursor: str | None = None) -> None:
        retry = self._retry_ms if cursor is not None else None
        self.write(self._framed(sse_block(message["type"], _encode(message), cursor=cursor, retry_ms=retry)))

    def close(self, code: Code, retry_ms: int | None) -> None:
        data = _encode({"code": int(code), "retry_after_ms": retry_ms})
        end = self._framed(sse_block("close", data, retry_ms=retry_ms))
        self.write(end + LAST_CHUNK if self.group.encoding == "chunk" else end)
        if self.queued is None:
            self.io.close()

    def beat(self, now: float) -> None:
        """With a filter, the heartbeat carries the cursor on past what the filter holds back."""
        filtered = self.group.types is not None and self.position != NOWHERE
        self.write(self._framed(sse_heartbeat(self.hub.cursor(self.position) if filtered else None)))
        self.next_beat = now + self.beat_every

    def on_drained(self) -> None:
        if self.ended:
            self.io.close()
        else:
            super().on_drained()


class SseHandler(Handler):
    endless = True
    counted = False
    quiet = True

    async def prepare(self) -> None:
        bind_contextvars(request=self.request_id)

    async def head(self, *_: str) -> None:
        raise HTTPError(405)

    async def get(self) -> None:
        resumed = self.request.headers.get("Last-Event-ID") or None
        try:
            caller = await self._admitted()
        except (NotAuthenticated, Forbidden):
            if resumed is None:
                raise
            self.set_status(204)  # an EventSource that comes back by itself stops at this
            return
        types = self._types()
        hub = self.parts.hub
        if caller is not None and not hub.has_room(caller.user):
            raise TooMany("too_many_streams", "Too many open streams of this user.")
        io = self._begin()
        if io.closed():
            return
        group = Group("chunk" if self.request.version == "HTTP/1.1" else "block", types)
        stream = SseStream(hub, io, group, random.randint(*RETRY_MS))
        io.set_close_callback(partial(hub.closed, stream))
        hub.open(stream)
        if caller is None:
            hub.cut(stream, Code.NOT_NOW)
        else:
            hub.subscribe(stream, caller, resumed or self.get_query_argument("cursor", None))

    async def _admitted(self) -> Caller | None:
        """None: nobody can tell now. A 503 would end an EventSource for good, so that is said in the stream."""
        try:
            caller = await from_request(self, ticket=True, query_token=True)
        except Unavailable:
            return None
        if self.get_query_argument("userId", caller.user) != caller.user:
            raise Forbidden("forbidden", "The token is another user's.")
        return caller

    def _types(self) -> frozenset[str] | None:
        asked = self.get_query_argument("types", None)
        if not asked:
            return None
        types = frozenset(asked.split(","))
        if len(types) > MOST_TYPES or not all(map(_TYPE.fullmatch, types)):
            raise BadRequest("bad_types", f"types is a list of at most {MOST_TYPES} event types with commas between.")
        return types

    def _begin(self) -> IOStream:
        """Send the headers, and take the connection over."""
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        self.set_header("Connection", "close")
        self.flush()
        io = self.detach()
        self.application.log_request(self)
        self.on_finish()
        if not io.closed():
            io.set_nodelay(True)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                io.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)
        return io
