"""A unit that isn't begun in time is told so, and is never run afterwards."""

import pytest

from storage import meta
from storage.database import Database, StorageUnavailable
from storage.line import Line, Ticket
from tests.storage.gathering import PATIENCE, writer_held


def test_it_fails_while_the_writer_still_hangs(database: Database) -> None:
    with writer_held(database):
        late = database.write(lambda tx: meta.keep(tx, "late", "x"), deadline=0.05)
        patient = database.write(lambda tx: meta.keep(tx, "patient", "x"))
        error = late.exception(PATIENCE)
        assert not patient.done()
    assert isinstance(error, StorageUnavailable)
    assert error.reason == "timeout"
    patient.result()
    assert database.read(lambda tx: meta.value(tx, "late")) is None
    assert database.read(lambda tx: meta.value(tx, "patient")) == "x"


def test_it_fails_when_the_writer_comes_to_it_too_late(database: Database) -> None:
    with pytest.raises(StorageUnavailable, match="timeout"):
        database.write(lambda tx: meta.keep(tx, "late", "x"), deadline=-1).result()
    assert database.read(lambda tx: meta.value(tx, "late")) is None


def test_a_deadline_missed_is_no_trouble_of_the_database(database: Database) -> None:
    assert database.write(lambda tx: None, deadline=-1).exception() is not None
    assert database.health().ok
    database.write(lambda tx: None).result()


def test_the_writer_hanging_in_one_group_shows_in_the_health(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.writer.STUCK_AFTER", -1.0)
    with writer_held(database):
        health = database.health()
    assert (health.ok, health.reason) == (False, "timeout")
    database.write(lambda tx: None).result()


def test_a_line_that_is_too_long_takes_nobody_more() -> None:
    line = Line(limit=2)
    ticket = Ticket(lambda tx: None, None, 0.0)  # type: ignore[arg-type]
    assert [line.join(ticket) for _ in range(3)] == [None, None, "busy"]
    line.take(1)
    assert line.join(ticket) is None
