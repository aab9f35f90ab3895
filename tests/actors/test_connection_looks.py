"""How often hooks are looked at: seldom while they ring, for a look costs calls, and soon when they don't."""

from itertools import pairwise

import pytest

from actors.operations.hook import LOOK_AGAIN
from actors.platforms.base import RENEW_WITHIN
from storage.records import Hook
from tests.actors.world import World


@pytest.fixture
def world(world: World) -> World:
    world.far.expires_in = None
    return world


def looked_at(world: World, days: int, ring: bool) -> list[int]:
    """On which of so many days hooks were looked at."""
    days_of_looks: list[int] = []
    register = world.platform.register
    began = world.clock.now()

    def counted(*given):  # type: ignore[no-untyped-def]
        days_of_looks.append(int((world.clock.now() - began) // LOOK_AGAIN))
        return register(*given)

    world.platform.register = counted  # type: ignore[method-assign]
    for half in range(2 * days):
        if ring:
            world.arrive(f"{began} {half}")
        world.pass_time(LOOK_AGAIN / 2)
    return days_of_looks


def test_hooks_that_ring_are_looked_at_every_third_day(world: World) -> None:
    world.connect()
    days = looked_at(world, 12, ring=True)
    assert len(days) == 4
    assert {later - earlier for earlier, later in pairwise(days)} == {3}


def test_hooks_that_fell_silent_are_looked_at_within_the_next_day(world: World) -> None:
    world.connect()
    looked_at(world, 2, ring=True)
    assert looked_at(world, 3, ring=False)[:2] in ([0, 1], [1, 2])


def test_one_that_is_to_be_renewed_is_looked_at_however_often_it_rings(world: World) -> None:
    ends: list[float] = []

    def register(_account, _url, known, new_secret, now):  # type: ignore[no-untyped-def]
        yield from ()
        if known and known[0].expires_at - now > RENEW_WITHIN:
            return known
        ends.append(now + 7 * LOOK_AGAIN)
        return [Hook("hook-1", "everything", new_secret(), ends[-1])]

    world.platform.register = register  # type: ignore[method-assign]
    world.connect()
    began = world.clock.now()
    looked_at(world, 20, ring=True)

    assert 2 <= len(ends) - 1 <= 4
    assert all(later - 7 * LOOK_AGAIN < earlier - LOOK_AGAIN / 2 for earlier, later in pairwise(ends))
    assert ends[-1] > began + 20 * LOOK_AGAIN


def test_where_the_platform_wants_it_daily_it_is_daily(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.platform), "hooks_daily", True)
    world.connect()
    assert len(looked_at(world, 6, ring=True)) == 6
