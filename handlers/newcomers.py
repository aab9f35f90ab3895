"""Connections that have not asked for anything yet: so many at most, and each for a short time.

A peer that opens sockets and says nothing, or says its headers byte by byte, costs a descriptor each. Whoever means it
is heard within a moment, so when there are too many, those that have been silent longest go first.
"""

import asyncio

from tornado.iostream import IOStream

MOST = 2_000
PATIENCE = 20.0
"""Seconds for the headers of a connection's first request."""


class Newcomers:
    """Belongs to the loop."""

    def __init__(self, most: int = MOST, patience: float = PATIENCE) -> None:
        self._most = most
        self._patience = patience
        self._since: dict[IOStream, float] = {}
        self._looks = False

    def __len__(self) -> int:
        return len(self._since)

    def came(self, io: IOStream) -> None:
        loop = asyncio.get_running_loop()
        self._since[io] = loop.time()
        if len(self._since) > self._most:
            self._drop_oldest()
        if not self._looks:
            self._looks = True
            loop.call_later(self._patience / 4, self._look)

    def asked(self, io: IOStream) -> None:
        """Its headers are there."""
        self._since.pop(io, None)

    def _drop_oldest(self) -> None:
        oldest = next(iter(self._since))
        del self._since[oldest]
        oldest.close()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for io, since in list(self._since.items()):
            if io.closed():
                del self._since[io]
            elif loop.time() - since >= self._patience:
                self._drop_oldest()
        self._looks = bool(self._since)
        if self._looks:
            loop.call_later(self._patience / 4, self._look)
