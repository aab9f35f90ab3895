"""Units of work: what is committed, and what one that fails takes with it."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from storage import events, meta
from storage.database import Database
from storage.records import Draft, Event
from storage.transaction import Transaction
from tests.storage.gathering import writer_held


def put(name: str, value: str = "x") -> Callable[[Transaction], None]:
    return lambda tx: meta.keep(tx, name, value)


def values(database: Database) -> dict[str, str]:
    return dict(database.read(lambda tx: tx.all("SELECT name, value FROM meta WHERE name LIKE 'test-%'")))


def twice_the_same(tx: Transaction) -> None:
    meta.keep(tx, "test-half", "x")
    tx.run("INSERT INTO meta (name, value) VALUES ('test-half', 'again')")


def test_what_a_unit_returns_is_its_futures_result(database: Database) -> None:
    assert database.write(lambda tx: tx.one("SELECT 1 + ?", 2)[0]).result() == 3


def test_a_resolved_unit_can_be_read(database: Database) -> None:
    database.write(put("test-a")).result()
    assert values(database) == {"test-a": "x"}


def test_units_are_done_in_the_order_in_which_they_came(database: Database) -> None:
    with writer_held(database):
        futures = [database.write(put("test-last", str(number))) for number in range(50)]
    for future in futures:
        future.result()
    assert values(database) == {"test-last": "49"}


def test_a_group_is_one_transaction(database: Database) -> None:
    with writer_held(database):
        seen = [database.write(lambda tx: database.read(lambda other: meta.value(other, "test-a"))) for _ in range(2)]
        seen.insert(1, database.write(put("test-a")))
        seen.append(database.write(lambda tx: meta.value(tx, "test-a")))
    assert [future.result() for future in seen] == [None, None, None, "x"]


def test_a_unit_that_fails_takes_back_only_itself(database: Database) -> None:
    with writer_held(database):
        before, failing, after = (database.write(unit) for unit in (put("test-a"), twice_the_same, put("test-b")))
    before.result()
    after.result()
    with pytest.raises(Exception, match="(?i)unique"):
        failing.result()
    assert values(database) == {"test-a": "x", "test-b": "x"}


def test_a_unit_that_fails_has_told_nothing(database: Database, published: list[Event]) -> None:
    def tells_and_fails(tx: Transaction) -> None:
        events.append(tx, "ada", [Draft("lost")], 1.0)
        raise ValueError("no")

    with writer_held(database):
        futures = [
            database.write(lambda tx: events.append(tx, "ada", [Draft("first")], 1.0)),
            database.write(tells_and_fails),
            database.write(lambda tx: events.append(tx, "ada", [Draft("second")], 1.0)),
        ]
    assert isinstance(futures[1].exception(), ValueError)
    futures[2].result()
    assert [(event.type, event.offset) for event in published] == [("first", 1), ("second", 2)]
    assert database.read(lambda tx: events.since(tx, "ada", 0, 10)) == published


def test_a_unit_that_hides_its_failed_sql_is_not_believed(database: Database) -> None:
    def hides(tx: Transaction) -> str:
        try:
            tx.run("INSERT INTO meta (name, value) VALUES ('test-hidden', NULL)")
        except Exception:
            return "fine"
        return "unreachable"

    with writer_held(database):
        before, hiding, after = (database.write(unit) for unit in (put("test-a"), hides, put("test-b")))
    before.result()
    after.result()
    assert values(database) == {"test-a": "x", "test-b": "x"}
    # SQLite undoes a failed statement alone, so that there going on is honest; PostgreSQL spoils the transaction.
    error = hiding.exception()
    assert error is None or "went on" in str(error)


def test_one_that_hides_it_at_the_end_takes_nothing_of_the_others(database: Database) -> None:
    def hides(tx: Transaction) -> None:
        with suppress(Exception):
            tx.run("INSERT INTO meta (name, value) VALUES ('test-hidden', NULL)")

    with writer_held(database):
        honest, _ = database.write(put("test-a")), database.write(hides)
    honest.result()
    assert values(database) == {"test-a": "x"}


def test_the_database_is_well_after_a_unit_has_failed(database: Database) -> None:
    assert database.write(lambda tx: tx.run("NO SQL AT ALL")).exception() is not None
    assert database.health().ok
    database.write(put("test-a")).result()


def test_a_unit_that_its_caller_cancelled_is_not_run(database: Database) -> None:
    with writer_held(database):
        cancelled = database.write(put("test-a"))
        assert cancelled.cancel()
        kept = database.write(put("test-b"))
    kept.result()
    assert values(database) == {"test-b": "x"}


def test_question_marks_and_percents_in_values_are_only_text(database: Database) -> None:
    database.write(put("test-odd", "100 % of ? and %s")).result()
    assert values(database) == {"test-odd": "100 % of ? and %s"}


def test_more_units_than_a_group_takes_are_all_done(database: Database) -> None:
    with writer_held(database):
        futures = [database.write(put(f"test-{number}")) for number in range(1200)]
    for future in futures:
        future.result()
    assert len(values(database)) == 1200
