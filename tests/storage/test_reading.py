"""Queries: each sees one moment, writes nothing, and waits for nobody who writes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from storage import events, meta
from storage.database import Database, StorageUnavailable
from storage.records import Draft
from storage.transaction import Transaction


def test_a_query_sees_one_moment_however_long_it_takes(database: Database) -> None:
    def query(tx: Transaction) -> tuple[str | None, str | None]:
        before = meta.value(tx, "a")
        database.write(lambda other: meta.keep(other, "a", "new")).result()
        return before, meta.value(tx, "a")

    database.write(lambda tx: meta.keep(tx, "a", "old")).result()
    assert database.read(query) == ("old", "old")
    assert database.read(lambda tx: meta.value(tx, "a")) == "new"


def test_a_query_writes_nothing(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="read_only"):
        database.read(lambda tx: meta.keep(tx, "a", "x"))
    assert database.read(lambda tx: meta.value(tx, "a")) is None


def test_a_query_tells_nothing(database: Database) -> None:
    event = database.write(lambda tx: events.append(tx, "ada", [Draft("a")], 1.0)).result()
    with pytest.raises(TypeError):
        database.read(lambda tx: tx.tell(event))


def test_a_querys_own_error_is_its_callers(database: Database) -> None:
    def query(tx: Transaction) -> None:
        raise LookupError("nobody")

    with pytest.raises(LookupError):
        database.read(query)
    assert database.read(lambda tx: meta.value(tx, "a")) is None


def test_many_threads_read_at_once(database: Database) -> None:
    together = Barrier(6)

    def query(tx: Transaction) -> int:
        together.wait(20)
        return int(tx.one("SELECT 1")[0])

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(lambda _: database.read(query), range(6))) == 6


class TakenJustBefore(list[Any]):
    """A connection was idle, but another thread had it by the time that it was reached for."""

    def __bool__(self) -> bool:
        return True


def test_two_that_reach_for_the_last_idle_connection_both_read(database: Database) -> None:
    database._readers._idle = TakenJustBefore()
    assert database.read(lambda tx: tx.one("SELECT 1")) == (1,)


def test_whoever_finds_all_connections_taken_waits_only_so_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.readers.WAIT", 0.05)

    def nested(depth: int) -> int:
        return database.read(lambda tx: nested(depth - 1) if depth else 0)

    assert nested(7) == 0
    with pytest.raises(StorageUnavailable, match="timeout"):
        nested(8)
    assert nested(7) == 0
