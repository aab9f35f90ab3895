"""Long work on the loop, a few milliseconds at a time; between two slices the loop sees to everything else."""

import asyncio
from collections import deque
from collections.abc import Iterator
from time import perf_counter

import structlog

log = structlog.get_logger()

SLICE = 0.005


class Slices:
    """Works are iterators that pause often. They take turns; each one's own order is kept."""

    def __init__(self, seconds: float = SLICE) -> None:
        self._seconds = seconds
        self._works: deque[Iterator[None]] = deque()
        self._planned = False

    def add(self, work: Iterator[None]) -> None:
        self._works.append(work)

    def run(self) -> None:
        """A slice now, unless one is planned; the rest when the loop has been round."""
        if not self._planned:
            self._run()

    def _run(self) -> None:
        self._planned = False
        until = perf_counter() + self._seconds
        # Work that is added meanwhile waits for the next slice, so that sockets are seen to before it.
        for _ in range(len(self._works)):
            work = self._works.popleft()
            if not self._advance(work, until):
                self._works.append(work)
                break
        if self._works:
            self._planned = True
            asyncio.get_running_loop().call_soon(self._run)

    @staticmethod
    def _advance(work: Iterator[None], until: float) -> bool:
        try:
            for _ in work:
                if perf_counter() >= until:
                    return False
        except Exception:
            log.exception("slice_failed")
        return True
