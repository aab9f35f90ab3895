"""A wrong key stops the start before anything else is read or written."""

from collections.abc import Callable

import pytest

from storage import connections, database, migrations
from storage.database import Database, engine_for
from storage.records import Secret, Token
from storage.vault import Vault, WrongKey
from tests.storage.people import ADA, NOON

OLD, NEW, WRONG = b"o" * 32, b"n" * 32, b"w" * 32
Open = Callable[..., Database]


def keep_a_token(opened: Database, vault: Vault) -> None:
    generation = opened.write(lambda tx: connections.create(tx, ADA, NOON)).result().generation
    token = Token(Secret("word"))
    assert opened.write(lambda tx: connections.keep_token(tx, vault, ADA, generation, token)).result()


def test_the_key_of_the_first_start_is_the_databases(open_database: Open) -> None:
    open_database(vault=Vault([OLD])).close()
    open_database(vault=Vault([OLD])).close()
    with pytest.raises(WrongKey, match="^ENCRYPTION_KEY is not the one that this database was written with"):
        open_database(vault=Vault([WRONG]))


def test_with_a_wrong_key_nothing_is_migrated_or_written(
    url: str, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_database(vault=Vault([OLD])).close()
    before = dump(url)

    def never(*_: object) -> None:
        raise AssertionError("the database was migrated")

    monkeypatch.setattr(database, "migrate", never)
    with pytest.raises(WrongKey):
        open_database(vault=Vault([WRONG]))
    assert dump(url) == before


def dump(url: str) -> list[object]:
    session = engine_for(url, "full").reader()
    tables = session.peewee.get_tables()
    rows = [session.tx.all(f"SELECT * FROM {table}") for table in tables]
    session.close()
    return [*tables, *rows]


def test_a_new_first_key_needs_the_old_one_beside_it(open_database: Open) -> None:
    open_database(vault=Vault([OLD])).close()
    with pytest.raises(WrongKey):
        open_database(vault=Vault([NEW]))
    open_database(vault=Vault([NEW, OLD])).close()


def test_the_old_key_is_needed_until_all_is_sealed_anew(open_database: Open) -> None:
    first = open_database(vault=Vault([OLD]))
    keep_a_token(first, Vault([OLD]))
    first.close()
    open_database(vault=Vault([NEW, OLD])).close()
    with pytest.raises(WrongKey):
        open_database(vault=Vault([NEW]))


def test_going_back_to_the_old_key_alone_is_refused_too(open_database: Open) -> None:
    open_database(vault=Vault([OLD])).close()
    both = open_database(vault=Vault([NEW, OLD]))
    keep_a_token(both, Vault([NEW, OLD]))
    both.close()
    with pytest.raises(WrongKey):
        open_database(vault=Vault([OLD]))


def test_the_order_of_keys_may_be_turned_back(open_database: Open) -> None:
    for keys in ([OLD], [NEW, OLD], [OLD, NEW], [NEW, OLD]):
        open_database(vault=Vault(keys)).close()


def test_a_database_that_was_only_migrated_takes_the_first_key_it_is_given(url: str, open_database: Open) -> None:
    session = engine_for(url, "full").writer()
    migrations.migrate(session.peewee)
    session.close()
    open_database(vault=Vault([NEW])).close()
    with pytest.raises(WrongKey):
        open_database(vault=Vault([WRONG]))
