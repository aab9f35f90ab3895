"""Clients of streams, on real sockets, that see what a browser sees."""

import asyncio
import json
import socket
from collections.abc import Mapping
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

PATIENCE = 10.0
"""Seconds after which something that should have come is missed."""


class SlowClient:
    """Reads frames by hand, so that nothing is read ahead."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.greeting: dict[str, Any] = {}

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame, which has to be whole and not masked."""
        async with asyncio.timeout(PATIENCE):
            first, size = await self._reader.readexactly(2)
            assert first & 0xF0 == 0x80
            if size >= 126:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
            return first & 0x0F, await self._reader.readexactly(size)

    async def next(self) -> dict[str, Any]:
        """The next message; pings are passed over."""
        while True:
            opcode, payload = await self.frame()
            if opcode == 1:
                return _json(payload)
            assert opcode == 9, payload

    async def until_closed(self) -> tuple[list[dict[str, Any]], int, str]:
        """The messages that still come, then the code and reason of the end."""
        messages: list[dict[str, Any]] = []
        while True:
            opcode, payload = await self.frame()
            if opcode == 8:
                self.send(bytes([0x88, 0x82, 0, 0, 0, 0]) + payload[:2])
                async with asyncio.timeout(PATIENCE):
                    assert await self._reader.read() == b"", "something came after the end"
                return messages, int.from_bytes(payload[:2]), payload[2:].decode()
            if opcode == 1:
                messages.append(json.loads(payload))


class Listener(Protocol):
    """What both kinds of client can do."""

    greeting: dict[str, Any]

    async def next(self) -> dict[str, Any]: ...
    async def titles(self, count: int) -> list[str]: ...
    async def farewell(self) -> tuple[int, int | None]: ...


async def connected(port: int, receive_buffer: int | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=sock, limit=4096 if receive_buffer else 65536)


class SocketClient:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.greeting: dict[str, Any] = {}

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return _json(await self.connection.recv())

    async def titles(self, count: int) -> list[str]:
        return [(await self.next())["title"] for _ in range(count)]

    async def farewell(self) -> tuple[int, int | None]:
        """The code that the server closes with, and when to come back."""
        code, reason = await self.end()
        return code, json.loads(reason)["retry_after_ms"] if code < 4500 else None

    async def end(self) -> tuple[int, str]:
        """The code and reason that the server closes with; what comes before is dropped."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as closed:
                assert closed.rcvd is not None, "cut without a word"
                return closed.rcvd.code, closed.rcvd.reason


class SseClient:
    """What arrives, as text, and cut into events as a browser would."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._chunked = False
        self._text = b""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.retry_ms: int | None = None
        self.last_id = ""
        self.greeting: dict[str, Any] = {}

    @classmethod
    async def connect(
        cls, port: int, path: str, version: str, headers: Mapping[str, str], receive_buffer: int | None
    ) -> "SseClient":
        client = cls(*await connected(port, receive_buffer))
        lines = [f"GET {path} HTTP/{version}", "Host: 127.0.0.1"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        client._writer.write("\r\n".join([*lines, "", ""]).encode())
        await client._read_head()
        return client

    async def _read_head(self) -> None:
        async with asyncio.timeout(PATIENCE):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        self._chunked = self.headers.get("transfer-encoding") == "chunked"

    async def block(self) -> str:
        """The next block as it came, without the empty line at its end; "" when the server has ended the stream."""
        async with asyncio.timeout(PATIENCE):
            while b"\n\n" not in self._text:
                piece = await self._piece()
                if not piece:
                    return ""
                self._text += piece
        block, _, self._text = self._text.partition(b"\n\n")
        return block.decode()

    async def _piece(self) -> bytes:
        if not self._chunked:
            return await self._reader.read(65536)
        size = int(await self._reader.readline() or b"0", 16)
        return (await self._reader.readexactly(size + 2))[:size]

    async def next(self) -> dict[str, Any]:
        """The next event that a browser would see, with `event` and `id` beside its data."""
        while True:
            block = await self.block()
            if not block:
                raise EOFError("the stream has ended")
            event, data = "", []
            for line in block.split("\n"):
                field, _, value = line.partition(": ")
                if field == "id":
                    self.last_id = value
                elif field == "event":
                    event = value
                elif field == "retry":
                    self.retry_ms = int(value)
                elif field == "data":
                    data.append(value)
            if data:
                return {"event": event, "id": self.last_id, **json.loads("\n".join(data))}

    async def titles(self, count: int) -> list[str]:
        return [(await self.next())["title"] for _ in range(count)]

    async def farewell(self) -> tuple[int, int | None]:
        while (event := await self.next())["event"] != "close":
            pass
        assert await self.ended()
        return event["code"], event["retry_after_ms"]

    async def body(self) -> dict[str, Any]:
        """Of an answer that isn't a stream."""
        async with asyncio.timeout(PATIENCE):
            return _json(await self._reader.readexactly(int(self.headers["content-length"])))

    async def ended(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            return await self.block() == ""

    def pause(self) -> None:
        """Take nothing more out of the socket."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def close(self) -> None:
        self._writer.transport.abort()


def _json(text: str | bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value
