"""Requests whose answers are due, so that a stop waits for them."""

import asyncio
from contextlib import suppress

from tornado.iostream import IOStream


class UnderWay:
    """Belongs to the loop. A connection has one request at a time."""

    def __init__(self) -> None:
        self._asking: set[IOStream] = set()
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return len(self._asking)

    def __contains__(self, io: IOStream) -> bool:
        return io in self._asking

    def asked(self, io: IOStream) -> None:
        """A request's headers are there."""
        self._asking.add(io)
        self._none.clear()

    def ended(self, io: IOStream) -> None:
        """Its answer has left, or nobody is there to hear it; or there was none."""
        self._asking.discard(io)
        if not self._asking:
            self._none.set()

    async def all_ended(self, seconds: float) -> None:
        """Waits so long at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._none.wait(), seconds)
