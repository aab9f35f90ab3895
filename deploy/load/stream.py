"""One of many streams: it counts what it hears, and comes back when it is cut."""

import asyncio
import random
import time
from typing import cast
from urllib.parse import quote

import msgspec

from deploy.load.figures import Tally
from deploy.probing.address import Address
from deploy.probing.parsing import CLOSE, PING, PONG, TEXT, Blocks, Chunks, Frames, close_of, masked_frame
from deploy.probing.streams import Farewell, Kind
from deploy.probing.tokens import Person, bearer

KEY = "bG9hZC1sb2FkLWxvYWQtbA=="
PATIENCE = 30.0
RETURN_WITHIN = 1.0
FOR_GOOD = 4500


class Told(msgspec.Struct):
    """As much of a message as is looked at."""

    type: str
    offset: int | None = None
    cursor: str | None = None
    run: str | None = None
    sent: int = 0
    recovered: bool | None = None


_told = msgspec.json.Decoder(Told).decode


class LoadStream(asyncio.Protocol):
    def __init__(self, address: Address, kind: Kind, person: Person, tally: Tally) -> None:
        self._address, self._kind, self._person, self._tally = address, kind, person, tally
        self._cursor: str | None = None
        self._offset: int | None = None
        self._cut_at: float | None = None
        self._placed_at = 0
        self._wait = 0.0
        self._closing = False
        self._transport: asyncio.Transport | None = None
        self._returning: asyncio.Task[None] | None = None
        self._tls = address.tls

    # -- its life ---------------------------------------------------------------------------------

    async def open(self) -> None:
        """Returns when it is greeted. Raises `OSError` or `TimeoutError`."""
        self._head: bytes | None = b""
        self._frames, self._chunks, self._blocks = Frames(), Chunks(), Blocks()
        loop = asyncio.get_running_loop()
        self._greeted: asyncio.Future[None] = loop.create_future()
        async with asyncio.timeout(PATIENCE):
            await loop.create_connection(lambda: self, self._address.host, self._address.port, ssl=self._tls)
            await self._greeted

    def cut(self) -> None:
        """As a network does: without a word."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        self._closing = True
        if self._returning is not None:
            self._returning.cancel()
        self.cut()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and self._head is None

    async def _come_back(self) -> None:
        while not self._closing:
            await asyncio.sleep(self._wait or random.uniform(0, RETURN_WITHIN))
            self._wait = 0.0
            try:
                await self.open()
            except (OSError, TimeoutError):
                continue
            return

    # -- what comes -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are not of that class
        self._transport.write(self._request())

    def _request(self) -> bytes:
        told = {"Host": self._address.authority, **bearer(self._person.token)}
        if self._kind == "websocket":
            query = f"?cursor={quote(self._cursor, safe='')}" if self._cursor else ""
            target = f"/ws{query}"
            told |= {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
            told["Sec-WebSocket-Key"] = KEY
        else:
            target = "/api/sse/stream"
            told |= {"Last-Event-ID": self._cursor} if self._cursor else {}
        lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
        return "\r\n".join(lines).encode()

    def data_received(self, data: bytes) -> None:
        at = time.monotonic_ns()
        if self._head is not None:
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            if not self._is_stream(head):
                return
        if self._kind == "websocket":
            self._take_frames(data, at)
        else:
            plain = self._chunks.feed(data) if self._chunked else data
            for block in self._blocks.feed(plain):
                if block.event == "close":
                    self._farewell(Farewell(_code(block.data), block.data.decode()))
                elif block.data:
                    self._take(block.data, at)

    def _is_stream(self, head: bytes) -> bool:
        status = head.split(None, 2)[1].decode()
        if status not in ("101", "200"):
            self._tally.ended[status] += 1
            self._wait = 5.0 if status in ("429", "502", "503", "504") else 0.0
            if not self._wait:
                self._give_up()
            self.cut()
            return False
        self._head = None
        self._chunked = b"transfer-encoding: chunked" in head.lower()
        return True

    def _take_frames(self, data: bytes, at: int) -> None:
        for opcode, payload in self._frames.feed(data):
            if opcode == TEXT:
                self._take(payload, at)
            elif opcode == PING and self._transport is not None:
                self._transport.write(masked_frame(payload, PONG))
            elif opcode == CLOSE:
                self._farewell(Farewell(*close_of(payload)))
                self.cut()

    def _take(self, payload: bytes, at: int) -> None:
        told, tally = _told(payload), self._tally
        if told.offset is None:
            if told.type == "authenticated":
                self._on_greeting(told)
            return
        last = self._offset
        if last is not None and told.offset <= last:
            tally.repeated += 1
            return
        if last is not None:
            tally.missing += told.offset - last - 1
        self._offset, self._cursor = told.offset, told.cursor
        if told.run == tally.run:
            tally.received += 1
            if told.sent < self._placed_at:
                tally.caught_up += 1  # it was away: not what an event takes
            else:
                tally.late.add((at - told.sent) / 1e9)
            tally.heard()

    def _on_greeting(self, told: Told) -> None:
        self._cursor = told.cursor
        if told.recovered is False:
            self._tally.unrecovered += 1
            self._offset = None
        if self._cut_at is not None:
            self._tally.returned.add(time.monotonic() - self._cut_at)
            self._placed_at = time.monotonic_ns()
            self._cut_at = None
        if not self._greeted.done():
            self._greeted.set_result(None)

    # -- its end ----------------------------------------------------------------------------------

    def _farewell(self, farewell: Farewell) -> None:
        self._tally.ended[str(farewell.code)] += 1
        self._wait = (farewell.retry_after_ms or 0) / 1000
        if farewell.code >= FOR_GOOD:
            self._give_up()

    def _give_up(self) -> None:
        self._closing = True
        self._tally.given_up += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self._greeted.done():
            self._greeted.set_exception(exc or ConnectionResetError("it was closed before it was greeted"))
            return
        if not self._closing:
            self._cut_at = self._cut_at or time.monotonic()
            self._returning = asyncio.create_task(self._come_back())


def _code(data: bytes) -> int:
    found = msgspec.json.decode(data).get("code", 0)
    return found if isinstance(found, int) else 0
