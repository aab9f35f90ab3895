"""Connections that ask for nothing: so many at most, and each for so long.

A peer that opens sockets and says nothing, or says its headers byte by byte, costs a descriptor each. Whoever means it
is heard within a moment, so when there are too many, those that have been silent longest go first. One timer sees to
all of them: Tornado's, one for each request, costs more than to read what it is about.
"""

import asyncio
from math import inf

from tornado.iostream import IOStream


class Silent:
    """Belongs to the loop."""

    def __init__(self, patience: float, most: float = inf) -> None:
        self._patience = patience
        """Seconds until the headers of a request have to be there."""
        self._most = most
        self._since: dict[IOStream, float] = {}
        """The longest first."""
        self._looks = False

    def __len__(self) -> int:
        return len(self._since)

    def __contains__(self, io: IOStream) -> bool:
        return io in self._since

    def begins(self, io: IOStream) -> None:
        loop = asyncio.get_running_loop()
        self._since[io] = loop.time()
        if len(self._since) > self._most:
            self._give_up(next(iter(self._since)))
        if not self._looks:
            self._looks = True
            loop.call_later(self._patience / 4, self._look)

    def ends(self, io: IOStream) -> None:
        """The headers of a request are there, or the connection is gone."""
        self._since.pop(io, None)

    def _give_up(self, io: IOStream) -> None:
        del self._since[io]
        io.close()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for io, since in list(self._since.items()):
            if loop.time() - since < self._patience:
                break  # those after it came later
            self._give_up(io)
        self._looks = bool(self._since)
        if self._looks:
            loop.call_later(self._patience / 4, self._look)
