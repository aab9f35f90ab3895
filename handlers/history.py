"""A user's log, read off the loop, a page at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

from storage import broadcasts, events
from storage.cursors import parse_cursor
from storage.database import StorageUnavailable
from storage.records import Event
from storage.transaction import Transaction

T = TypeVar("T")

PAGE = 256
"""Events that are read at once."""
PAGE_BYTES = 256 * 1024
"""Past this much, the rest of a page is read again later."""


class Start(NamedTuple):
    """Where a stream begins: after `offset`."""

    offset: int
    recovered: bool | None = None
    """None: no cursor was asked for."""
    reason: str | None = None


class Page(NamedTuple):
    start: Start
    head: int
    """The last offset there was when this was read."""
    events: list[Event]


def place(asked: str | None, epoch: str, lowest: int, head: int) -> Start:
    """All of what was missed, or none of it and the reason: never a part."""
    if asked is None:
        return Start(head)
    cursor = parse_cursor(asked)
    if cursor is None:
        return Start(head, False, "malformed")
    if cursor[0] != epoch:
        return Start(head, False, "epoch")
    if cursor[1] > head:
        return Start(head, False, "ahead")
    if cursor[1] < lowest - 1:
        return Start(head, False, "expired")
    return Start(cursor[1], True)


class Log(Protocol):
    """As much of the database as is used here."""

    @property
    def epoch(self) -> str: ...
    def read(self, query: Callable[[Transaction], T]) -> T: ...
    def write(self, unit: Callable[[Transaction], T]) -> "Future[T]": ...


class History:
    def __init__(self, database: Log, executor: Executor) -> None:
        self._database = database
        self._executor = executor

    @property
    def epoch(self) -> str:
        return self._database.epoch

    def begin(self, user: str, asked: str | None) -> "asyncio.Future[Page]":
        """Where a stream that asks for this cursor begins, and the first page of what it missed. What everybody was
        told meanwhile is put into the user's sequence first."""
        return asyncio.ensure_future(self._begin(user, asked))

    async def _begin(self, user: str, asked: str | None) -> Page:
        def query(tx: Transaction, *, as_it_is: bool = False) -> Page | None:
            if not as_it_is and broadcasts.is_behind(tx, user):
                return None
            lowest, head = events.bounds(tx, user)
            return _page(tx, user, place(asked, self.epoch, lowest, head), head)

        page = await self._read(query)
        if page is None:
            with suppress(StorageUnavailable):  # what can be read is worth having; the rest comes before the next event
                await asyncio.wrap_future(self._database.write(partial(broadcasts.hear, users=[user])))
            page = await self._read(partial(query, as_it_is=True))
        assert page is not None
        return page

    def after(self, user: str, offset: int) -> "asyncio.Future[Page]":
        def query(tx: Transaction) -> Page:
            _, head = events.bounds(tx, user)
            return _page(tx, user, Start(offset), head)

        return self._read(query)

    def _read(self, query: Callable[[Transaction], T]) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._executor, self._database.read, query)


def _page(tx: Transaction, user: str, start: Start, head: int) -> Page:
    if start.offset >= head:
        return Page(start, head, [])
    rows = events.since(tx, user, start.offset, PAGE)
    size = 0
    for count, event in enumerate(rows, 1):
        size += len(event.body)
        if size > PAGE_BYTES:
            return Page(start, head, rows[:count])
    return Page(start, head, rows)
