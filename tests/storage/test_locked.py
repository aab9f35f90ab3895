"""Another process holds the database: refused at once while it lasts, and back at work by itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import psycopg
import pytest

from storage import deliveries, events, meta
from storage.database import Database
from storage.records import Draft, Event
from tests.storage.gathering import eventually, refusal, writer_held
from tests.storage.people import a_delivery


@contextmanager
def locked_by_another(url: str) -> Iterator[None]:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            connection.close()
        return
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE meta, deliveries, events, sequences IN EXCLUSIVE MODE")
        yield


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.writer.PROBE_EVERY", 0.1)


def test_every_unit_of_the_group_is_refused_and_nothing_of_it_is_told(
    database: Database, url: str, published: list[Event]
) -> None:
    with locked_by_another(url):
        # On SQLite the group can't even begin, and needs no gathering.
        with nullcontext() if url.startswith("sqlite") else writer_held(database):
            futures = [
                database.write(lambda tx: events.append(tx, "ada", [Draft("a")], 1.0)),
                database.write(lambda tx: deliveries.add(tx, a_delivery("1"))),
            ]
        reasons = [refusal(future.exception(20)) for future in futures]
    assert reasons == ["locked", "locked"]
    assert published == []
    eventually(lambda: database.health().ok)
    assert database.read(lambda tx: events.bounds(tx, "ada")) == (1, 0)
    assert database.read(lambda tx: deliveries.page(tx, limit=9)) == []


def test_health_says_why_and_since_when(database: Database, url: str) -> None:
    with locked_by_another(url):
        database.write(lambda tx: meta.keep(tx, "a", "x")).exception(20)
        health = database.health()
    assert (health.ok, health.reason) == (False, "locked")
    eventually(lambda: database.health().ok)
    assert database.health().since > health.since


def test_while_it_lasts_nobody_waits_and_reads_go_on(database: Database, url: str) -> None:
    database.write(lambda tx: meta.keep(tx, "a", "x")).result()
    with locked_by_another(url):
        database.write(lambda tx: meta.keep(tx, "a", "y")).exception(20)
        refused = database.write(lambda tx: meta.keep(tx, "a", "z"))
        assert refused.done()
        assert refusal(refused.exception()) == "locked"
        assert database.read(lambda tx: meta.value(tx, "a")) == "x"


def test_it_is_back_at_work_by_itself(database: Database, url: str) -> None:
    with locked_by_another(url):
        database.write(lambda tx: meta.keep(tx, "a", "x")).exception(20)
    eventually(lambda: database.health().ok)
    database.write(lambda tx: meta.keep(tx, "a", "y")).result()
    assert database.read(lambda tx: meta.value(tx, "a")) == "y"
    assert database.read(lambda tx: meta.value(tx, "probe")) is None


def test_a_short_lock_is_waited_for(database: Database, url: str) -> None:
    with locked_by_another(url):
        future = database.write(lambda tx: meta.keep(tx, "a", "x"))
    future.result(20)


def test_it_can_be_closed_while_it_lasts(database: Database, url: str) -> None:
    with locked_by_another(url):
        database.write(lambda tx: meta.keep(tx, "a", "x")).exception(20)
        database.close()
    assert database.health().reason == "closed"
