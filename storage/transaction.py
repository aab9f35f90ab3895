"""What a unit of work or a query is given to speak to the database with."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol

from storage.records import Event


class Cursor(Protocol):
    """As much of a driver's cursor as is used."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


Rows = Sequence[Sequence[Any]]

MOST_ROWS = 64
"""In one statement. Each number of rows is another statement, which is prepared and kept."""

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

    def insert(self, into: str, rows: Rows, otherwise: str = "") -> int:
        """How many of them went in. One statement for many: each is a wait for the interpreter, or for a server."""
        return sum(self._execute(*_insertion(into, some, otherwise)).rowcount for some in _pieces(rows))

    def insert_new(self, table: str, key: Sequence[str], others: Sequence[str], rows: Rows) -> list[int | None]:
        """The id of each row that went in, None where its key was there. Rows begin with the key."""
        into, otherwise = f"{table} ({', '.join((*key, *others))})", f"ON CONFLICT ({', '.join(key)}) DO NOTHING"
        ids: dict[tuple[Any, ...], int] = {}
        for some in _pieces(rows):
            ids |= self._insert_new(table, key, some, *_insertion(into, some, otherwise))
        return [ids.pop(tuple(row[: len(key)]), None) for row in rows]

    def _insert_new(
        self, table: str, key: Sequence[str], rows: Rows, sql: str, params: Sequence[Any]
    ) -> dict[tuple[Any, ...], int]:
        """The ids of those that went in, by key."""
        found = self._execute(f"{sql} RETURNING {', '.join(key)}, id", params).fetchall()
        return {tuple(row): id_ for *row, id_ in found}

    def tell(self, events: Sequence[Event]) -> None:
        """Have these published once the unit has been committed; if it fails, nobody hears of them."""
        if self.told is None:
            raise TypeError("a query tells nothing: only a unit of work does")
        self.told.extend(events)


def _pieces(rows: Rows) -> Iterator[Rows]:
    return (rows[start : start + MOST_ROWS] for start in range(0, len(rows), MOST_ROWS))


def _insertion(into: str, rows: Rows, otherwise: str) -> tuple[str, list[Any]]:
    return _statement(into, len(rows), len(rows[0]), otherwise), [value for row in rows for value in row]


@lru_cache(maxsize=1024)
def _statement(into: str, rows: int, columns: int, otherwise: str) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {into} VALUES {', '.join([row] * rows)} {otherwise}"  # noqa: S608
