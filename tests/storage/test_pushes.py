"""What is to be pushed is queued with its event, for each device of its user."""

from typing import Any

import pytest

from storage import broadcasts, events, pushes, rotation, subscriptions
from storage.database import Database
from storage.records import Draft, Secret
from storage.subscriptions import Subscription
from storage.vault import Vault

HOST = "push.example"


def subscribe(database: Database, vault: Vault, user: str, name: str) -> None:
    one = Subscription(Secret(f"https://{HOST}/{name}"), HOST, "key", Secret("auth"))
    database.write(lambda tx: subscriptions.keep(tx, vault, user, one, 1.0)).result()


def tell(database: Database, user: str, *types: str) -> None:
    database.write(lambda tx: events.append(tx, user, [Draft(one, {"n": 1}) for one in types], 10.0)).result()


def due(database: Database, vault: Vault, now: float = 10.0) -> list[pushes.Push]:
    return database.read(lambda tx: pushes.due(tx, vault, HOST, now, 99))


def test_each_device_of_the_user_is_to_have_each_of_them(database: Database, vault: Vault) -> None:
    for user, name in (("ada", "1"), ("ada", "2"), ("grace", "3")):
        subscribe(database, vault, user, name)
    tell(database, "ada", "notification", "platform_sync", "needs_reauth")
    found = due(database, vault)
    assert sorted((push.to.endpoint.reveal()[-1], push.event.type) for push in found if push.to and push.event) == [
        ("1", "needs_reauth"),
        ("1", "notification"),
        ("2", "needs_reauth"),
        ("2", "notification"),
    ]
    assert found[0].event == database.read(lambda tx: events.since(tx, "ada", 0, 1))[0]
    assert database.read(pushes.next_due) == 10.0


def test_what_is_done_goes_and_what_failed_comes_later(database: Database, vault: Vault) -> None:
    subscribe(database, vault, "ada", "1")
    tell(database, "ada", "notification", "notification")
    first, second = due(database, vault)
    database.write(lambda tx: (pushes.done(tx, first.id), pushes.again(tx, second.id, 20.0))).result()
    assert due(database, vault) == []
    (again,) = due(database, vault, 20.0)
    assert (again.id, again.attempts) == (second.id, 1)
    assert database.write(lambda tx: pushes.prune(tx, 11.0, 9)).result() == 1
    assert database.read(pushes.next_due) is None


def test_a_unit_that_fails_queues_nothing(database: Database, vault: Vault) -> None:
    subscribe(database, vault, "ada", "1")

    def unit(tx: Any) -> None:
        events.append(tx, "ada", [Draft("notification")], 10.0)
        raise LookupError

    with pytest.raises(LookupError):
        database.write(unit).result()
    assert due(database, vault) == []


def test_a_device_that_goes_takes_its_pushes_along(database: Database, vault: Vault) -> None:
    subscribe(database, vault, "ada", "1")
    tell(database, "ada", "notification")
    subscribe(database, vault, "grace", "1")
    assert due(database, vault) == []
    tell(database, "grace", "notification")
    assert len(due(database, vault)) == 1
    database.write(lambda tx: subscriptions.forget(tx, "grace", Secret(f"https://{HOST}/1"))).result()
    assert due(database, vault) == []


def test_a_broadcast_is_queued_when_it_is_copied(database: Database, vault: Vault) -> None:
    subscribe(database, vault, "ada", "1")
    tell(database, "ada", "platform_sync")
    database.write(lambda tx: broadcasts.add(tx, Draft("notification"), 10.0)).result()
    assert database.read(lambda tx: broadcasts.with_devices_behind(tx, "", 9)) == ["ada"]
    database.write(lambda tx: broadcasts.hear(tx, ["ada"])).result()
    assert len(due(database, vault)) == 1
    assert database.read(lambda tx: broadcasts.with_devices_behind(tx, "", 9)) == []


def test_another_key_seals_them_anew(database: Database, vault: Vault) -> None:
    subscribe(database, vault, "ada", "1")
    tell(database, "ada", "notification")
    both = Vault([b"n" * 32, b"k" * 32])
    assert rotation.rotate(database, both).renewed == 1
    (push,) = due(database, Vault([b"n" * 32]))
    assert push.to is not None
    (lost,) = due(database, vault)
    assert lost.to is None
