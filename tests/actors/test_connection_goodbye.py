"""A disconnect is stored before anything is called: from then on nothing is polled or told, and no crash undoes it."""

from concurrent.futures import Future
from typing import Any

import pytest

from actors.messages import Connect, Disconnect, HaltChild, Poll, Refresh
from actors.operations.base import NotConnected
from actors.operations.connect import Overtaken
from actors.roster import ChildUnavailable
from storage import connections, deliveries, hooks
from storage.records import Secret
from tests.actors.world import ADA, World


def opens_anything(world: World) -> bool:
    """Whether a token or a hook's secret of this connection is still kept."""
    token = world.database.read(lambda tx: connections.token(tx, world.vault, ADA))
    return token is not None or bool(world.database.read(lambda tx: hooks.of(tx, world.vault, ADA)))


def slow_lane(world: World) -> None:
    """Calls wait for 20 s instead of being sent away."""
    world.lanes.pause("tiny", 20)


def begin(world: World, message: Any) -> None:
    world.directory.tell(ADA, message)
    world.settle()


def test_a_crash_in_between_ends_in_disconnected(world: World) -> None:
    world.connect()
    slow_lane(world)
    answer: Future[Any] = Future()
    begin(world, Disconnect(False, answer))
    assert not answer.done()
    assert (world.row().status, world.row().leaving) == ("disconnected", "keep")
    world.crash()
    world.start()

    world.pass_time(60)

    assert ("DELETE", "/api/hooks/hook-1") in world.far.calls
    assert (world.row().status, world.row().leaving) == ("disconnected", None)
    assert not opens_anything(world)
    assert [e["status"] for e in world.events("ada", "connection_status")] == ["disconnected"]
    assert world.directory.status(ADA) is None


def test_what_was_asked_to_go_goes_after_a_crash_too(world: World) -> None:
    world.far.items = [1]
    world.connect()
    slow_lane(world)
    begin(world, Disconnect(purge=True))
    world.crash()
    world.start()

    world.pass_time(60)

    assert world.items() == []


def test_nothing_is_polled_or_told_while_the_end_takes_its_time(world: World) -> None:
    world.connect()
    slow_lane(world)
    polled: Future[Any] = Future()
    begin(world, Poll(polled))
    world.clock.jump(3600)  # the token has to be renewed to end the grant
    calls = world.far.count("/api/items")
    begin(world, Disconnect())
    world.arrive("d1", what="too late")
    world.pass_time(3 * 3600)

    assert isinstance(polled.exception(0), NotConnected)
    assert world.far.count("/api/items") == calls
    assert world.events()[-1]["status"] == "disconnected"
    (row,) = world.database.read(lambda tx: deliveries.page(tx, user="ada", limit=9))
    assert (row.state, row.reason) == ("parked", "The connection had been disconnected.")


def test_a_connect_waits_for_the_end_and_is_a_new_beginning(world: World) -> None:
    world.connect()
    slow_lane(world)
    gone: Future[Any] = Future()
    back: Future[Any] = Future()
    begin(world, Disconnect(False, gone))
    begin(world, Connect(Secret("code"), "https://x", None, back))

    world.pass_time(60)

    assert gone.exception(0) is None
    assert back.result(0).status == "connected"
    world.pass_time(3600)
    assert world.row().status == "connected"


def test_a_connect_that_is_under_way_is_overtaken(world: World) -> None:
    world.connect()
    slow_lane(world)
    back: Future[Any] = Future()
    begin(world, Connect(Secret("code"), "https://x", None, back))
    gone: Future[Any] = Future()
    begin(world, Disconnect(False, gone))

    world.pass_time(60)

    assert isinstance(back.exception(0), Overtaken)
    assert gone.exception(0) is None
    assert world.row().status == "disconnected"
    assert not opens_anything(world)


def test_a_token_that_is_being_got_is_the_one_that_is_revoked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    revoked: list[Secret] = []

    def revoke(token):  # type: ignore[no-untyped-def]
        revoked.append(token.access)
        yield from ()

    monkeypatch.setattr(world.platform, "revoke", revoke)
    world.connect()
    slow_lane(world)
    begin(world, Refresh())
    begin(world, Disconnect())

    world.pass_time(60)

    assert revoked == [Secret("access-2")]
    assert world.events("ada", "token_refresh") == []


def test_a_bug_in_the_platforms_file_does_not_keep_the_tokens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def revoke(_):  # type: ignore[no-untyped-def]
        yield from ()
        raise KeyError("a bug")

    monkeypatch.setattr(world.platform, "revoke", revoke)
    world.connect()

    assert world.order(ADA, lambda r: Disconnect(False, r)).exception(0) is None
    assert not opens_anything(world)


def test_a_platform_that_is_no_longer_configured_is_disconnected_and_it_is_said_what_stays_there(world: World) -> None:
    world.connect()
    world.crash()
    world.platforms = {}
    world.start()

    answer = world.order(ADA, lambda r: Disconnect(True, r))

    assert answer.exception(0) is None
    assert world.row().status == "disconnected"
    assert not opens_anything(world)
    assert world.items() == []
    (told,) = world.events("ada", "connection_status")
    assert "not configured" in told["hint"]
    assert "remove the app" in told["hint"]


def test_an_end_that_a_crash_cut_off_is_finished_when_the_platform_is_no_longer_configured(world: World) -> None:
    world.connect()
    slow_lane(world)
    begin(world, Disconnect())
    world.crash()
    world.platforms = {}
    world.start()

    assert world.row().leaving is None
    assert not opens_anything(world)
    assert len(world.events("ada", "connection_status")) == 1


def test_one_that_an_administrator_stopped_can_be_disconnected(world: World) -> None:
    world.connect()
    assert world.directory.supervisor is not None
    world.directory.supervisor.tell(HaltChild(ADA))
    world.settle()

    answer = world.order(ADA, lambda r: Disconnect(False, r))

    assert answer.exception(0) is None
    assert not opens_anything(world)


def test_one_whose_actor_always_fails_can_be_disconnected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()

    def broken(_):  # type: ignore[no-untyped-def]
        raise RuntimeError("a bug")

    monkeypatch.setattr("actors.connection.ConnectionActor._arm_poll", broken)
    monkeypatch.setattr("actors.connection.ConnectionActor._resume", broken)
    world.crash()
    world.start()

    answer = world.order(ADA, lambda r: Disconnect(False, r))

    assert answer.exception(0) is None
    assert not opens_anything(world)


@pytest.mark.parametrize("order", [Poll, Refresh])
def test_an_order_to_one_that_is_disconnected_leaves_no_actor_behind(world: World, order: Any) -> None:
    world.connect()
    world.order(ADA, lambda r: Disconnect(False, r))

    answer = world.order(ADA, order)

    assert isinstance(answer.exception(0), NotConnected)
    assert world.directory.status(ADA) is None


def test_a_connect_that_is_refused_leaves_no_row_behind(world: World) -> None:
    world.platforms.clear()
    world.database.write(lambda tx: connections.create(tx, ADA, 0.0)).result()

    answer = world.order(ADA, lambda r: Connect(Secret("code"), "https://x", None, r))

    assert isinstance(answer.exception(0), ChildUnavailable)
    world.database.write(lambda tx: None).result()
    assert world.database.read(lambda tx: connections.get(tx, ADA)) is None


def test_what_came_for_one_that_is_disconnected_already_wakes_nobody_for_long(world: World) -> None:
    world.connect()
    world.order(ADA, lambda r: Disconnect(False, r))

    world.arrive("d1", nudge=False)
    world.pass_time(60)

    assert world.delivery_states() == ["parked"]
    assert world.directory.status(ADA) is None
