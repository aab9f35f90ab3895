from collections.abc import Generator

import pytest

from actors.messages import Poll
from actors.operations.poll import PollDone
from actors.platforms.base import Answer, Call, Page, Reading
from actors.platforms.failures import CallFailed, RateLimited
from storage import connections
from storage.records import ConnectionKey
from tests.actors.world import ADA, World
from tests.fakes.platform import reply

HALF_AN_HOUR = 1800


def without_hook(world: World) -> None:
    world.far.hooks = False


def test_it_polls_at_its_interval_and_tells_only_what_is_new(world: World) -> None:
    without_hook(world)
    world.far.items = [1, 2]
    world.connect()
    world.far.items = [1, 2, 3]

    world.pass_time(2 * HALF_AN_HOUR)

    assert [e["count"] for e in world.events("ada", "new_data")] == [2, 1]
    assert world.items() == ["1", "2", "3"]


def test_a_poll_that_finds_nothing_says_only_that_it_ended(world: World) -> None:
    world.connect()

    answer = world.order(ADA, lambda r: Poll(r))

    assert answer.result() == PollDone(0, 0)
    assert world.events("ada", "new_data") == []


def test_a_poll_that_looked_for_nothing_new_is_no_sync(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def poll(*_: object) -> Generator[Call | Page, Answer | None, Reading]:
        yield from ()
        return Reading({"names": "known"}, aside=True)

    without_hook(world)
    world.connect()
    synced, told = world.row().last_sync, world.events("ada", "platform_sync")
    monkeypatch.setattr(type(world.platform), "poll", poll)

    world.pass_time(2 * HALF_AN_HOUR)

    assert (world.row().last_sync, world.events("ada", "platform_sync")) == (synced, told)
    assert world.database.read(lambda tx: connections.cursors(tx, ADA))["names"] == "known"


def test_a_thing_seen_by_webhook_and_by_poll_is_one_item(world: World) -> None:
    world.connect()
    world.arrive("d1", number=5)
    world.far.items = [5]

    world.order(ADA, lambda r: Poll(r))

    assert world.items() == ["5"]
    assert world.events("ada", "new_data") == []


def test_two_orders_at_once_are_one_poll(world: World) -> None:
    world.connect()
    polls = world.far.count("/api/items")
    world.directory.tell(ADA, Poll())
    world.directory.tell(ADA, Poll())

    world.settle()

    assert world.far.count("/api/items") == polls + 1


def test_a_failing_platform_is_asked_less_and_less_and_trouble_and_recovery_are_told_once(world: World) -> None:
    world.connect()
    world.far.answers = [CallFailed("timeout", "no answer in time")] * 4
    calls = len(world.far.calls)
    world.directory.tell(ADA, Poll())

    world.pass_time(900)

    edges = world.events("ada", "connection_status")
    assert [e["reason"] for e in edges] == ["timeout", "recovered"]
    assert world.row().error_message is None
    assert len(world.far.calls) == calls + 5


def test_retry_after_is_obeyed(world: World) -> None:
    world.connect()
    world.far.answers = [reply(429, {}, retry_after="600")]
    world.directory.tell(ADA, Poll())
    world.settle()
    calls = len(world.far.calls)

    world.pass_time(599)
    assert len(world.far.calls) == calls
    world.pass_time(100)
    assert len(world.far.calls) > calls


def test_a_limit_that_is_lifted_in_a_moment_is_waited_for_and_no_failure(world: World) -> None:
    world.connect()
    world.far.answers = [reply(429, {}, retry_after="1"), reply(429, {}, retry_after="2")]
    world.far.items = [9]

    answer = world.order(ADA, lambda r: Poll(r))
    assert not answer.done()
    world.pass_time(3.5)

    assert answer.result().count == 1
    assert world.row().error_message is None


def test_a_limit_that_keeps_coming_back_is_believed(world: World) -> None:
    world.connect()
    world.far.answers = [reply(429, {}, retry_after="1")] * 3

    answer = world.order(ADA, lambda r: Poll(r))
    world.pass_time(3)

    assert isinstance(answer.exception(), RateLimited)


def test_a_401_is_answered_with_one_refresh_and_one_more_try(world: World) -> None:
    world.connect()
    world.far.answers = [reply(401, {})]
    world.far.items = [9]

    answer = world.order(ADA, lambda r: Poll(r))

    assert answer.result().count == 1
    assert world.far.number == 2


def test_a_token_that_is_refused_after_its_refresh_needs_the_user(world: World) -> None:
    world.connect()
    world.far.revoked = True

    answer = world.order(ADA, lambda r: Poll(r))

    assert answer.exception() is not None
    assert world.row().status == "needs_reauth"
    assert len(world.events("ada", "needs_reauth")) == 1
    calls = len(world.far.calls)
    world.pass_time(24 * 3600)
    assert len(world.far.calls) == calls


def test_a_healthy_hook_makes_the_poll_a_safety_net(world: World) -> None:
    world.connect()
    world.arrive("d1")
    world.order(ADA, lambda r: Poll(r))
    polls = world.far.count("/api/items")

    world.pass_time(4 * HALF_AN_HOUR)

    assert world.far.count("/api/items") == polls
    assert world.status().method == "webhook"


def test_a_webhook_is_worked_off_while_a_poll_waits_for_its_answer(world: World) -> None:
    world.connect()
    world.lanes.pause("tiny", 20)
    world.directory.tell(ADA, Poll())
    world.settle()
    assert world.status().doing == "poll"

    world.arrive("d1", what="hello")

    assert [e["what"] for e in world.events("ada", "webhook_received")] == ["hello"]


def test_a_call_that_the_lane_sends_away_is_put_off_and_is_no_failure_of_the_connection(world: World) -> None:
    world.connect()
    for _ in range(5):
        world.lanes.pause("tiny", 600)
        world.directory.tell(ADA, Poll())
        world.pass_time(1000)

    assert world.events("ada", "connection_status") == []
    assert world.row().error_message is None


def test_what_a_poll_left_unread_is_read_soon(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.far.hooks = False
    world.connect()

    def part(*_):  # type: ignore[no-untyped-def]
        yield from ()
        return Reading(rest_in=60)

    monkeypatch.setattr(world.platform, "poll", part)
    world.order(ADA, lambda r: Poll(r))

    assert world.row().next_poll == world.clock.now() + 60


def test_a_part_that_a_healthy_hook_tells_of_anyhow_waits_for_the_safety_poll(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.connect()
    world.arrive("d1")
    readings = [Reading(rest_in=60), Reading(rest_in=60, unread=True)]

    def part(*_):  # type: ignore[no-untyped-def]
        yield from ()
        return readings.pop(0)

    monkeypatch.setattr(world.platform, "poll", part)
    world.order(ADA, lambda r: Poll(r))
    assert (world.row().next_poll or 0) > world.clock.now() + 3600
    world.order(ADA, lambda r: Poll(r))
    assert world.row().next_poll == world.clock.now() + 60


def test_a_call_that_asks_to_be_made_later_is_made_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    calls = len(world.far.calls)

    def later(*_):  # type: ignore[no-untyped-def]
        yield Call("GET", "https://tiny.example/api/me", after=5)
        return Reading()

    monkeypatch.setattr(world.platform, "poll", later)
    world.directory.tell(ADA, Poll())
    world.pass_time(4)
    assert len(world.far.calls) == calls
    world.pass_time(2)
    assert len(world.far.calls) == calls + 1


def test_a_platform_that_pushes_a_part_only_keeps_its_polls(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.platform), "push_suffices", False)
    world.connect()
    world.arrive("d1")
    world.order(ADA, lambda r: Poll(r))
    polls = world.far.count("/api/items")

    world.pass_time(2 * HALF_AN_HOUR + 60)

    assert world.far.count("/api/items") >= polls + 2
    assert world.status().method == "webhook"


def test_a_poll_that_somebody_asks_for_spares_itself_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.platform), "sparing", frozenset({"seldom:at"}))
    world.far.hooks = False
    world.connect()
    given: list[dict[str, str]] = []

    def remembering(_account, cursors, _now):  # type: ignore[no-untyped-def]
        given.append(dict(cursors))
        yield from ()
        return Reading({"seldom:at": "1", "place": "7"})

    monkeypatch.setattr(world.platform, "poll", remembering)
    world.order(ADA, lambda r: Poll(r))
    world.pass_time(HALF_AN_HOUR)
    world.order(ADA, lambda r: Poll(r))

    assert "seldom:at" in given[1]
    assert "seldom:at" not in given[2]
    assert given[2]["place"] == "7"


def test_recovery_is_told_after_a_restart_of_the_service_too(world: World) -> None:
    world.connect()
    world.far.answers = [CallFailed("timeout", "no answer in time")] * 3
    world.directory.tell(ADA, Poll())
    world.pass_time(120)
    assert [e["reason"] for e in world.events("ada", "connection_status")] == ["timeout"]
    world.crash()
    world.start()

    world.pass_time(900)
    world.order(ADA, Poll)

    assert [e["reason"] for e in world.events("ada", "connection_status")] == ["timeout", "recovered"]


def test_a_first_poll_that_a_crash_cut_off_is_made_soon_and_not_all_at_once(world: World) -> None:
    keys = [ConnectionKey(f"user-{number}", "tiny") for number in range(30)]
    for key in keys:
        world.connect(key)
    world.pass_time(60)
    world.database.write(lambda tx: tx.run("UPDATE platform_connections SET next_poll = NULL, last_sync = NULL"))
    world.crash()
    world.start()
    calls = world.far.count("/api/items")

    world.pass_time(1.05)
    soon = world.far.count("/api/items") - calls
    world.pass_time(3)

    assert 5 <= soon <= 15
    assert world.far.count("/api/items") - calls == 30
