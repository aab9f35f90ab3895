"""SQLite: a file in WAL mode, one writer, readers beside it."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import peewee

from storage.engine import Engine, Session
from storage.transaction import Rows, Transaction
from storage.trouble import CannotOpen, Reason

LOCK_WAIT = 1.0
"""Seconds that a statement waits for another process's lock."""

_REASONS: dict[int, Reason] = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_IOERR: "lost",
    sqlite3.SQLITE_CANTOPEN: "lost",
    sqlite3.SQLITE_CORRUPT: "lost",
    sqlite3.SQLITE_NOTADB: "lost",
}

_SYNCHRONOUS = {"full": "FULL", "normal": "NORMAL"}


class SqliteTransaction(Transaction):
    def _insert_new(
        self, table: str, key: Sequence[str], rows: Rows, sql: str, params: Sequence[Any]
    ) -> dict[tuple[Any, ...], int]:
        """To work the ids out costs less than to fetch them: where all went in, they follow each other."""
        cursor = cast(sqlite3.Cursor, self._execute(sql, params))
        if cursor.rowcount == len(rows):
            first = cast(int, cursor.lastrowid) - cursor.rowcount + 1
            return {tuple(row[: len(key)]): first + number for number, row in enumerate(rows)}
        if cursor.rowcount == 0:
            return {}
        # One that didn't go in may have used up a number all the same; those that did have the highest of all.
        newest = f"SELECT {', '.join(key)}, id FROM {table} ORDER BY id DESC LIMIT ?"  # noqa: S608
        found = self.all(newest, cursor.rowcount)
        return {tuple(row): id_ for *row, id_ in found}


class SqliteSession(Session):
    def __init__(self, database: peewee.SqliteDatabase, *, writes: bool) -> None:
        database.connect()
        self._connection: sqlite3.Connection = database.connection()  # type: ignore[no-untyped-call]
        self._execute = self._connection.execute
        super().__init__(database, SqliteTransaction(self._execute, writes=writes))
        self._begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def begin(self) -> None:
        self._execute(self._begin)

    def commit(self) -> None:
        self._execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:  # some errors have rolled it back already
            self._execute("ROLLBACK")

    def is_spoiled(self) -> bool:
        return not self._connection.in_transaction

    def begin_unit(self) -> None:
        self._execute("SAVEPOINT unit")

    def keep_unit(self) -> None:
        self._execute("RELEASE unit")

    def undo_unit(self) -> None:
        self._execute("ROLLBACK TO unit")
        self._execute("RELEASE unit")


class Sqlite(Engine):
    def __init__(self, path: str, durability: str) -> None:
        self.path = path
        self.may_lose_commits = durability == "normal"
        self.pragmas: dict[str, Any] = {
            "journal_mode": "wal",
            "synchronous": _SYNCHRONOUS[durability],
            "wal_autocheckpoint": 2000,
            "journal_size_limit": 64 * 1024 * 1024,
            "temp_store": "memory",
            "cache_size": -16_000,
        }

    @classmethod
    def at(cls, path: str, durability: str) -> "Sqlite":
        """Checks what SQLite itself would only call `unable to open database file`."""
        if path in ("", ":memory:"):
            raise CannotOpen("an SQLite database needs a file: sqlite:///soulwire.db")
        folder = os.path.dirname(os.path.abspath(path))
        if not os.path.isdir(folder):
            raise CannotOpen(f"the directory {folder} of the database doesn't exist")
        if os.path.isdir(path):
            raise CannotOpen(f"{path} is a directory, not a database")
        _keep_private(path)
        return cls(path, durability)

    def writer(self, *, durable: bool = False) -> SqliteSession:
        pragmas = {**self.pragmas, "synchronous": "FULL"} if durable else self.pragmas
        return SqliteSession(self._database(pragmas), writes=True)

    def reader(self) -> SqliteSession:
        return SqliteSession(self._database({"query_only": 1, "cache_size": -4_000}), writes=False)

    def reason(self, error: BaseException) -> Reason | None:
        code = getattr(_of_driver(error), "sqlite_errorcode", None)
        return _REASONS.get(code & 0xFF) if code is not None else None

    def _database(self, pragmas: dict[str, Any]) -> peewee.SqliteDatabase:
        # A session goes from thread to thread, but is used by one at a time.
        return peewee.SqliteDatabase(
            self.path,
            pragmas=pragmas,
            timeout=LOCK_WAIT,
            thread_safe=False,
            check_same_thread=False,
            cached_statements=256,
        )


def _keep_private(path: str) -> None:
    """A new file is its owner's alone, for people's mails stand in it; SQLite gives those beside it the same mode."""
    with suppress(OSError):  # it is there already, and as its owner wants it, or SQLite will say what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _of_driver(error: BaseException) -> BaseException:
    """The error that peewee put into one of its own."""
    if isinstance(error, peewee.PeeweeException):
        return error.__cause__ or error.__context__ or error
    return error
