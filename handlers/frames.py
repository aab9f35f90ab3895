"""What a stream is sent, byte for byte. Pure; an event is encoded at most once for each kind of stream."""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Literal

import msgspec

from storage.records import Event, iso

Encoding = Literal["websocket", "chunk", "block"]
"""`chunk` is an SSE block as HTTP/1.1 sends it, `block` the same for HTTP/1.0, where the end of the connection is
the end of the stream."""

TEXT, CLOSE, PING = 0x1, 0x8, 0x9
_FINAL = 0x80
_LINE_END = re.compile(rb"\r\n|\r|\n")
_encode = msgspec.json.Encoder().encode


class Frame:
    """An event, and its bytes for each kind of stream once somebody asked for them."""

    __slots__ = ("_block", "_chunk", "_websocket", "event")

    def __init__(self, event: Event) -> None:
        self.event = event
        self._websocket: bytes | None = None
        self._chunk: bytes | None = None
        self._block: bytes | None = None

    @property
    def websocket(self) -> bytes:
        if self._websocket is None:
            self._websocket = websocket_frame(wire(self.event))
        return self._websocket

    @property
    def block(self) -> bytes:
        if self._block is None:
            event = self.event
            self._block = sse_block(event.type, wire(event), cursor=event.cursor)
        return self._block

    @property
    def chunk(self) -> bytes:
        if self._chunk is None:
            self._chunk = http_chunk(self.block)
        return self._chunk


_BYTES_OF: dict[Encoding, Callable[[Frame], bytes]] = {
    "websocket": attrgetter("websocket"),
    "chunk": attrgetter("chunk"),
    "block": attrgetter("block"),
}


def joined(frames: Sequence[Frame], encoding: Encoding) -> bytes:
    """What is queued for one stream, as one piece to send."""
    bytes_of = _BYTES_OF[encoding]
    return bytes_of(frames[0]) if len(frames) == 1 else b"".join(map(bytes_of, frames))


def wire(event: Event) -> bytes:
    """The event's JSON, the same on every transport."""
    head = b'{"type":%b,"offset":%d,"cursor":%b,"at":"%b"' % (
        _encode(event.type),
        event.offset,
        _encode(event.cursor),
        (iso(event.at) or "").encode(),
    )
    fields = event.body.strip()[1:-1].strip()
    return head + b"," + fields + b"}" if fields else head + b"}"


def websocket_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole message as a server sends it: final, not masked."""
    size = len(payload)
    if size < 126:
        head = bytes((_FINAL | opcode, size))
    elif size < 1 << 16:
        head = bytes((_FINAL | opcode, 126)) + size.to_bytes(2)
    else:
        head = bytes((_FINAL | opcode, 127)) + size.to_bytes(8)
    return head + payload


def sse_block(event: str, data: bytes, *, cursor: str | None = None, retry_ms: int | None = None) -> bytes:
    """One SSE event. A line end in the data, of whichever kind, begins another `data:` line."""
    lines = [b"id: " + cursor.encode()] if cursor is not None else []
    lines.append(b"event: " + event.encode())
    if retry_ms is not None:
        lines.append(b"retry: %d" % retry_ms)
    lines.extend(b"data: " + line for line in _LINE_END.split(data))
    return b"\n".join(lines) + b"\n\n"


def sse_heartbeat(cursor: str | None = None) -> bytes:
    """A comment; with a cursor, it also becomes the stream's last event id."""
    return b":\n\n" if cursor is None else b":\nid: " + cursor.encode() + b"\n\n"


def http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
PING_FRAME = websocket_frame(b"", PING)
