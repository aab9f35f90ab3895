import pytest

from tests.actors.world import World

HOUR = 3600.0


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_wall_clock_that_jumps_neither_hurries_nor_holds_up_a_poll(world: World, jump: float) -> None:
    world.far.hooks = False
    world.connect()
    due = world.row().next_poll
    assert due is not None
    polls = world.far.count("/api/items")
    world.clock.jump(jump)

    world.pass_time(due - world.clock.now() + jump - 1)
    assert world.far.count("/api/items") == polls
    world.pass_time(2)
    assert world.far.count("/api/items") == polls + 1


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_token_is_renewed_in_time_though_the_wall_clock_jumped(world: World, jump: float) -> None:
    world.connect()
    world.arrive("d1")  # a healthy hook: no poll that could be what renews it
    world.clock.jump(jump)

    world.pass_time(3000)

    assert world.far.number == 2
