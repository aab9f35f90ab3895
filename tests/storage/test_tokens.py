"""A connection's token: sealed, whole, and replaced only by whoever read the last one."""

import pytest

from storage import connections
from storage.database import Database
from storage.records import Secret, Token
from storage.vault import Vault, WrongKey
from tests.storage.gathering import writer_held
from tests.storage.people import ADA, GRACE, NOON

TOKEN = Token(
    Secret("access-word"),
    Secret("refresh-word"),
    expires_at=NOON + 3600,
    refresh_due_at=NOON + 3000,
    scope="repo user",
    reauth_due_at=NOON * 2,
)


@pytest.fixture(autouse=True)
def _rows(database: Database) -> None:
    for key in (ADA, GRACE):
        database.write(lambda tx, key=key: connections.create(tx, key, NOON)).result()


def keep(database: Database, vault: Vault, generation: int, token: Token = TOKEN) -> bool:
    return database.write(lambda tx: connections.keep_token(tx, vault, ADA, generation, token)).result()


def token(database: Database, vault: Vault) -> Token | None:
    return database.read(lambda tx: connections.token(tx, vault, ADA))


def generation(database: Database) -> int:
    found = database.read(lambda tx: connections.get(tx, ADA))
    assert found is not None
    return found.generation


def test_what_is_kept_is_read_again(database: Database, vault: Vault) -> None:
    assert token(database, vault) is None
    assert keep(database, vault, 0)
    assert token(database, vault) == TOKEN
    row = database.read(lambda tx: connections.get(tx, ADA))
    assert row is not None
    assert (row.token_expires_at, row.refresh_due_at, row.reauth_due_at, row.scope, row.generation) == (
        TOKEN.expires_at,
        TOKEN.refresh_due_at,
        TOKEN.reauth_due_at,
        TOKEN.scope,
        1,
    )


def test_one_that_never_expires_is_kept_as_that(database: Database, vault: Vault) -> None:
    forever = Token(Secret("access-word"))
    keep(database, vault, 0, forever)
    assert token(database, vault) == forever


def test_of_two_who_replace_the_same_token_one_wins(database: Database, vault: Vault) -> None:
    with writer_held(database):
        futures = [
            database.write(lambda tx, name=name: connections.keep_token(tx, vault, ADA, 0, Token(Secret(name))))
            for name in ("first", "second")
        ]
    assert [future.result() for future in futures] == [True, False]
    assert token(database, vault) == Token(Secret("first"))
    assert generation(database) == 1


def test_the_loser_changes_nothing_at_all(database: Database, vault: Vault) -> None:
    keep(database, vault, 0)
    before = database.read(lambda tx: connections.get(tx, ADA))
    assert not database.write(
        lambda tx: connections.keep_token(tx, vault, ADA, 0, Token(Secret("late")), status="connected")
    ).result()
    assert database.read(lambda tx: connections.get(tx, ADA)) == before


def test_a_refresh_that_was_begun_is_over_with_the_new_token(database: Database, vault: Vault) -> None:
    database.write(lambda tx: connections.update(tx, ADA, refresh_began_at=NOON)).result()
    keep(database, vault, 0)
    row = database.read(lambda tx: connections.get(tx, ADA))
    assert row is not None
    assert row.refresh_began_at is None


def test_a_forgotten_token_is_gone_and_a_refresh_under_way_comes_too_late(database: Database, vault: Vault) -> None:
    keep(database, vault, 0)
    database.write(lambda tx: connections.forget_token(tx, ADA)).result()
    assert token(database, vault) is None
    assert not keep(database, vault, 1)
    assert token(database, vault) is None
    sealed = database.read(lambda tx: tx.all("SELECT access_token, refresh_token FROM platform_connections"))
    assert sealed == [(None, None), (None, None)]


def test_no_word_of_it_stands_in_the_database(database: Database, vault: Vault) -> None:
    keep(database, vault, 0)
    everything = str(database.read(lambda tx: tx.all("SELECT * FROM platform_connections")))
    assert "v1." in everything
    assert "access-word" not in everything
    assert "refresh-word" not in everything


@pytest.mark.parametrize(
    "move",
    [
        "UPDATE platform_connections SET access_token = (SELECT access_token FROM platform_connections "
        "WHERE user_id = 'ada') WHERE user_id = 'grace'",
        "UPDATE platform_connections SET access_token = (SELECT refresh_token FROM platform_connections "
        "WHERE user_id = 'ada') WHERE user_id = 'grace'",
    ],
)
def test_moved_to_another_row_it_does_not_open(database: Database, vault: Vault, move: str) -> None:
    keep(database, vault, 0)
    database.write(lambda tx: tx.run(move)).result()
    with pytest.raises(WrongKey, match="grace/github"):
        database.read(lambda tx: connections.token(tx, vault, GRACE))


def test_moved_to_another_column_it_does_not_open(database: Database, vault: Vault) -> None:
    keep(database, vault, 0)
    database.write(lambda tx: tx.run("UPDATE platform_connections SET access_token = refresh_token")).result()
    with pytest.raises(WrongKey):
        token(database, vault)
