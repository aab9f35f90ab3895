"""Between the loop and the threads: storage and actors answer on theirs, requests wait on the loop's."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import structlog

from handlers.errors import Unavailable
from storage.database import Database, StorageUnavailable, Transaction

log = structlog.get_logger()
T = TypeVar("T")

READERS = 4
MOST_WAITING = 256
"""Reads under way or waiting. Past it a request is told to come back rather than queued behind the others."""


class Bridge:
    """Awaits what other threads resolve. One per loop, made on it or before it runs."""

    def __init__(self, database: Database, *, readers: int = READERS) -> None:
        self.database = database
        self._readers = ThreadPoolExecutor(readers, "reader")
        self._helpers = ThreadPoolExecutor(2, "helper")
        self._waiting = 0
        self._resolved: deque[tuple[Callable[[Future[Any]], None], Future[Any]]] = deque()
        self._told = False

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """The unit's result once it is committed. Raises `Unavailable` when it can't be now."""
        try:
            return await self.wait(self.database.write(unit))
        except StorageUnavailable as error:
            raise storage_unavailable(error) from None

    async def read(self, query: Callable[[Transaction], T]) -> T:
        """Off the loop. Raises `Unavailable` when the database is not there, or too many wait already."""
        if self._waiting >= MOST_WAITING:
            raise Unavailable("busy", "Too many requests wait for the database.", retry_after=1)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self.database.read, query)
        except StorageUnavailable as error:
            raise storage_unavailable(error) from None
        finally:
            self._waiting -= 1

    async def work(self, heavy: Callable[[], T]) -> T:
        """What computes for too long for the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._helpers, heavy)

    def wait(self, future: "Future[T]") -> "asyncio.Future[T]":
        """Futures that resolve together wake the loop once, not once each."""
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.then(future, partial(_settle, waiter))
        return waiter

    def then(self, future: "Future[T]", do: "Callable[[Future[T]], None]") -> None:
        """On the loop, once it has resolved."""
        future.add_done_callback(partial(self._on_resolved, asyncio.get_running_loop(), do))

    def close(self) -> None:
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._helpers.shutdown(wait=True, cancel_futures=True)

    def _on_resolved(
        self, loop: asyncio.AbstractEventLoop, do: "Callable[[Future[Any]], None]", future: "Future[Any]"
    ) -> None:
        """On whatever thread resolved it. Whoever appends first tells the loop; `_deliver` lowers the flag before it
        looks, so that nothing appended is left lying."""
        self._resolved.append((do, future))
        if not self._told:
            self._told = True
            try:
                loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the loop has been closed: nobody waits any more
                self._told = False

    def _deliver(self) -> None:
        self._told = False
        resolved = self._resolved
        while resolved:
            do, future = resolved.popleft()
            try:
                do(future)
            except Exception:  # one's failure is not the others'
                log.exception("answer_failed")


def _settle(waiter: "asyncio.Future[Any]", future: "Future[Any]") -> None:
    if waiter.done():
        return
    if future.cancelled():
        waiter.cancel()
    elif (error := future.exception()) is not None:
        waiter.set_exception(error)
    else:
        waiter.set_result(future.result())


def storage_unavailable(error: StorageUnavailable) -> Unavailable:
    return Unavailable("storage_unavailable", f"The database can't be used now: {error.reason}.", retry_after=5)
