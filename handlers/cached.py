"""Figures that cost something to read, for paths that anybody may ask as often as they like."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 5.0


class Cached:
    """What was read in the last seconds; one reading at a time for each name."""

    def __init__(self, elapsed: Callable[[], float], seconds: float = SECONDS) -> None:
        self._elapsed = elapsed
        self._seconds = seconds
        self._read: dict[str, tuple[float, asyncio.Task[Any]]] = {}

    async def get(self, name: str, read: Callable[[], Awaitable[T]]) -> T:
        at, task = self._read.get(name, (0.0, None))
        now = self._elapsed()
        if task is None or (task.done() and (now - at > self._seconds or task.exception() is not None)):
            task = asyncio.ensure_future(_awaited(read))
            self._read[name] = now, task
        result: T = await asyncio.shield(task)
        return result


async def _awaited(read: Callable[[], Awaitable[T]]) -> T:
    return await read()
