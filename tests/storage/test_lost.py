"""PostgreSQL going away and coming back: under an idle service, in a unit, and in the middle of a commit."""

from collections.abc import Iterator

import psycopg
import pytest
from structlog.testing import capture_logs

from storage import events, meta
from storage.database import Database
from storage.records import Draft, Event
from storage.transaction import Transaction
from tests.fakes.postgres import PostgresServer
from tests.fakes.relay import Relay
from tests.storage.gathering import eventually, refusal


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.writer.PROBE_EVERY", 0.1)


@pytest.fixture
def empty(postgres: PostgresServer) -> Iterator[str]:
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def relay(postgres: PostgresServer) -> Iterator[Relay]:
    relay = Relay(postgres.port)
    yield relay
    relay.close()


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def through_relay(postgres: PostgresServer, relay: Relay, empty: str, told: list[Event]) -> Iterator[Database]:
    database = Database.open(empty.replace(f":{postgres.port}/", f":{relay.port}/"), publish=told.extend)
    yield database
    database.close()


def append(tx: Transaction) -> list[Event]:
    return events.append(tx, "ada", [Draft("a")], 1.0)


def test_a_server_that_stops_and_starts_again(postgres: PostgresServer, empty: str, told: list[Event]) -> None:
    database = Database.open(empty, publish=told.extend)
    database.write(append).result()
    database.read(lambda tx: events.bounds(tx, "ada"))
    postgres.stop()
    try:
        assert refusal(database.write(append).exception(20)) == "lost"
        assert (database.health().ok, database.health().reason) == (False, "lost")
        assert refusal(database.write(append).exception(0)) == "lost"
        with pytest.raises(Exception, match="lost"):
            database.read(lambda tx: events.bounds(tx, "ada"))
    finally:
        postgres.start()
    eventually(lambda: database.health().ok)
    assert database.write(append).result()[0].offset == 2
    assert database.read(lambda tx: events.bounds(tx, "ada")) == (1, 2)
    assert [event.offset for event in told] == [1, 2]
    database.close()


def test_a_server_that_only_readers_miss_is_said_to_be_gone_too(postgres: PostgresServer, empty: str) -> None:
    database = Database.open(empty)
    postgres.stop()
    try:
        with pytest.raises(Exception, match="lost"):
            database.read(lambda tx: events.bounds(tx, "ada"))
        eventually(lambda: database.health().reason == "lost")
    finally:
        postgres.start()
    eventually(lambda: database.health().ok)
    database.close()


def test_connections_that_died_while_nobody_used_them_are_nobodys_trouble(empty: str) -> None:
    database = Database.open(empty)
    database.write(append).result()
    database.read(lambda tx: events.bounds(tx, "ada"))
    with psycopg.connect(empty, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'soulwire'")
    assert database.write(append).result()[0].offset == 2
    assert database.read(lambda tx: events.bounds(tx, "ada")) == (1, 2)
    assert database.health().ok
    database.close()


def test_a_unit_that_the_connection_died_under_is_run_again(empty: str, told: list[Event]) -> None:
    database = Database.open(empty, publish=told.extend)
    runs: list[int] = []

    def unit(tx: Transaction) -> list[Event]:
        appended = append(tx)
        runs.append(appended[0].offset)
        if len(runs) == 1:
            (pid,) = tx.one("SELECT pg_backend_pid()")
            with psycopg.connect(empty, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        tx.one("SELECT 1")
        return appended

    assert database.write(unit).result()[0].offset == 1
    assert runs == [1, 1]
    assert [event.offset for event in told] == [1]
    database.close()


def test_a_commit_that_was_never_answered_but_happened_is_told_afterwards(
    through_relay: Database, relay: Relay, told: list[Event]
) -> None:
    relay.cut_at(b"COMMIT", let_through=True)
    with capture_logs() as logs:
        assert refusal(through_relay.write(append).exception(20)) == "lost"
        assert relay.cut.is_set()
        eventually(lambda: through_relay.health().ok)
    assert [event.offset for event in told] == [1]
    assert told == through_relay.read(lambda tx: events.since(tx, "ada", 0, 9))
    assert [entry["happened"] for entry in logs if entry["event"] == "doubt_settled"] == [True]
    assert through_relay.write(append).result()[0].offset == 2


def test_a_commit_that_the_server_never_heard_of_is_not_told(
    through_relay: Database, relay: Relay, told: list[Event]
) -> None:
    relay.cut_at(b"COMMIT", let_through=False)
    assert refusal(through_relay.write(append).exception(20)) == "lost"
    eventually(lambda: through_relay.health().ok)
    assert told == []
    assert through_relay.read(lambda tx: events.since(tx, "ada", 0, 9)) == []
    assert through_relay.write(append).result()[0].offset == 1


def test_a_commit_in_doubt_without_events_leaves_what_it_did(through_relay: Database, relay: Relay) -> None:
    relay.cut_at(b"COMMIT", let_through=True)
    assert refusal(through_relay.write(lambda tx: meta.keep(tx, "a", "x")).exception(20)) == "lost"
    eventually(lambda: through_relay.health().ok)
    assert through_relay.read(lambda tx: meta.value(tx, "a")) == "x"
