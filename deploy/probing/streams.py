"""An open stream, WebSocket or SSE, as the other side sees it."""

import asyncio
import base64
import hashlib
import json
import secrets
import time
from abc import ABC, abstractmethod
from collections import deque
from http.client import HTTPMessage
from typing import Any, Literal, NamedTuple

from deploy.probing.address import Address
from deploy.probing.http import Answer, Connection, Headers
from deploy.probing.parsing import CLOSE, PING, PONG, TEXT, Block, Blocks, Frames, close_of, masked_frame

Kind = Literal["websocket", "sse"]
KINDS: tuple[Kind, ...] = ("websocket", "sse")
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Message = dict[str, Any]


class Refused(Exception):
    """There is no stream, but an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer))
        self.answer = answer


class Farewell(NamedTuple):
    code: int
    reason: str

    @property
    def retry_after_ms(self) -> int | None:
        try:
            told = json.loads(self.reason)
        except ValueError:
            return None
        found = told.get("retry_after_ms") if isinstance(told, dict) else None
        return found if isinstance(found, int) else None


class Ended(Exception):
    """The server ended the stream; without a farewell the connection was cut."""

    def __init__(self, farewell: Farewell | None) -> None:
        super().__init__("the stream was " + (f"ended with {farewell}" if farewell else "cut without a word"))
        self.farewell = farewell


class StreamClient(ABC):
    """What both kinds have in common. Not to be read by two at once."""

    def __init__(self, connection: Connection, headers: HTTPMessage) -> None:
        self.connection = connection
        self.headers = headers
        self.beats = 0
        """Signs of life that are no messages: pings, or comments."""
        self.arrived_at = 0.0
        self.messages: deque[Message] = deque()
        """Those that came and were not asked for yet."""
        self.end: Ended | None = None

    async def message(self) -> Message:
        """The next, of any type. Raises `Ended`."""
        while not self.messages:
            await self._read()
        return self.messages.popleft()

    async def event(self) -> Message:
        """The next that has a place in the sequence."""
        while "offset" not in (message := await self.message()):
            pass
        return message

    async def until_ended(self) -> Farewell | None:
        try:
            while True:
                await self.message()
        except Ended as ended:
            return ended.farewell

    async def beat(self) -> None:
        """Returns with the next sign of life."""
        seen = self.beats
        while self.beats == seen:
            await self._read()

    async def _read(self) -> None:
        if self.end is not None:
            raise self.end
        try:
            data = await self.connection.read()
        except (EOFError, ConnectionError):
            raise Ended(None) from None
        self.arrived_at = time.perf_counter()
        self.take(data)

    @abstractmethod
    def take(self, data: bytes) -> None:
        """What has been read: messages, signs of life, or the end."""

    def close(self) -> None:
        self.connection.close()


class SocketClient(StreamClient):
    kind: Kind = "websocket"

    def __init__(self, connection: Connection, headers: HTTPMessage) -> None:
        super().__init__(connection, headers)
        self._frames = Frames()

    @classmethod
    async def open(cls, address: Address, query: str = "", headers: Headers | None = None) -> "SocketClient":
        connection = await Connection.open(address)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        answer = await _asked(connection, f"/ws{query}", {**upgrade, "Sec-WebSocket-Key": key, **(headers or {})}, 101)
        wanted = base64.b64encode(hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()).decode()
        if answer.headers.get("Sec-WebSocket-Accept") != wanted:
            raise Refused(answer)
        return cls(connection, answer.headers)

    def say(self, message: Any) -> None:
        """JSON; text and bytes go as they are."""
        if isinstance(message, str):
            self.connection.write(masked_frame(message.encode()))
        else:
            self.connection.write(masked_frame(json.dumps(message).encode()))

    def take(self, data: bytes) -> None:
        for opcode, payload in self._frames.feed(data):
            if opcode == TEXT:
                self.messages.append(json.loads(payload))
            elif opcode == PING:
                self.beats += 1
                self.connection.write(masked_frame(payload, PONG))
            elif opcode == CLOSE:
                self.end = Ended(Farewell(*close_of(payload)))


class SseClient(StreamClient):
    kind: Kind = "sse"

    def __init__(self, connection: Connection, headers: HTTPMessage) -> None:
        super().__init__(connection, headers)
        self._blocks = Blocks()
        self.blocks: deque[Block] = deque(maxlen=8)
        """The latest, as they came."""

    @classmethod
    async def open(cls, address: Address, query: str = "", headers: Headers | None = None) -> "SseClient":
        connection = await Connection.open(address)
        told = {"Accept": "text/event-stream", **(headers or {})}
        answer = await _asked(connection, f"/api/sse/stream{query}", told, 200)
        return cls(connection, answer.headers)

    def take(self, data: bytes) -> None:
        for block in self._blocks.feed(data):
            if not block.data:
                self.beats += 1
                continue
            self.blocks.append(block)
            told = json.loads(block.data)
            if block.event == "close":
                self.end = Ended(Farewell(told.get("code", 0), block.data.decode()))
            else:
                self.messages.append(told)


async def _asked(connection: Connection, target: str, headers: Headers, wanted: int) -> Answer:
    """The head of the answer that begins a stream; any other answer is `Refused`."""
    connection.send("GET", target, headers=headers)
    try:
        head = await connection.head()
        if head.status == wanted:
            return Answer(head.status, head.headers, b"")
        refusal = Answer(head.status, head.headers, await connection.body("GET", head))
    except asyncio.IncompleteReadError:
        connection.close()
        raise Ended(None) from None
    connection.close()
    raise Refused(refusal)
