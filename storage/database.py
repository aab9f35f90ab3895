"""SQLite or PostgreSQL by URL: units of work go to the writer, queries to the readers."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

import peewee
import structlog

from storage import meta
from storage.engine import Engine, Session
from storage.migrations import migrate
from storage.postgres import Postgres
from storage.readers import Readers
from storage.sqlite import Sqlite
from storage.transaction import Transaction
from storage.trouble import CannotOpen, Health, StorageUnavailable
from storage.writer import Publish, Writer

if TYPE_CHECKING:
    from storage.vault import Vault

__all__ = ["CannotOpen", "Database", "Health", "StorageUnavailable", "Transaction"]

log = structlog.get_logger()

T = TypeVar("T")

DURABILITIES = ("full", "normal")


class Database:
    def __init__(self, engine: Engine, epoch: str, publish: Publish | None) -> None:
        self.epoch = epoch
        self._engine = engine
        self._writer = Writer(engine, epoch, publish)
        self._readers = Readers(engine, epoch)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        durability: str = "full",
        publish: Publish | None = None,
        vault: "Vault | None" = None,
    ) -> "Database":
        """Migrates and starts. Raises `CannotOpen`, and `WrongKey` before anything but the key's check is read."""
        engine = engine_for(url, durability)
        try:
            database = cls(engine, _prepare(engine, vault), publish)
            database._writer.start()
        except Exception as error:
            if isinstance(error, peewee.PeeweeException) or engine.reason(error):
                raise CannotOpen(f"the database can't be opened: {_first_line(error)}") from error
            raise
        return database

    @property
    def publish(self) -> Publish | None:
        """Told the events of each group after its commit, on the writer's thread."""
        return self._writer.publish

    @publish.setter
    def publish(self, publish: Publish | None) -> None:
        self._writer.publish = publish

    def write(self, unit: Callable[[Transaction], T], *, deadline: float = 5.0) -> "Future[T]":
        """From any thread, never blocks. `unit` does SQL only and may be run again; after `deadline` it isn't begun."""
        return self._writer.submit(unit, deadline)

    def read(self, query: Callable[[Transaction], T]) -> T:
        """Blocks; from any thread but the loop's. All that `query` reads is of one moment."""
        try:
            return self._readers.read(query)
        except StorageUnavailable as error:
            if error.reason == "lost":
                self.write(_look)  # the writer says how the database is, and may not have noticed
            raise

    def health(self) -> Health:
        return self._writer.health()

    def close(self) -> None:
        """Finishes what is queued."""
        self._writer.close()
        self._readers.close()
        if self._engine.may_lose_commits:
            self._record_orderly_end()

    def _record_orderly_end(self) -> None:
        try:
            session = self._engine.writer(durable=True)
            _committed(session, lambda tx: meta.forget(tx, meta.AT_RISK))
            session.close()
        except Exception as error:
            reason = self._engine.reason(error)
            if reason is None:
                raise
            log.warning("orderly_end_not_recorded", reason=reason)


def _look(tx: Transaction) -> None:
    tx.one("SELECT 1")


def engine_for(url: str, durability: str) -> Engine:
    if durability not in DURABILITIES:
        raise CannotOpen(f"durability is {' or '.join(DURABILITIES)}, not {durability!r}")
    scheme, found, rest = url.partition("://")
    if found and scheme == "sqlite" and rest.startswith("/"):
        return Sqlite.at(rest[1:], durability)
    if found and scheme in ("postgres", "postgresql"):
        return Postgres.at(url)
    raise CannotOpen("the database's address is sqlite:///file.db or postgresql://user@host/name")


def _prepare(engine: Engine, vault: "Vault | None") -> str:
    """Checks the key, migrates, and makes out the epoch."""
    session = engine.writer(durable=True)
    try:
        if vault and session.peewee.table_exists("meta"):
            _committed(session, vault.check)
        migrate(session.peewee)
        if vault:
            _committed(session, vault.enrol)
        return _committed(session, lambda tx: meta.start(tx, may_lose_commits=engine.may_lose_commits))
    finally:
        session.close()


def _committed(session: Session, unit: Callable[[Transaction], T]) -> T:
    session.begin()
    result = unit(session.tx)
    session.commit()
    return result


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
