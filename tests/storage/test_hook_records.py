"""Webhooks that were registered: kept per connection, with their secrets sealed."""

import msgspec

from storage import addresses, connections, hooks, meta
from storage.database import Database
from storage.records import ConnectionKey, Hook, Secret
from storage.vault import Vault
from tests.storage.people import ADA, ADA_SPOTIFY, GRACE, NOON

FIRST = Hook("11", "ada/engine", Secret("first-word"), NOON)
SECOND = Hook("12", "ada/notes", Secret("second-word"))


def keep(database: Database, vault: Vault, key: ConnectionKey, *kept: Hook) -> None:
    for hook in kept:
        database.write(lambda tx, hook=hook: hooks.keep(tx, vault, key, hook)).result()


def of(database: Database, vault: Vault, key: ConnectionKey = ADA) -> list[Hook]:
    return database.read(lambda tx: hooks.of(tx, vault, key))


def test_what_is_kept_is_read_again_the_oldest_first(database: Database, vault: Vault) -> None:
    keep(database, vault, ADA, FIRST, SECOND)
    keep(database, vault, GRACE, FIRST)
    assert of(database, vault) == [FIRST, SECOND]
    assert of(database, vault, ADA_SPOTIFY) == []


def test_one_of_the_same_id_takes_its_place(database: Database, vault: Vault) -> None:
    keep(database, vault, ADA, FIRST, SECOND)
    renewed = msgspec.structs.replace(FIRST, secret=Secret("new-word"), expires_at=NOON + 9, where="ada/other")
    keep(database, vault, ADA, renewed)
    assert of(database, vault) == [renewed, SECOND]


def test_a_forgotten_one_is_gone(database: Database, vault: Vault) -> None:
    keep(database, vault, ADA, FIRST, SECOND)
    keep(database, vault, GRACE, FIRST)
    database.write(lambda tx: hooks.forget(tx, ADA, FIRST.external_id)).result()
    assert of(database, vault) == [SECOND]
    assert of(database, vault, GRACE) == [FIRST]


def test_those_that_stand_are_counted(database: Database, vault: Vault) -> None:
    keep(database, vault, ADA, FIRST, SECOND, Hook("pending:1", "", Secret("waits")))
    keep(database, vault, GRACE, FIRST)
    assert database.read(lambda tx: hooks.count(tx, ADA)) == 2
    assert database.read(lambda tx: hooks.counts(tx, [ADA, ADA_SPOTIFY, GRACE])) == {ADA: 2, GRACE: 1}
    assert database.read(lambda tx: hooks.counts(tx, [])) == {}
    assert database.read(hooks.of_platforms) == {"github": 3}


def test_secrets_are_sealed_and_bound_to_their_hook(database: Database, vault: Vault) -> None:
    keep(database, vault, ADA, FIRST, SECOND)
    assert "word" not in str(database.read(lambda tx: tx.all("SELECT secret FROM platform_webhooks")))
    swap = "UPDATE platform_webhooks SET secret = (SELECT max(secret) FROM platform_webhooks)"
    database.write(lambda tx: tx.run(swap)).result()
    assert len(of(database, vault)) == 1
    assert database.write(lambda tx: hooks.forget_unreadable(tx, vault, ADA)).result() == 1
    assert hooks_left(database) == 1


def hooks_left(database: Database) -> int:
    return database.read(lambda tx: hooks.count(tx, ADA))


def test_a_platform_that_reached_the_door_of_all_is_known_by_the_last_time(database: Database) -> None:
    for platform, at in (("discord", NOON), ("slack", NOON + 1), ("discord", NOON + 2)):
        database.write(lambda tx, platform=platform, at=at: meta.hear_door(tx, platform, at)).result()
    assert database.read(meta.doors_heard) == {"discord": NOON + 2, "slack": NOON + 1}


def test_who_stands_behind_a_hook_was_last_heard_when_their_connection_was(database: Database, vault: Vault) -> None:
    database.write(lambda tx: connections.create(tx, ADA, NOON)).result()
    database.write(lambda tx: connections.update(tx, ADA, status="connected", hook_seen_at=NOON + 5)).result()
    keep(database, vault, ADA, msgspec.structs.replace(FIRST, address="channel-1"))
    (found,) = database.read(lambda tx: addresses.behind(tx, vault, ADA.platform, "channel-1"))
    assert (found.user, found.heard_at) == (ADA.user, NOON + 5)
    database.write(lambda tx: connections.leave(tx, ADA, purge=False)).result()
    left = database.read(lambda tx: connections.get(tx, ADA))
    assert left is not None
    assert left.hook_seen_at is None
