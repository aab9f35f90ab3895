"""No room left: refused while it lasts, nothing half-stored, and back at work by itself."""

import msgspec
import psycopg
import pytest

from storage import deliveries, meta
from storage.database import Database
from storage.records import Event
from storage.sqlite import Sqlite
from storage.transaction import Transaction
from tests.storage.gathering import eventually, refusal, watch_probes
from tests.storage.people import a_delivery

# What PostgreSQL says when the disk is full, said by a trigger: the server's own disk is not ours to fill.
NO_ROOM = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON deliveries EXECUTE FUNCTION no_room();
CREATE TRIGGER no_room BEFORE INSERT ON meta EXECUTE FUNCTION no_room();
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.writer.PROBE_EVERY", 0.1)


def fill(database: Database, url: str) -> None:
    engine = database._engine
    if isinstance(engine, Sqlite):
        engine.pragmas["max_page_count"] = 1  # SQLite takes it as: no page more than there are
        database.write(lambda tx: tx.one("PRAGMA max_page_count = 1")).result()
        return
    with psycopg.connect(url) as other:
        other.execute(NO_ROOM)


def make_room(database: Database, url: str) -> None:
    engine = database._engine
    if isinstance(engine, Sqlite):
        del engine.pragmas["max_page_count"]
        return
    with psycopg.connect(url) as other:
        other.execute("DROP FUNCTION no_room CASCADE")


def a_big_one(tx: Transaction) -> int | None:
    deliveries.add(tx, a_delivery("small"))
    return deliveries.add(tx, msgspec.structs.replace(a_delivery("big"), body=b"x" * 200_000))


def test_it_is_refused_as_full_and_leaves_nothing(database: Database, url: str, published: list[Event]) -> None:
    fill(database, url)
    assert refusal(database.write(a_big_one).exception(20)) == "full"
    assert database.health().reason == "full"
    assert database.read(lambda tx: deliveries.page(tx, limit=9)) == []
    make_room(database, url)


def test_it_stays_refused_as_long_as_there_is_no_room(database: Database, url: str) -> None:
    probes = watch_probes(database)
    fill(database, url)
    database.write(a_big_one).exception(20)
    eventually(lambda: len(probes) >= 3)
    assert set(probes) == {"full"}
    assert refusal(database.write(lambda tx: meta.keep(tx, "a", "x")).exception()) == "full"
    make_room(database, url)
    eventually(lambda: database.health().ok)


def test_it_is_back_at_work_once_there_is_room(database: Database, url: str) -> None:
    fill(database, url)
    database.write(a_big_one).exception(20)
    make_room(database, url)
    eventually(lambda: database.health().ok)
    assert database.write(a_big_one).result() is not None
