"""An outside scheduler asks for polls: those that are due, or everybody; never a storm."""

from concurrent.futures import Future
from typing import Any

import pytest

from actors.messages import SweepPolls
from actors.sweeper import JUST_NOW, Swept
from storage import connections
from tests.actors.world import ADA, GRACE, World
from tests.fakes.platform import reply


def sweep(world: World, *, everyone: bool = False) -> Swept:
    told: Future[Any] = Future()
    assert world.directory.sweeper is not None
    world.directory.sweeper.tell(SweepPolls("tiny", everyone, told))
    for _ in range(100):
        world.settle()
        if told.done():
            break
        world.pass_time(1)
    result: Swept = told.result(timeout=0)
    return result


def polls(world: World) -> int:
    return world.far.count("/api/items")


def test_whose_time_has_come_is_polled_and_nobody_else(world: World) -> None:
    world.far.hooks = False
    world.connect()
    world.connect(GRACE)
    before = polls(world)
    world.database.write(lambda tx: connections.update(tx, ADA, next_poll=world.clock.now() - 1)).result()

    swept = sweep(world)

    assert (swept.looked_at, swept.told, swept.skipped) == (2, 1, {"not_due": 1})
    assert polls(world) == before + 1


def test_a_healthy_hook_is_left_its_slow_safety_poll(world: World) -> None:
    world.connect()
    world.arrive("d1")
    world.pass_time(3600)
    before = polls(world)

    assert sweep(world).skipped == {"not_due": 1}
    assert polls(world) == before


def test_everybody_is_polled_when_asked_but_those_who_just_were(world: World) -> None:
    world.far.hooks = False
    world.connect()
    before = polls(world)
    assert sweep(world, everyone=True).skipped == {"just_polled": 1}
    assert polls(world) == before

    world.pass_time(JUST_NOW)
    assert sweep(world, everyone=True).told == 1
    assert polls(world) == before + 1
    assert sweep(world, everyone=True).told == 0


def test_one_that_failed_keeps_to_its_own_time(world: World) -> None:
    world.far.hooks = False
    world.connect()
    world.pass_time(JUST_NOW)
    world.far.answers = [reply(503, {})]
    sweep(world, everyone=True)
    before = polls(world)

    assert sweep(world, everyone=True).skipped == {"put_off": 1}
    assert polls(world) == before


def test_a_platform_that_takes_no_calls_ends_the_sweep(world: World) -> None:
    world.far.hooks = False
    world.connect()
    world.pass_time(JUST_NOW)
    world.lanes.pause("tiny", 3600.0)

    swept = sweep(world, everyone=True)

    assert swept.told == 0
    assert swept.held_up_for is not None
    assert swept.held_up_for > 3500


def test_a_poll_for_a_scheduler_is_no_order_of_a_users(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks to see what there is now has everything read; this one reads what its turn would have read."""
    world.far.hooks = False
    world.far.items = [7]
    world.connect()
    world.pass_time(JUST_NOW)
    asked_after: list[str] = []
    monkeypatch.setattr(world.platform, "sparing", ("items",))
    monkeypatch.setattr(world.far, "_items", lambda call: asked_after.append(call.params["after"]) or [])

    sweep(world, everyone=True)

    assert asked_after == ["7"]
