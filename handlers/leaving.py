"""Answers on their way out: each for so long, and so many bytes of them in all.

Tornado keeps what the other side doesn't take for as long as its socket is open: who asks for much and reads nothing
would fill the memory. Streams have bounds of their own.
"""

import asyncio
from typing import NamedTuple

import structlog
from tornado.iostream import IOStream

log = structlog.get_logger()

PATIENCE = 120.0
"""Seconds in which an answer has to be taken."""
MOST = 256 << 20
"""Bytes. Past it, those that have waited longest go first."""


class _Answer(NamedTuple):
    since: float
    size: int


class Leaving:
    """Belongs to the loop."""

    def __init__(self, patience: float = PATIENCE, most: int = MOST) -> None:
        self._patience = patience
        self._most = most
        self._answers: dict[IOStream, _Answer] = {}
        """The oldest first."""
        self._size = 0
        self._looks = False

    def __len__(self) -> int:
        return len(self._answers)

    def add(self, io: IOStream, size: int) -> None:
        """An answer of so many bytes that the socket didn't take at once."""
        loop = asyncio.get_running_loop()
        self._forget(io)
        self._answers[io] = _Answer(loop.time(), size)
        self._size += size
        if self._size > self._most:
            self._make_room()
        if not self._looks:
            self._looks = True
            loop.call_later(self._patience / 4, self._look)

    def _make_room(self) -> None:
        self._forget_taken()
        count = 0
        while self._size > self._most and self._answers:
            self._give_up(next(iter(self._answers)))
            count += 1
        if count:
            log.warning("answers_given_up", count=count, reason="too many bytes wait to be taken")

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._forget_taken()
        for io, answer in list(self._answers.items()):
            if loop.time() - answer.since < self._patience:
                break  # those after it came later
            self._give_up(io)
        self._looks = bool(self._answers)
        if self._looks:
            loop.call_later(self._patience / 4, self._look)

    def _forget_taken(self) -> None:
        for io in [io for io in self._answers if io.closed() or not io.writing()]:
            self._forget(io)

    def _give_up(self, io: IOStream) -> None:
        self._forget(io)
        io.close()

    def _forget(self, io: IOStream) -> None:
        answer = self._answers.pop(io, None)
        if answer is not None:
            self._size -= answer.size
