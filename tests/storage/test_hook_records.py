"""Webhooks that were registered: kept per connection, with their secrets sealed."""

import msgspec

from storage import hooks
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
