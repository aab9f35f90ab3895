"""PostgreSQL, through psycopg 3."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import peewee
import psycopg
from psycopg.pq import TransactionStatus

from storage.engine import Engine, Session
from storage.transaction import Transaction
from storage.trouble import CannotOpen, Reason

# How long the server may be silent before it counts as lost, and how long a statement may wait or take.
_CONNECT: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_LIMITS = "SET lock_timeout = '1s'; SET statement_timeout = '30s'"
_LIMITS_WHILE_MIGRATING = "SET lock_timeout = '1s'"

_REASONS: dict[str, Reason] = {
    "25006": "read_only",  # read_only_sql_transaction
    "40001": "locked",  # serialization_failure
    "40P01": "locked",  # deadlock_detected
    "53100": "full",  # disk_full
    "55P03": "locked",  # lock_not_available
    "57014": "timeout",  # query_canceled, by statement_timeout
}
_LOST_CLASSES = ("08", "53", "57", "58", "XX")
"""Connections, resources, operator intervention, system and internal errors."""


class PostgresSession(Session):
    """Sends what only opens and closes units along with the next statement: each is a trip to the server."""

    def __init__(self, database: peewee.PostgresqlDatabase, begin: str, *, writes: bool) -> None:
        database.connect()
        self._cursor: psycopg.Cursor[Any] = database.connection().cursor()  # type: ignore[no-untyped-call]
        self._begin = begin
        self._unsent: list[str] = []
        super().__init__(database, Transaction(self._execute, writes=writes))

    def _execute(self, sql: str, params: Sequence[Any]) -> psycopg.Cursor[Any]:
        if self._unsent:
            self._send()
        return self._cursor.execute(in_postgres(sql), params)

    def _send(self) -> None:
        self._cursor.execute("; ".join(self._unsent))
        self._unsent.clear()

    def begin(self) -> None:
        self._unsent.append(self._begin)

    def commit(self) -> None:
        self._unsent.append("COMMIT")
        self._send()

    def rollback(self) -> None:
        self._unsent[:] = ["ROLLBACK"]
        self._send()

    def is_spoiled(self) -> bool:
        return self._cursor.connection.info.transaction_status == TransactionStatus.INERROR

    def begin_unit(self) -> None:
        self._unsent.append("SAVEPOINT unit")

    def keep_unit(self) -> None:
        self._unsent.append("RELEASE unit")

    def undo_unit(self) -> None:
        self._unsent += ("ROLLBACK TO unit", "RELEASE unit")


class Postgres(Engine):
    may_lose_commits = False
    """The server sees to that itself, whatever `durability` says: a group is one commit there too."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgres://", "postgresql://", 1)

    @classmethod
    def at(cls, url: str) -> "Postgres":
        try:
            psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.ProgrammingError:  # its text would show the password
            raise CannotOpen("this is not the address of a PostgreSQL database: postgresql://user@host/name") from None
        return cls(url)

    def writer(self, *, durable: bool = False) -> PostgresSession:
        return self._session("BEGIN", _LIMITS_WHILE_MIGRATING if durable else _LIMITS, writes=True)

    def reader(self) -> PostgresSession:
        return self._session("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", _LIMITS, writes=False)

    def _session(self, begin: str, limits: str, *, writes: bool) -> PostgresSession:
        database = peewee.PostgresqlDatabase(
            self._url, thread_safe=False, prefer_psycopg3=True, fallback_application_name="soulwire", **_CONNECT
        )
        session = PostgresSession(database, begin, writes=writes)
        database.execute_sql(limits)  # type: ignore[no-untyped-call]
        return session

    def reason(self, error: BaseException) -> Reason | None:
        cause = error.__context__ if isinstance(error, peewee.PeeweeException) else error
        if not isinstance(cause, psycopg.Error):
            return None
        state = cause.sqlstate
        if state is None:  # not from the server: the connection itself
            return "lost" if isinstance(cause, psycopg.OperationalError) else None
        return _REASONS.get(state) or ("lost" if state.startswith(_LOST_CLASSES) else None)


@lru_cache(maxsize=1024)
def in_postgres(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")
