"""What a unit of work or a query is given to speak to the database with."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from storage.records import Event


class Cursor(Protocol):
    """As much of a driver's cursor as is used."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


Execute = Callable[[str, Sequence[Any]], Cursor]


class Transaction:
    """SQL with `?` for each value, in words that SQLite and PostgreSQL both know."""

    __slots__ = ("_execute", "epoch", "told")

    def __init__(self, execute: Execute, *, writes: bool) -> None:
        self._execute = execute
        self.epoch = ""
        self.told: list[Event] | None = [] if writes else None
        """What the units told so far, in their order; None where nothing can be written."""

    def run(self, sql: str, *params: Any) -> int:
        """How many rows it changed."""
        return self._execute(sql, params).rowcount

    def one(self, sql: str, *params: Any) -> Any:
        """The first row as a tuple, or None."""
        return self._execute(sql, params).fetchone()

    def all(self, sql: str, *params: Any) -> list[Any]:
        return self._execute(sql, params).fetchall()

    def tell(self, events: Sequence[Event]) -> None:
        """Have these published once the unit has been committed; if it fails, nobody hears of them."""
        if self.told is None:
            raise TypeError("a query tells nothing: only a unit of work does")
        self.told.extend(events)
