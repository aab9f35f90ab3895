"""How a request's body comes in: bounded each and in all, refused with an answer that its sender can read.

Tornado answers a body that is too large with a bare 400 and a reset. Here the refusal is sent first, then what still
comes is thrown away for a while, since a sender that is cut off in the middle never sees what it was told.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, cast

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest, RequestStartLine, ResponseStartLine

from handlers.errors import ApiError, TooLarge, Unavailable, UnsupportedMedia

KIB = 1024
MIB = 1024 * KIB
SMALL = 64 * KIB
"""Bodies up to here aren't counted: their number is bounded by that of connections."""
MOST_IN_FLIGHT = 256 * MIB
MOST_IN_FLIGHT_EACH = 64 * MIB
MOST_DRAINED = 64 * MIB


class InFlight:
    """Bytes of large bodies in memory, in all and for each address."""

    def __init__(self, most: int = MOST_IN_FLIGHT, most_each: int = MOST_IN_FLIGHT_EACH) -> None:
        self._most = most
        self._most_each = most_each
        self.held = 0
        self._by_address: Counter[str] = Counter()

    def take(self, address: str, size: int) -> bool:
        if self.held + size > self._most or self._by_address[address] + size > self._most_each:
            return False
        self.held += size
        self._by_address[address] += size
        return True

    def give(self, address: str, size: int) -> None:
        self.held -= size
        self._by_address[address] -= size
        if self._by_address[address] <= 0:
            del self._by_address[address]


class Body:
    """What has come so far. `release` when it is done with."""

    __slots__ = ("_address", "_chunks", "_held", "_in_flight", "size")

    def __init__(self, in_flight: InFlight, address: Callable[[], str]) -> None:
        self._in_flight = in_flight
        self._address: Callable[[], str] | str = address
        self._chunks: list[bytes] = []
        self._held = 0
        self.size = 0

    def add(self, chunk: bytes) -> bool:
        """False when there is no room for it."""
        self.size += len(chunk)
        if self.size > SMALL:
            if callable(self._address):
                self._address = self._address()
            wanted = self.size - self._held
            if not self._in_flight.take(self._address, wanted):
                return False
            self._held += wanted
        self._chunks.append(chunk)
        return True

    def whole(self) -> bytes:
        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0] if self._chunks else b""

    def release(self) -> None:
        self._chunks = []
        if self._held:
            self._in_flight.give(cast(str, self._address), self._held)
            self._held = 0
        self._address = ""  # to ask for it holds the request, which holds this body


class Waiting:
    """Bodies on their way in. One timer sees to all of them: one for each would cost as much as the request."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: dict[Intake, float] = {}
        self._looks = False

    def begin(self, intake: "Intake") -> None:
        loop = asyncio.get_running_loop()
        self._since[intake] = loop.time()
        if not self._looks:
            self._looks = True
            loop.call_later(self._patience / 2, self._look)

    def end(self, intake: "Intake") -> None:
        self._since.pop(intake, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for intake, since in list(self._since.items()):
            if loop.time() - since < self._patience:
                break  # those after it came later
            self.end(intake)
            intake.give_up()
        self._looks = bool(self._since)
        if self._looks:
            loop.call_later(self._patience / 2, self._look)


class Terms(NamedTuple):
    """On which one kind of request is taken in."""

    limit: int
    early: Callable[[HTTPServerRequest, int], ApiError | None]
    """What there is to say against it before its body, of so many bytes, is read."""
    refuse: Callable[[HTTPServerRequest, ApiError], HTTPMessageDelegate]
    """Makes the delegate that answers with an error."""
    waiting: Waiting


class Intake(HTTPMessageDelegate):
    """Stands between the connection and the handler. The body goes to `request.received`, not to Tornado, which
    would parse forms on the loop whatever their size."""

    def __init__(self, request: HTTPServerRequest, inner: HTTPMessageDelegate, body: Body, terms: Terms) -> None:
        self._request = request
        self._inner = inner
        self._body = body
        self._terms = terms
        self._refused = False
        request.received = body  # type: ignore[attr-defined]

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        if "Content-Length" in headers or "Transfer-Encoding" in headers:
            # The limits are ours: past Tornado's own it would send a second answer after our refusal.
            self._connection.set_max_body_size(sys.maxsize)
            self._terms.waiting.begin(self)
            error = self._why_not(headers)
            if error is not None:
                return self._turn_down(error, start_line, headers)
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        if self._refused:
            return self._inner.data_received(chunk)
        if self._body.size + len(chunk) > self._terms.limit:
            return self._turn_down(_too_large(self._terms.limit))
        if not self._body.add(chunk):
            return self._turn_down(Unavailable("busy", "Too many large bodies are on their way in."))
        return None

    def finish(self) -> None:
        self._terms.waiting.end(self)
        self.go_on()

    def go_on(self) -> None:
        """The body is there."""
        self._inner.finish()

    def give_up(self) -> None:
        """It doesn't come."""
        self._connection.stream.close()

    def on_connection_close(self) -> None:
        self._terms.waiting.end(self)
        self._body.release()
        self._inner.on_connection_close()

    @property
    def _connection(self) -> HTTP1Connection:
        return cast(HTTP1Connection, self._request.connection)

    def _why_not(self, headers: HTTPHeaders) -> ApiError | None:
        length = headers.get("Content-Length", "0").partition(",")[0].strip()
        size = int(length) if length.isdecimal() and length.isascii() and len(length) < 19 else 0
        if size > self._terms.limit or len(length) >= 19:
            return _too_large(self._terms.limit)
        if "Content-Encoding" in headers and headers["Content-Encoding"].lower() != "identity":
            return UnsupportedMedia("unsupported_encoding", "Bodies are taken uncompressed only.")
        if headers.get("Content-Type", "").lower().startswith("multipart/"):
            return UnsupportedMedia("unsupported_media_type", "Multipart bodies are not taken here.")
        return self._terms.early(self._request, size)

    def _turn_down(
        self, error: ApiError, start_line: Any = None, headers: HTTPHeaders | None = None
    ) -> Awaitable[None] | None:
        self._refused = True
        self._body.release()
        self._inner = self._terms.refuse(self._request, error)
        return self._inner.headers_received(start_line, headers or self._request.headers)


def _too_large(limit: int) -> ApiError:
    size = f"{limit // MIB} MiB" if limit >= MIB else f"{limit // KIB} KiB"
    return TooLarge("too_large", f"The body is larger than {size}.")


def no_objection(_request: HTTPServerRequest, _size: int) -> ApiError | None:
    return None
