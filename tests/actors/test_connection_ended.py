"""A webhook ends the grant while something is under way."""

from concurrent.futures import Future
from typing import Any

import pytest

from actors.messages import Disconnect, Poll, Refresh
from actors.operations.base import NotConnected
from actors.platforms.base import Ended, Happening
from storage import addresses
from storage.records import Hook, Secret
from tests.actors.world import ADA, World
from tests.fakes.platform import reply


@pytest.fixture
def farewell(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    world.connect()
    ended = Ended("app_uninstalled", "The app was removed.")
    monkeypatch.setattr(world.platform, "parse", lambda _: Happening({"what": "bye"}, ended=ended))
    return world


def begin(world: World, order: Any) -> "Future[Any]":
    """Its first call waits in the lane."""
    world.lanes.pause("tiny", 20)
    answer: Future[Any] = Future()
    world.directory.tell(ADA, order(answer))
    world.settle()
    assert not answer.done()
    return answer


def test_a_poll_under_way_ends_with_it_and_takes_nothing_back(farewell: World) -> None:
    answer = begin(farewell, Poll)

    farewell.arrive("d1")
    farewell.pass_time(60)

    assert isinstance(answer.exception(0), NotConnected)
    row = farewell.row()
    assert (row.status, row.reason, row.error_message) == ("needs_reauth", "app_uninstalled", "The app was removed.")
    assert row.next_poll is None
    assert farewell.status().doing is None


def test_it_is_told_once_although_the_platform_then_refuses_the_token_too(farewell: World) -> None:
    begin(farewell, Refresh)
    farewell.far.answers = [reply(400, {"error": "invalid_grant"})]

    farewell.arrive("d1")
    farewell.pass_time(60)

    assert [e["reason"] for e in farewell.events("ada", "needs_reauth")] == ["app_uninstalled"]
    assert farewell.row().reason == "app_uninstalled"


def test_a_token_that_is_being_got_is_kept(farewell: World) -> None:
    """It may be of a newer grant than the one that ended."""
    answer = begin(farewell, Refresh)

    farewell.arrive("d1")
    farewell.pass_time(60)

    assert answer.exception(0) is None
    assert farewell.row().generation == 2


def test_a_poll_that_waits_for_a_token_goes_no_further(farewell: World) -> None:
    farewell.clock.jump(3600)
    answer = begin(farewell, Poll)
    polls = farewell.far.count("/api/items")

    farewell.arrive("d1")
    farewell.pass_time(60)

    assert answer.exception(0) is not None
    assert farewell.far.count("/api/items") == polls
    assert farewell.row().reason == "app_uninstalled"


def test_after_a_disconnect_nothing_leads_to_the_user_any_more(farewell: World) -> None:
    """Their hooks could not be removed there, for the grant is gone; what these still send concerns nobody."""

    def register(*_):  # type: ignore[no-untyped-def]
        yield from ()
        return [Hook("hook-1", "everything", Secret("s"), address="channel-1")]

    farewell.platform.register = register  # type: ignore[method-assign]
    farewell.connect()
    farewell.pass_time(24 * 3600 + 60)
    farewell.arrive("d1")
    assert farewell.row().status == "needs_reauth"

    farewell.order(ADA, lambda r: Disconnect(False, r))

    found = farewell.database.read(lambda tx: addresses.behind(tx, farewell.vault, "tiny", "channel-1"))
    assert found == []


@pytest.mark.parametrize("says_when", [True, False])
def test_what_is_told_late_does_not_end_the_grant_that_came_after(
    world: World, monkeypatch: pytest.MonkeyPatch, says_when: bool
) -> None:
    """The platform says when it ended, or else it came before the user connected again."""
    world.connect()
    at = world.clock.now()
    ended = Ended("user_revoked", "You removed the app there.", at if says_when else None)
    monkeypatch.setattr(world.platform, "parse", lambda _: Happening({"what": "bye"}, ended=ended))
    if not says_when:
        world.arrive("d1", nudge=False)
    world.pass_time(10)
    world.connect()
    if says_when:
        world.arrive("d1")

    world.pass_time(60)

    assert world.delivery_states() == ["done"]
    assert world.row().status == "connected"
    assert world.events("ada", "needs_reauth") == []
