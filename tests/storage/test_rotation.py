"""Sealing everything anew with the first key, beside a service that goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from storage import connections, hooks, rotation
from storage.database import Database
from storage.records import Connection, ConnectionKey, Hook, Secret, Token
from storage.rotation import Rotation, rotate
from storage.vault import Vault, WrongKey
from tests.storage.people import ADA, GRACE, NOON

OLD, NEW = b"o" * 32, b"n" * 32
BOTH = Vault([NEW, OLD])
HOOK = Hook("11", "ada/engine", Secret("hook-word"))
Open = Callable[..., Database]


def token_of(key: ConnectionKey) -> Token:
    return Token(Secret(f"access {key}"), Secret(f"refresh {key}"))


@pytest.fixture
def database(open_database: Open) -> Database:
    """Written with the old key, and now open with both: ada's and grace's tokens, and a hook."""
    old = Vault([OLD])
    first = open_database(vault=old)
    for key in (ADA, GRACE):
        first.write(lambda tx, key=key: connections.create(tx, key, NOON)).result()
        first.write(lambda tx, key=key: connections.keep_token(tx, old, key, 0, token_of(key))).result()
    first.write(lambda tx: hooks.keep(tx, old, ADA, HOOK)).result()
    first.close()
    return open_database(vault=BOTH)


def row(database: Database, key: ConnectionKey = ADA) -> Connection:
    found = database.read(lambda tx: connections.get(tx, key))
    assert found is not None
    return found


def test_afterwards_the_new_key_alone_opens_everything(database: Database, open_database: Open) -> None:
    assert rotate(database, BOTH) == Rotation(values=5, renewed=5, unreadable=0, overtaken=0)
    database.close()
    new = Vault([NEW])
    alone = open_database(vault=new)
    for key in (ADA, GRACE):
        assert alone.read(lambda tx, key=key: connections.token(tx, new, key)) == token_of(key)
    assert alone.read(lambda tx: hooks.of(tx, new, ADA)) == [HOOK]


def test_the_generation_stays_for_the_token_is_the_same(database: Database) -> None:
    before = row(database)
    rotate(database, BOTH)
    assert row(database) == before


def test_a_second_time_there_is_nothing_to_do(database: Database) -> None:
    rotate(database, BOTH)
    assert rotate(database, BOTH) == Rotation(values=5, renewed=0, unreadable=0, overtaken=0)


def test_a_dry_run_only_counts(database: Database, open_database: Open) -> None:
    before = database.read(lambda tx: tx.all("SELECT access_token, refresh_token FROM platform_connections"))
    assert rotate(database, BOTH, dry_run=True) == Rotation(values=5, renewed=5, unreadable=0, overtaken=0)
    assert database.read(lambda tx: tx.all("SELECT access_token, refresh_token FROM platform_connections")) == before
    database.close()
    with pytest.raises(WrongKey):
        open_database(vault=Vault([NEW]))


def test_broken_off_and_begun_again_it_comes_to_the_same(
    database: Database, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "PIECE", 1)
    replace = rotation._replace
    pieces = iter(range(10))

    def break_off(*arguments: Any) -> int:
        if next(pieces) == 3:
            raise KeyboardInterrupt
        return replace(*arguments)

    monkeypatch.setattr(rotation, "_replace", break_off)
    with pytest.raises(KeyboardInterrupt):
        rotate(database, BOTH)
    assert rotate(database, BOTH) == Rotation(values=5, renewed=2, unreadable=0, overtaken=0)
    database.close()
    open_database(vault=Vault([NEW]))


def test_a_token_that_the_service_replaces_just_then_is_the_one_that_stays(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = rotation._replace
    newer = Token(Secret("newer"), Secret("newer still"))
    generations = [1]

    def overtaken(*arguments: Any) -> int:
        if generations:
            generation = generations.pop()
            assert database.write(lambda tx: connections.keep_token(tx, BOTH, ADA, generation, newer)).result()
        return replace(*arguments)

    monkeypatch.setattr(rotation, "_replace", overtaken)
    found = rotate(database, BOTH)
    assert found.complete
    assert found.renewed == 3  # grace's two and the hook; ada's new one is sealed with the first key already
    assert database.read(lambda tx: connections.token(tx, Vault([NEW]), ADA)) == newer
    assert row(database).generation == 2


def test_a_service_that_still_seals_with_the_old_key_keeps_the_old_key_needed(
    database: Database, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = rotation._replace
    old = Vault([OLD])

    def overtaken(*arguments: Any) -> int:
        generation = row(database).generation
        database.write(lambda tx: connections.keep_token(tx, old, ADA, generation, token_of(ADA))).result()
        return replace(*arguments)

    monkeypatch.setattr(rotation, "_replace", overtaken)
    found = rotate(database, BOTH)
    assert not found.complete
    assert found.overtaken > 0
    database.close()
    with pytest.raises(WrongKey):
        open_database(vault=Vault([NEW]))


def test_what_none_of_the_keys_opens_is_counted_and_left(database: Database, open_database: Open) -> None:
    foreign = Vault([b"x" * 32]).seal(Secret("foreign"), connections.bound_to(ADA, "access_token"))
    change = "UPDATE platform_connections SET access_token = ? WHERE user_id = 'ada'"
    database.write(lambda tx: tx.run(change, foreign)).result()
    assert rotate(database, BOTH) == Rotation(values=5, renewed=4, unreadable=1, overtaken=0)
    assert database.read(lambda tx: tx.one("SELECT 1 FROM platform_connections WHERE access_token = ?", foreign)) == (
        1,
    )
    database.close()
    with pytest.raises(WrongKey):
        open_database(vault=Vault([NEW]))
