"""HTTP/1.1 on a connection that is kept, with nothing between what was sent and what is seen."""

import asyncio
import http.client
import io
import json
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPMessage
from typing import Any, NamedTuple

from deploy.probing.address import Address
from deploy.probing.parsing import Chunks

Headers = Mapping[str, str]
READ = 64 * 1024


class Head(NamedTuple):
    status: int
    headers: HTTPMessage


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """None for what isn't JSON."""
        with suppress(ValueError):
            return json.loads(self.body)
        return None

    @property
    def error(self) -> str | None:
        """The code of the error, where the answer is one in the service's way."""
        told = self.json
        error = told.get("error") if isinstance(told, dict) else None
        return error.get("code") if isinstance(error, dict) else None

    def __str__(self) -> str:
        return f"{self.status} {self.body[:200].decode(errors='replace')}".strip()


class Connection:
    def __init__(self, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._address = address
        self._reader = reader
        self._writer = writer
        self._chunks: Chunks | None = None

    @classmethod
    async def open(cls, address: Address) -> "Connection":
        return cls(address, *await address.connect())

    async def ask(self, method: str, target: str, body: Any = None, headers: Headers | None = None) -> Answer:
        """`body` as bytes goes as it is, anything else as JSON."""
        self.send(method, target, body, headers)
        head = await self.head()
        return Answer(head.status, head.headers, await self.body(method, head))

    def send(self, method: str, target: str, body: Any = None, headers: Headers | None = None) -> None:
        told = {"Host": self._address.authority, **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            told.setdefault("Content-Type", "application/json")
        if body is not None or method in ("POST", "PUT", "PATCH"):
            told["Content-Length"] = str(len(body or b""))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
        self.write("\r\n".join(lines).encode() + (body or b""))

    async def head(self) -> Head:
        """Of the next answer; after it `read` gives what follows."""
        while True:
            raw = await self._reader.readuntil(b"\r\n\r\n")
            first, _, rest = raw.partition(b"\r\n")
            words = first.split(None, 2)
            if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
                raise http.client.BadStatusLine(first.decode(errors="replace"))
            status, headers = int(words[1]), http.client.parse_headers(io.BytesIO(rest))
            if status >= 200 or status == 101:
                break
        chunked = headers.get("Transfer-Encoding", "").lower() == "chunked"
        self._chunks = Chunks() if chunked else None
        return Head(status, headers)

    async def body(self, method: str, head: Head) -> bytes:
        if method == "HEAD" or head.status in (204, 304):
            return b""
        if self._chunks is not None:
            found = []
            while not self._chunks.ended:
                found.append(await self.read())
            return b"".join(found)
        if "Content-Length" in head.headers:
            return await self._reader.readexactly(int(head.headers["Content-Length"]))
        return await self._reader.read()

    async def read(self) -> bytes:
        """What came next, without HTTP's coding; `EOFError` at the end."""
        if self._chunks is not None and self._chunks.ended:
            raise EOFError
        data = await self._reader.read(READ)
        if not data:
            raise EOFError
        return data if self._chunks is None else self._chunks.feed(data)

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def close(self) -> None:
        """At once, without taking leave."""
        self._writer.transport.abort()
