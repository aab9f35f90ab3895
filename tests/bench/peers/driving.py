"""What the servers that are measured have in common: they are told on stdin what to publish, and answer on stdout."""

import asyncio
import json
import logging
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

PADDING = "x" * 120
PROBE = 0.002


def payload_fields() -> dict[str, Any]:
    """With what every transport adds, about 250 bytes."""
    return {"t": time.monotonic_ns(), "platform": "spotify", "count": 50, "message": PADDING}


class Stalls:
    """How late the loop is for something that was due: the worst, and the worst that was the loop's own doing."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.worst = self.own = 0.0

    def start(self) -> None:
        self._due = time.perf_counter() + PROBE
        self._used = time.thread_time()
        asyncio.get_running_loop().call_later(PROBE, self._look)

    def _look(self) -> None:
        late = time.perf_counter() - self._due
        used = time.thread_time() - self._used
        self.worst = max(self.worst, late)
        self.own = max(self.own, min(late, used))  # the rest of it, other processes had the processor
        self.start()


class Server(ABC):
    def __init__(self) -> None:
        self.stalls = Stalls()

    @abstractmethod
    async def listen(self) -> dict[str, Any]:
        """What the other side needs to know: the port, and a token if there are any."""

    @abstractmethod
    async def publish(self, count: int) -> None:
        """So many events, in one go."""

    @abstractmethod
    async def handed_over(self) -> None:
        """All that was published has been written to the sockets, or waits for them."""

    async def each(self, events: int) -> None:
        """One at a time, as fast as they are handed over."""
        for _ in range(events):
            await self.publish(1)
            await self.handed_over()

    async def burst(self, events: int) -> None:
        await self.publish(events)
        await self.handed_over()

    async def paced(self, events: int, per_second: float) -> None:
        began = time.perf_counter()
        for number in range(events):
            await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            await self.publish(1)
        await self.handed_over()

    async def obey(self, order: dict[str, Any]) -> None:
        self.stalls.begin()
        await getattr(self, order.pop("do"))(**order)
        answer(done=True, stall_ms=self.stalls.worst * 1000, own_stall_ms=self.stalls.own * 1000)


def answer(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def serve(server: Server, run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run) -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    run(_serve(server))


async def _serve(server: Server) -> None:
    loop = asyncio.get_running_loop()
    answer(**await server.listen())
    server.stalls.start()
    orders: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(orders.put_nowait, line)
        loop.call_soon_threadsafe(orders.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    while line := await orders.get():
        await server.obey(json.loads(line))
