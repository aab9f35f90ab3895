"""Webhooks that say that there is something, without saying what; and those that say that it is over."""

import pytest

from actors.messages import DELIVERIES_DUE, Poll
from actors.platforms.base import Ended, Happening
from storage import addresses, connections
from storage.records import Account, Hook, Secret
from tests.actors.world import ADA, GRACE, World


@pytest.fixture
def doorbell(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    world.connect()
    monkeypatch.setattr(world.platform, "parse", lambda _: Happening({"what": "ring"}, fetch=True))
    return world


def test_a_doorbell_is_answered_with_a_poll(doorbell: World) -> None:
    doorbell.far.items = [1]

    doorbell.arrive("d1")

    assert doorbell.items() == ["1"]


def test_a_doorbell_can_tell_the_poll_where_to_look(doorbell: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Happening({"what": "ring"}, fetch=True, cursors={"items": "4"})
    monkeypatch.setattr(doorbell.platform, "parse", lambda _: ring)
    doorbell.far.items = [3, 5]

    doorbell.arrive("d1")

    assert doorbell.items() == ["5"]


def test_many_doorbells_at_once_are_one_poll(doorbell: World) -> None:
    polls = doorbell.far.count("/api/items")
    for number in range(30):
        doorbell.arrive(f"d{number}", nudge=False)

    doorbell.directory.tell(ADA, DELIVERIES_DUE)
    doorbell.settle()

    assert doorbell.far.count("/api/items") - polls <= 2


def test_a_doorbell_during_a_poll_is_answered_with_another(doorbell: World) -> None:
    """The poll under way may have looked before there was anything."""
    doorbell.lanes.pause("tiny", 20)
    doorbell.directory.tell(ADA, Poll())
    doorbell.settle()
    polls = doorbell.far.count("/api/items")

    doorbell.arrive("d1")
    doorbell.pass_time(21)

    assert doorbell.far.count("/api/items") == polls + 2


def test_a_doorbell_that_a_crash_cut_off_is_answered_soon_after_the_start(doorbell: World) -> None:
    doorbell.lanes.pause("tiny", 20)
    doorbell.arrive("d1")
    doorbell.far.items = [1]
    doorbell.crash()

    doorbell.start()
    doorbell.pass_time(120)

    assert doorbell.items() == ["1"]


def test_a_webhook_that_ends_the_grant_ends_the_calls(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    ended = Ended("user_revoked", "You removed the app there.")
    monkeypatch.setattr(world.platform, "parse", lambda _: Happening({"what": "revoked"}, ended=ended))

    world.arrive("d1")
    world.arrive("d2")

    assert world.row().status == "needs_reauth"
    assert [e["reason"] for e in world.events("ada", "needs_reauth")] == ["user_revoked"]


def test_an_address_finds_those_who_are_connected_by_account_or_by_hook(world: World) -> None:
    world.platform.identify = _known_as("tim@example.com")  # type: ignore[method-assign]
    world.platform.register = _with_hook("channel-1")  # type: ignore[method-assign]
    world.connect()
    world.connect(GRACE)

    def behind(address: str) -> list[tuple[str, Secret | None]]:
        found = world.database.read(lambda tx: addresses.behind(tx, world.vault, "tiny", address))
        return [(one.user, one.secret) for one in found]

    assert behind("tim@example.com") == [("ada", None), ("grace", None)]
    assert behind("channel-1") == [("ada", Secret("s")), ("grace", Secret("s"))]
    assert behind("nobody") == []
    world.database.write(lambda tx: connections.update(tx, GRACE, status="disconnected")).result()
    assert behind("tim@example.com") == [("ada", None)]


def _known_as(address: str):  # type: ignore[no-untyped-def]
    def identify():  # type: ignore[no-untyped-def]
        yield from ()
        return Account("7", "tim", addresses=(address,))

    return identify


def _with_hook(address: str):  # type: ignore[no-untyped-def]
    def register(*_):  # type: ignore[no-untyped-def]
        yield from ()
        return [Hook("hook-1", "everything", Secret("s"), address=address)]

    return register
