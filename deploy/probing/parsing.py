"""Bytes of streams as they come, cut into what they mean. Pure; each is fed pieces of any size."""

import struct
from typing import NamedTuple

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
_FINAL = 0x80


class Chunks:
    """HTTP's chunked coding taken off."""

    def __init__(self) -> None:
        self._waiting = b""
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        data, found = self._waiting + data, []
        at = 0
        while not self.ended:
            line_end = data.find(b"\r\n", at)
            if line_end < 0:
                break
            size = int(data[at:line_end].partition(b";")[0], 16)
            begin, end = line_end + 2, line_end + 2 + size
            if len(data) < end + 2:
                break
            found.append(data[begin:end])
            at = end + 2
            self.ended = size == 0
        self._waiting = data[at:]
        return b"".join(found)


class Block(NamedTuple):
    """One block of an event stream. Without data it is a heartbeat."""

    event: str
    data: bytes
    id: str | None
    retry_ms: int | None


class Blocks:
    """Server-sent events; lines may end in any of the three ways."""

    def __init__(self) -> None:
        self._waiting = b""

    def feed(self, data: bytes) -> list[Block]:
        data = self._waiting + data
        if b"\r" in data:
            held = b"\r" if data.endswith(b"\r") else b""  # the other half of a line end may follow
            data = data[: len(data) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
        *whole, self._waiting = data.split(b"\n\n")
        return [_block(one) for one in whole]


def _block(text: bytes) -> Block:
    event, found, last_id, retry = "message", [], None, None
    for line in text.split(b"\n"):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            found.append(value)
        elif name == b"event":
            event = value.decode()
        elif name == b"id":
            last_id = value.decode()
        elif name == b"retry" and value.isdigit():
            retry = int(value)
    return Block(event, b"\n".join(found), last_id, retry)


class Frames:
    """WebSocket frames as a server sends them: whole messages, not masked. Anything else is a `ValueError`."""

    def __init__(self) -> None:
        self._waiting = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Opcode and payload of each."""
        data = self._waiting + data if self._waiting else data
        found, at, size = [], 0, len(data)
        while size - at >= 2:
            first, length = data[at], data[at + 1]
            if first & 0xF0 != _FINAL or length & _FINAL:
                raise ValueError(f"a frame that begins with {data[at : at + 2].hex()}: in parts, extended, or masked")
            begin = at + 2
            if length == 126:
                begin += 2
                length = int.from_bytes(data[at + 2 : begin])
            elif length == 127:
                begin += 8
                length = int.from_bytes(data[at + 2 : begin])
            if begin + length > size:
                break
            found.append((first & 0x0F, data[begin : begin + length]))
            at = begin + length
        self._waiting = data[at:]
        return found


_UNMASKING = bytes(4)
"""A mask that changes nothing: what is sent is our own."""


def masked_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole message as a client sends it."""
    size = len(payload)
    if size < 126:
        head = bytes((_FINAL | opcode, _FINAL | size))
    elif size < 1 << 16:
        head = struct.pack(">BBH", _FINAL | opcode, _FINAL | 126, size)
    else:
        head = struct.pack(">BBQ", _FINAL | opcode, _FINAL | 127, size)
    return head + _UNMASKING + payload


def close_of(payload: bytes) -> tuple[int, str]:
    """Code and reason of a close frame; 1005 is what one says of a frame without any."""
    return (int.from_bytes(payload[:2]), payload[2:].decode(errors="replace")) if len(payload) >= 2 else (1005, "")
