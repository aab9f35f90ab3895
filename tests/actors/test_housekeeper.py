"""What is past keeping goes, in pieces, and goes on going."""

from pathlib import Path
from typing import Any

import pytest

from actors import housekeeper
from actors.clock import VirtualClock
from actors.housekeeper import EVERY, Housekeeper
from actors.pool import InlineExecutor
from storage import connections, deliveries, events, revocations
from storage.database import Database
from storage.records import ConnectionKey, Delivery, Draft


@pytest.fixture
def kept(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = Database.open(f"sqlite:///{tmp_path / 'kept.db'}", durability="normal")
    executor = InlineExecutor()
    clock = VirtualClock(settle=executor.run_until_idle)
    keeper = Housekeeper.start(executor, clock, database, retention=3600.0, most_events=100, delivery_retention=7200.0)
    keeper.tell(None)
    yield clock, database
    database.close()


def count(database: Database) -> tuple[int, int]:
    def query(tx: Any) -> tuple[int, int]:
        return len(events.since(tx, "ada", 0, 10_000)), len(deliveries.page(tx, limit=10_000))

    return database.read(query)


def fill(clock: VirtualClock, database: Database, number: int) -> None:
    key = ConnectionKey("ada", "github")

    def unit(tx: Any) -> None:
        for one in range(number):
            events.append(tx, "ada", [Draft("told", {})], clock.now())
            row = deliveries.add(tx, Delivery(key, f"d{one}", "push", b"{}", clock.now()))
            assert row is not None
            deliveries.finish_all(tx, [row], clock.now())

    database.write(unit).result()


def test_what_is_past_keeping_goes_however_much_it_is(
    kept: tuple[VirtualClock, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeper, "PIECE", 7)
    clock, database = kept
    fill(clock, database, 50)

    clock.advance(3600 - 1)
    assert count(database) == (50, 50)
    clock.advance(EVERY + 2)
    assert count(database) == (0, 50)
    clock.advance(7200)
    assert count(database) == (0, 0)


def test_a_round_that_fails_is_not_the_last(
    kept: tuple[VirtualClock, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, database = kept
    fill(clock, database, 5)
    with monkeypatch.context() as broken:
        broken.setattr(events, "prune", lambda *_: 1 / 0)
        clock.advance(EVERY + 1)

    clock.advance(2 * 7200)

    assert count(database) == (0, 0)


def test_revocations_go_when_their_tokens_have_expired(kept) -> None:  # type: ignore[no-untyped-def]
    clock, database = kept
    database.write(lambda tx: revocations.revoke_token(tx, "ada", "one", clock.now() + 60)).result()
    clock.advance(EVERY)
    assert database.read(revocations.everything).tokens == {}


def test_a_connect_that_a_crash_cut_off_is_cleared_away(kept: tuple[VirtualClock, Database]) -> None:
    clock, database = kept
    key = ConnectionKey("ada", "github")
    database.write(lambda tx: connections.create(tx, key, clock.now())).result()

    clock.advance(1800.0)
    assert database.read(lambda tx: connections.get(tx, key)) is not None
    clock.advance(3600.0)
    assert database.read(lambda tx: connections.get(tx, key)) is None
