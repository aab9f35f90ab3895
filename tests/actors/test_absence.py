"""After the service was away, connections look for what they missed: only those who missed anything, and each of them
until it is stored, whatever comes in between."""

from collections.abc import Generator
from typing import Any

import pytest

from actors.absence import PATIENCE, Absence, missed
from actors.clock import VirtualClock
from actors.messages import Disconnect, Poll
from actors.platforms.base import Answer, Call
from actors.platforms.discord import Discord
from actors.platforms.failures import CallFailed
from actors.platforms.github import GitHub
from actors.platforms.gmail import Gmail
from actors.platforms.google_calendar import GoogleCalendar
from actors.platforms.slack import Slack
from actors.platforms.youtube import YouTube
from actors.state import ConnectionState
from storage import meta
from storage.database import StorageUnavailable
from storage.records import Hook
from tests.actors.world import ADA, World
from tests.fakes.platform import HOST

MINUTE, HOUR = 60.0, 3600.0


def kept(world: World, name: str) -> str | None:
    """Once all that was written before is committed."""
    world.database.write(lambda tx: None).result()
    return world.database.read(lambda tx: meta.value(tx, name))


def away(world: World, seconds: float) -> None:
    world.database.write(lambda tx: None).result()
    world.crash()
    world.clock = VirtualClock(world.clock.now() + seconds)
    world.start()


def polls(world: World) -> int:
    return world.far.count("/api/items")


@pytest.fixture
def healthy(world: World) -> World:
    """Its webhook was heard, so that the next poll is half a day away."""
    world.connect()
    world.arrive("d1")
    world.order(ADA, lambda reply: Poll(reply))
    world.pass_time(MINUTE)
    return world


@pytest.fixture
def asking(healthy: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The platform sends again what it is asked for, and polls keep their pace."""

    def ask_again(_self: Any, hook: Hook, since: float) -> Generator[Call, Answer, int]:
        yield Call("POST", f"{HOST}/api/again", params={"since": since})
        return 2

    monkeypatch.setattr(type(healthy.platform), "ask_again", ask_again)
    monkeypatch.setattr(type(healthy.platform), "push_suffices", False)
    return healthy


# -- who has missed anything ------------------------------------------------------------------------


def test_after_an_absence_that_the_platform_bridges_nothing_is_looked_for(
    healthy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(healthy.platform), "sends_again_for", 240.0)
    before = polls(healthy)
    away(healthy, 2 * MINUTE)
    healthy.pass_time(10 * MINUTE)
    assert polls(healthy) == before

    away(healthy, 5 * MINUTE)
    healthy.pass_time(10 * MINUTE)
    assert polls(healthy) == before + 1


def test_where_stored_webhooks_may_have_gone_with_the_machine_the_shortest_absence_counts(
    healthy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were answered as taken, and aren't sent again."""
    monkeypatch.setattr(type(healthy.platform), "sends_again_for", 240.0)
    before = polls(healthy)
    healthy.database.write(meta.new_epoch).result()
    away(healthy, MINUTE)
    healthy.pass_time(MINUTE)
    assert polls(healthy) == before + 1


@pytest.mark.parametrize(
    ("platform", "seconds", "asks_and_polls"),
    [
        (GitHub, 5.0, (True, False)),
        (Gmail, 500.0, None),
        (Gmail, 700.0, (False, True)),
        (Slack, 200.0, None),
        (Slack, 300.0, (False, True)),
        (GoogleCalendar, 5.0, (False, True)),
        (YouTube, 7200.0, None),
        (Discord, 7200.0, None),
    ],
)
def test_what_each_platform_makes_necessary(platform: Any, seconds: float, asks_and_polls: Any) -> None:
    found = missed(platform.__new__(platform), Absence(since=1000.0, length=seconds))
    assert (found and (found.asks, found.polls)) == asks_and_polls


def test_where_a_poll_would_not_find_it_the_platform_is_asked_to_send_it_again_and_nothing_else(asking: World) -> None:
    before, due, left_at = polls(asking), asking.row().next_poll, asking.clock.now()
    asked: list[float] = []
    send = asking.far.send

    def spy(call: Call, *rest: Any) -> Answer:
        if call.url.endswith("/api/again"):
            asked.append(call.params["since"])
        return send(call, *rest)

    asking.far.send = spy  # type: ignore[method-assign]
    away(asking, MINUTE)
    asking.pass_time(5 * MINUTE)

    assert polls(asking) == before
    assert asking.row().next_poll == due
    (since,) = asked
    assert since <= left_at
    assert asking.directory.heals.counts() == {("tiny", "asked_again"): 2}


def test_what_the_first_poll_finds_is_counted_and_what_later_ones_find_is_not(healthy: World) -> None:
    away(healthy, HOUR)
    healthy.far.items = [1, 2, 3]
    healthy.pass_time(5 * MINUTE)
    healthy.far.items = [1, 2, 3, 4]
    healthy.order(ADA, lambda reply: Poll(reply))

    assert healthy.items() == ["1", "2", "3", "4"]
    assert healthy.directory.heals.counts() == {("tiny", "found"): 3}


# -- until it is stored -----------------------------------------------------------------------------


def test_an_absence_is_remembered_until_what_was_found_is_committed(
    healthy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = ConnectionState.change

    def fails_once(self: Any, unit: Any) -> Any:
        if not unit.__qualname__.startswith("_Poll.end"):
            return change(self, unit)
        monkeypatch.setattr(ConnectionState, "change", change)
        raise StorageUnavailable("lost")

    away(healthy, HOUR)
    healthy.far.items = [1]
    monkeypatch.setattr(ConnectionState, "change", fails_once)
    healthy.order(ADA, lambda reply: Poll(reply))
    assert healthy.directory.heals.missed(ADA) is not None
    healthy.pass_time(MINUTE)

    assert healthy.items() == ["1"]
    assert healthy.directory.heals.missed(ADA) is None
    assert healthy.directory.heals.counts() == {("tiny", "found"): 1}


def test_an_actor_that_fails_while_it_looks_is_followed_by_one_that_looks(healthy: World) -> None:
    away(healthy, HOUR)
    healthy.far.items = "broken"
    healthy.order(ADA, lambda reply: Poll(reply))
    healthy.far.items = [1]
    healthy.pass_time(5 * MINUTE)

    assert healthy.status().restarts == 1
    assert healthy.items() == ["1"]


def test_a_process_that_ends_before_all_have_looked_leaves_the_absence_to_the_next(healthy: World) -> None:
    left_at = float(kept(healthy, meta.ALIVE_AT) or 0)
    away(healthy, 5 * HOUR)
    healthy.lanes.pause("tiny", HOUR)
    healthy.pass_time(10 * MINUTE)
    away(healthy, 1.0)

    waiting = healthy.directory.heals.missed(ADA)
    assert waiting is not None
    assert waiting.since == left_at
    healthy.pass_time(MINUTE)
    away(healthy, 1.0)
    waiting = healthy.directory.heals.missed(ADA)
    assert waiting is not None
    assert waiting.since > left_at, "the longer one was over"


def test_one_who_can_never_look_keeps_the_absence_of_nobody_alive_for_ever(healthy: World) -> None:
    away(healthy, HOUR)
    healthy.lanes.pause("tiny", 10 * PATIENCE)
    healthy.pass_time(PATIENCE + HOUR)
    assert kept(healthy, meta.AWAY_SINCE) is None


def test_who_leaves_has_nothing_to_look_for(healthy: World) -> None:
    away(healthy, HOUR)
    healthy.order(ADA, lambda reply: Disconnect(reply=reply))
    assert healthy.directory.heals.missed(ADA) is None


def test_asking_that_fails_is_tried_again_and_then_all_is_well(asking: World) -> None:
    away(asking, 10 * MINUTE)
    asking.far.answers = [CallFailed("timeout", "silent")]
    asking.pass_time(10 * MINUTE)

    assert asking.far.count("/api/again") == 2
    assert asking.row().error_message is None
    assert asking.directory.heals.missed(ADA) is None
