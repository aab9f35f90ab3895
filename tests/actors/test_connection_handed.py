"""Webhooks that a nudge hands over needn't be read, and are worked off as if they had been."""

import json
from typing import Any

import pytest

from actors.messages import DELIVERIES_DUE, WebhookArrived
from storage import deliveries
from storage.database import StorageUnavailable
from storage.records import Delivery
from tests.actors.world import ADA, World


def stored(world: World, *names: str) -> tuple[Delivery, ...]:
    found = []
    for name in names:
        row = world.arrive(name, nudge=False, what=name)
        assert row is not None
        found.append(Delivery(ADA, name, "said", json.dumps({"what": name}).encode(), world.clock.now(), row))
    return tuple(found)


def hand(world: World, *handed: Delivery) -> None:
    world.directory.tell(ADA, WebhookArrived(handed[-1].id, handed))
    world.settle()


def whats(world: World) -> list[str]:
    return [e["what"] for e in world.events("ada", "webhook_received")]


def unread(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, whoever reads deliveries fails the test."""

    def read(*_: Any) -> list[Delivery]:
        raise AssertionError("deliveries were read")

    monkeypatch.setattr(deliveries, "unfinished", read)


@pytest.fixture
def idle(world: World) -> World:
    """One whose actor knows that nothing waits."""
    world.connect()
    world.directory.tell(ADA, DELIVERIES_DUE)
    world.settle()
    return world


def test_they_are_worked_off_without_being_read(idle: World, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = stored(idle, "one", "two")
    unread(idle, monkeypatch)
    hand(idle, *handed)
    hand(idle, *stored(idle, "three"))
    assert whats(idle) == ["one", "two", "three"]
    assert set(idle.delivery_states()) == {"done"}
    assert {row.attempts for row in idle.database.read(lambda tx: deliveries.page(tx, limit=9))} == {1}


def test_an_actor_that_has_read_nothing_yet_reads_what_came_before_them(world: World) -> None:
    world.connect()
    world.crash()
    world.start()
    stored(world, "left behind")
    hand(world, *stored(world, "handed"))
    assert whats(world) == ["left behind", "handed"]


def test_told_twice_they_have_one_effect(idle: World) -> None:
    handed = stored(idle, "one", "two")
    hand(idle, *handed)
    hand(idle, *handed)
    hand(idle, *handed[1:], *stored(idle, "three"))
    assert whats(idle) == ["one", "two", "three"]


def test_one_that_is_finished_already_does_not_keep_the_others(idle: World) -> None:
    handed = stored(idle, "one", "two", "three")
    idle.database.write(lambda tx: deliveries.finish_all(tx, [handed[1].id], idle.clock.now())).result()
    hand(idle, *handed)
    assert whats(idle) == ["one", "three"]


def test_what_storage_did_not_take_comes_before_what_is_handed_later(
    idle: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = idle.database.write

    def refuse(*_: Any, **__: Any) -> Any:
        raise StorageUnavailable("locked")

    handed = stored(idle, "one")
    monkeypatch.setattr(idle.database, "write", refuse)
    hand(idle, *handed)
    monkeypatch.setattr(idle.database, "write", write)
    hand(idle, *stored(idle, "two"))
    assert whats(idle) == ["one", "two"]


def test_a_nudge_that_hands_nothing_over_is_read_for(idle: World) -> None:
    (one,) = stored(idle, "one")
    idle.directory.tell(ADA, WebhookArrived(one.id))
    idle.settle()
    hand(idle, *stored(idle, "two"))
    assert whats(idle) == ["one", "two"]
