"""A grant that ends by itself is announced 14, 3 and 1 days ahead, once each, whatever happens in between."""

from typing import Any

import pytest

from actors.notices import next_notice
from actors.sweeper import EVERY
from storage.records import iso
from tests.actors.world import World
from tests.fakes.platform import reply

DAY = 86_400.0


def connect(world: World, days: float) -> float:
    """To a platform that lets a grant live so long; when it ends."""
    world.far.expires_in = None
    world.platform.grant_lifetime = days * DAY
    world.connect()
    ends = world.row().reauth_due_at
    assert ends is not None
    return ends


def notices(world: World) -> list[dict[str, Any]]:
    return world.events("ada", "notification")


def levels(world: World) -> list[str]:
    return [one["level"] for one in notices(world)]


def pass_until(world: World, at: float) -> None:
    world.pass_time(at - world.clock.now())


def test_it_is_told_three_times_each_more_urgent(world: World) -> None:
    ends = connect(world, 15)

    pass_until(world, ends - 14 * DAY - 1)
    assert levels(world) == []
    world.pass_time(EVERY + 1)
    assert levels(world) == ["info"]
    pass_until(world, ends - 3 * DAY - 1)
    assert levels(world) == ["info"]
    world.pass_time(EVERY + 1)
    assert levels(world) == ["info", "warning"]
    pass_until(world, ends - DAY + EVERY)
    assert levels(world) == ["info", "warning", "error"]
    pass_until(world, ends - EVERY)
    assert levels(world) == ["info", "warning", "error"]


def test_it_says_what_when_and_where_to_go(world: World) -> None:
    ends = connect(world, 15)
    pass_until(world, ends - 14 * DAY + EVERY)

    (told,) = notices(world)

    assert told["title"] == "Tiny wants to be connected again in 14 days"
    assert told["message"] == told["title"]
    assert told["reconnect_url"] == "https://soulwire.example/api/oauth/tiny/connect"
    assert told["reauth_due_at"] == iso(ends)
    assert (told["source"], told["persistent"], told["platform"]) == ("system", True, "tiny")
    assert told["id"]


def test_a_restart_tells_nothing_twice_and_forgets_nothing(world: World) -> None:
    ends = connect(world, 15)
    pass_until(world, ends - 14 * DAY + EVERY)
    world.crash()
    world.start()
    world.pass_time(3 * EVERY)
    assert levels(world) == ["info"]

    world.crash()
    world.clock.jump(12 * DAY)  # the service was away for both
    world.start()
    world.pass_time(2 * EVERY)
    assert levels(world) == ["info", "warning"]


def test_of_several_that_were_missed_the_last_says_it_all(world: World) -> None:
    ends = connect(world, 15)
    world.crash()
    world.clock.jump(ends - DAY / 2 - world.clock.now())
    world.start()
    world.pass_time(2 * EVERY)

    assert levels(world) == ["error"]


def test_a_grant_of_a_week_is_not_announced_the_day_it_is_given(world: World) -> None:
    ends = connect(world, 7)
    world.pass_time(DAY)
    assert levels(world) == []
    pass_until(world, ends - 3 * DAY + EVERY)
    assert levels(world) == ["warning"]


def test_whoever_connects_again_is_left_in_peace(world: World) -> None:
    ends = connect(world, 30)
    pass_until(world, ends - 14 * DAY + EVERY)
    world.connect()
    pass_until(world, ends)

    assert levels(world) == ["info"]
    later = world.row().reauth_due_at
    assert later is not None
    assert later > ends
    pass_until(world, later - 3 * DAY + EVERY)
    assert levels(world) == ["info", "info", "warning"]


def test_a_refresh_that_moves_the_end_by_a_little_announces_nothing_anew(world: World) -> None:
    world.platform.grant_lifetime = 15 * DAY
    world.far.expires_in = 3600.0
    world.connect()
    ends = world.row().reauth_due_at
    assert ends is not None
    pass_until(world, ends - 14 * DAY + EVERY)
    assert world.far.number > 2

    world.pass_time(5 * DAY)

    assert levels(world) == ["info"]


@pytest.mark.parametrize(
    ("ends", "now", "expected"),
    [
        (None, 0.0, None),
        (30.0, 0.0, 16.0),
        (30.0, 16.0, 27.0),
        (30.0, 28.0, 29.0),
        (30.0, 29.5, 30.0),
        (30.0, 30.0, None),
    ],
)
def test_which_comes_next(ends: float | None, now: float, expected: float | None) -> None:
    assert next_notice(ends and ends * DAY, now * DAY) == (expected and expected * DAY)


def test_one_that_cannot_be_renewed_needs_reauth_when_it_ends_not_at_its_next_poll(world: World) -> None:
    world.far.answers = [reply(200, {"access": "access-1", "expires_in": 15 * DAY})]
    world.connect()
    world.arrive("d1")  # a healthy hook: hours lie between two polls
    ends = world.row().reauth_due_at
    assert ends == world.row().token_expires_at
    assert ends is not None
    pass_until(world, ends - 200)
    assert world.row().status == "connected"

    pass_until(world, ends + EVERY)

    assert (world.row().status, world.row().reason) == ("needs_reauth", "expired_by_age")
    assert levels(world) == ["info", "warning", "error"]
