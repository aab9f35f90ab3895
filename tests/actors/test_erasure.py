"""A user who goes leaves nothing behind: not at the platforms, not here, whatever interrupts it."""

from concurrent.futures import Future
from itertools import count
from typing import Any

import pytest

from actors import eraser
from actors.eraser import AGAIN, PATIENCE, ROUNDS
from actors.messages import Erase, HaltChild
from actors.platforms.failures import PlatformDown
from storage import connections, data, erasures, events
from storage.database import StorageUnavailable
from storage.models import ALL
from storage.records import ConnectionKey, Draft, Item
from tests.actors.world import ADA, GRACE, World


def erase(world: World, user: str = "ada") -> "Future[int]":
    reply: Future[int] = Future()
    assert world.directory.eraser is not None
    world.directory.eraser.tell(Erase(user, reply))
    return reply


def rows(world: World, user: str = "ada") -> dict[str, int]:
    """Per table, how many rows of theirs there are."""
    tables = [model._meta.table_name for model in ALL if "user_id" in model._meta.columns]
    found = {
        table: world.database.read(lambda tx, t=table: tx.one(f"SELECT count(*) FROM {t} WHERE user_id = ?", user)[0])
        for table in tables
    }
    return {table: number for table, number in found.items() if number}


def test_everything_of_theirs_goes_and_nothing_of_anybody_elses(world: World) -> None:
    world.far.items = [1, 2, 3]
    world.connect()
    world.arrive("d1", number=9)
    world.connect(GRACE)
    hers = rows(world, "grace")

    reply = erase(world)
    world.settle()

    assert reply.result(timeout=0) > 5
    assert set(rows(world)) == {"sequences"}
    assert rows(world, "grace") == hers
    assert world.directory.get(ADA) is None
    assert ("DELETE", "/api/hooks/hook-1") in world.far.calls


def test_an_old_cursor_is_never_believed_again(world: World) -> None:
    world.connect()
    (_, before) = world.database.read(lambda tx: events.bounds(tx, "ada"))
    erase(world)
    world.settle()

    world.database.write(lambda tx: events.append(tx, "ada", [Draft("anew")], 0.0)).result()

    lowest, head = world.database.read(lambda tx: events.bounds(tx, "ada"))
    assert before < lowest - 1
    assert [one.offset for one in world.database.read(lambda tx: events.since(tx, "ada", 0, 9))] == [head] == [lowest]


def test_it_is_done_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eraser, "PIECE", 7)
    world.connect()
    items = [Item("things", str(number), {}) for number in range(50)]
    world.database.write(lambda tx: data.add(tx, ADA, items, 0.0)).result()
    pieces: list[int] = []
    drop = erasures.drop
    monkeypatch.setattr(erasures, "drop", lambda *given: pieces.append(drop(*given)) or pieces[-1])

    reply = erase(world)
    world.settle()

    assert max(pieces) <= 7
    assert sum(pieces) == reply.result(timeout=0) >= 50
    assert pieces[-1] == 0


@pytest.mark.parametrize("commits", range(1, 20))
def test_a_crash_after_any_commit_only_interrupts_it(
    world: World, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    monkeypatch.setattr(eraser, "PIECE", 5)
    world.far.items = list(range(1, 30))
    world.connect()
    made, write = count(), world.database.write

    def until_the_end(unit: Any, **more: Any) -> Any:
        if next(made) >= commits:
            raise StorageUnavailable("closed")
        return write(unit, **more)

    monkeypatch.setattr(world.database, "write", until_the_end)
    erase(world)
    world.settle()
    world.crash()

    world.start()
    world.pass_time(PATIENCE + AGAIN)

    assert set(rows(world)) == {"sequences"}
    assert world.database.read(erasures.begun) == []


def test_it_can_be_asked_for_again_and_while_it_runs(world: World) -> None:
    world.connect()
    first, second = erase(world), erase(world)
    world.settle()
    assert first.result(timeout=0) == second.result(timeout=0) > 0

    third = erase(world)
    world.settle()

    assert third.result(timeout=0) == 0


def test_a_user_whom_nobody_knows_is_gone_already(world: World) -> None:
    reply = erase(world, "nobody")
    world.settle()
    assert reply.result(timeout=0) == 0


def test_one_that_an_administrator_stopped_parts_all_the_same(world: World) -> None:
    world.connect()
    assert world.directory.supervisor is not None
    world.directory.supervisor.tell(HaltChild(ADA))
    world.settle()

    reply = erase(world)
    world.settle()

    assert reply.result(timeout=0) > 0
    assert ("DELETE", "/api/hooks/hook-1") in world.far.calls


def test_a_platform_that_is_down_does_not_keep_them(world: World) -> None:
    world.connect()
    world.far.answers = [PlatformDown("503")] * 20

    reply = erase(world)
    world.pass_time(ROUNDS * (PATIENCE + AGAIN))

    assert reply.result(timeout=0) > 0
    assert set(rows(world)) == {"sequences"}


def test_a_platform_that_never_answers_is_given_up_in_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    monkeypatch.setattr(world.lanes, "submit", lambda *_: None)

    reply = erase(world)
    world.pass_time(PATIENCE)
    assert not reply.done()
    world.pass_time(ROUNDS * (PATIENCE + AGAIN))

    assert reply.result(timeout=0) > 0
    assert set(rows(world)) == {"sequences"}
    assert world.directory.ref(ADA) is None


def test_a_connection_on_a_platform_that_is_not_configured_any_more_goes_too(world: World) -> None:
    key = ConnectionKey("ada", "gone")

    def unit(tx: Any) -> None:
        connections.create(tx, key, 0.0)
        connections.update(tx, key, status="connected")

    world.database.write(unit).result()

    reply = erase(world)
    world.settle()

    assert reply.result(timeout=0) > 0
    assert set(rows(world)) == {"sequences"}


def test_while_the_database_cannot_be_written_nothing_is_begun_and_nothing_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise StorageUnavailable("full")

    world.connect()
    with monkeypatch.context() as broken:
        broken.setattr(erasures, "drop", fail)
        reply = erase(world)
        world.pass_time(10 * AGAIN)
        assert not reply.done()

    world.pass_time(AGAIN)

    assert reply.result(timeout=0) > 0
