"""A bad wire to a good service: it passes on what both sides say, but for what it is told to spoil."""

import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from deploy.probing.parsing import Chunks, Frames
from handlers.frames import http_chunk, websocket_frame
from tests.fakes.between import Between

Change = Callable[[bytes], bytes]
Messages = Callable[[int, bytes], list[bytes]]
"""What becomes of one message of a stream: a frame's payload by its opcode, or an SSE block as opcode 0."""


def unchanged(data: bytes) -> bytes:
    return data


def without(pattern: bytes) -> Change:
    """Lines like this are taken away."""
    return lambda data: re.sub(pattern + rb"[^\r]*\r\n", b"", data)


def instead(of: bytes, by: bytes) -> Change:
    return lambda data: re.sub(of, by, data)


class Spoiler(Between):
    """`asked` is done to what clients say, `answered` to what the service says, `messages` to each one of a stream."""

    def __init__(
        self,
        port: int,
        *,
        asked: Change = unchanged,
        answered: Change = unchanged,
        messages: Messages | None = None,
        late: float = 0.0,
        hold: int = 0,
    ) -> None:
        self._asked, self._answered, self._messages = asked, answered, messages
        self._late = late
        self._hold = hold
        """Bytes of a stream that are kept back until there are more."""
        super().__init__(port)

    def _carriers(self, client: socket.socket, server: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
        answers = self._answers()
        return partial(self._pass_on, client, server, self._asked), partial(self._pass_on, server, client, answers)

    def _pass_on(self, one: socket.socket, other: socket.socket, change: Change) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(change(data))
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _answers(self) -> Change:
        """For one connection, which may become a stream."""
        streaming: Change | None = None

        def change(data: bytes) -> bytes:
            nonlocal streaming
            if streaming is not None:
                return streaming(data)
            head, end, rest = data.partition(b"\r\n\r\n")
            if data.startswith(b"HTTP/1.1 101"):
                streaming = self._stream(self._frames())
            elif b"text/event-stream" in head:
                streaming = self._stream(self._blocks())
            else:
                return self._answered(data)
            return self._answered(head + end) + streaming(rest)

        return change

    def _stream(self, spoil: Change) -> Change:
        held = b""

        def change(data: bytes) -> bytes:
            nonlocal held
            if self._late and data:
                time.sleep(self._late)
            held += spoil(data)
            if len(held) < self._hold:
                return b""
            told, held = held, b""
            return told

        return change

    def _frames(self) -> Change:
        if (messages := self._messages) is None:
            return unchanged
        frames = Frames()
        return lambda data: b"".join(
            websocket_frame(told, opcode) for opcode, payload in frames.feed(data) for told in messages(opcode, payload)
        )

    def _blocks(self) -> Change:
        if (messages := self._messages) is None:
            return unchanged
        chunks = Chunks()
        waiting = b""

        def change(data: bytes) -> bytes:
            nonlocal waiting
            *blocks, waiting = (waiting + chunks.feed(data)).split(b"\n\n")
            told = [http_chunk(one) for block in blocks for one in messages(0, block + b"\n\n")]
            return b"".join(told) + (b"0\r\n\r\n" if chunks.ended else b"")

        return change
