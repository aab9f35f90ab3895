"""Whatever made a timer miss it: a token that should have been refreshed is, at the latest with the next sweep."""

from concurrent.futures import Future
from typing import Any

from actors.messages import HaltChild, SweepTokens
from actors.sweeper import EVERY, PAGE, Swept
from storage import connections
from storage.records import ConnectionKey
from tests.actors.world import ADA, GRACE, World
from tests.fakes.platform import reply


def sweep(world: World) -> Swept:
    told: Future[Any] = Future()
    assert world.directory.sweeper is not None
    world.directory.sweeper.tell(SweepTokens(told))
    while not told.done():
        world.pass_time(1)
    result: Swept = told.result()
    return result


def refreshes(world: World) -> int:
    return world.far.count("/token") - 1


def test_a_wall_clock_that_jumps_ahead_leaves_no_token_to_expire(world: World) -> None:
    world.connect()
    world.arrive("d1")  # a healthy hook: no poll renews it
    world.clock.jump(3600 - 300)
    assert refreshes(world) == 0

    world.pass_time(EVERY)

    assert refreshes(world) == 1
    assert world.row().token_expires_at == world.clock.now() + 3600


def test_a_timer_that_never_came_is_made_up_for(world: World) -> None:
    world.connect()
    world.arrive("d1")
    for timer in list(world.clock._heap):  # all that waits is lost, but for the sweeper's own
        if "SweepTokens" not in repr(timer.do):
            timer.cancel()

    world.pass_time(3600 - 600 + EVERY)

    assert refreshes(world) == 1


def test_it_says_what_it_looked_at_and_whom_it_told(world: World) -> None:
    world.connect()
    assert sweep(world) == Swept(0, 0, {}, 0, None)

    world.clock.jump(3600)

    assert sweep(world) == Swept(1, 1, {}, 0, None)
    assert refreshes(world) == 1


def test_one_that_an_administrator_stopped_stays_so(world: World) -> None:
    world.connect()
    assert world.directory.supervisor is not None
    world.directory.supervisor.tell(HaltChild(ADA))
    world.settle()
    world.clock.jump(3600)

    assert sweep(world).skipped == {"stopped": 1}
    assert refreshes(world) == 0


def test_one_whose_refresh_failed_keeps_to_its_own_time(world: World) -> None:
    world.connect()
    world.clock.jump(3000)
    world.far.answers = [reply(503, {})] * 2
    sweep(world)
    calls = world.far.count("/token")

    assert sweep(world).skipped == {"put_off": 1}
    assert world.far.count("/token") == calls
    world.far.answers = []
    world.pass_time(60)
    assert world.far.count("/token") == calls + 1


def test_one_without_an_actor_gets_one(world: World) -> None:
    world.connect()
    world.crash()
    world.start()
    entry = world.directory.entry(ADA)
    entry.ref = None
    world.clock.jump(3600)

    assert sweep(world).told == 1
    assert refreshes(world) == 1


def test_many_are_told_page_by_page_with_a_breath_between(world: World) -> None:
    world.connect()
    now = world.clock.now()

    def others(tx: Any) -> None:
        for number in range(PAGE + 10):
            key = ConnectionKey(f"user-{number:05}", "unheard-of")
            connections.create(tx, key, now)
            connections.update(tx, key, status="connected", refresh_due_at=now - 100_000 + number // 3)

    world.database.write(others, deadline=60).result()
    world.clock.jump(3600)

    swept = sweep(world)

    assert swept.looked_at == PAGE + 11
    assert swept.skipped == {"not_configured": PAGE + 10}
    assert swept.told == 1


def test_two_who_ask_at_once_share_one_sweep(world: World) -> None:
    world.connect()
    world.connect(GRACE)
    world.clock.jump(3600)
    one: Future[Any] = Future()
    other: Future[Any] = Future()
    assert world.directory.sweeper is not None

    world.directory.sweeper.tell(SweepTokens(one))
    world.directory.sweeper.tell(SweepTokens(other))
    world.pass_time(5)

    assert one.result() == other.result()
    assert one.result().told == 2


def test_a_sweep_that_the_database_fails_is_not_the_last(world: World, monkeypatch: Any) -> None:
    world.connect()
    world.arrive("d1")
    world.clock.jump(3600)
    with monkeypatch.context() as broken:
        broken.setattr("storage.sweeps.overdue", lambda *_: 1 / 0)
        world.pass_time(EVERY)
    assert refreshes(world) == 0

    world.pass_time(EVERY)

    assert refreshes(world) == 1
