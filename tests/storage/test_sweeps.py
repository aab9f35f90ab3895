"""Connections by what is due for them, a page at a time."""

from typing import Any

import pytest

from storage import connections, sweeps
from storage.database import Database
from storage.records import Connection, ConnectionKey, Secret, Token
from storage.sweeps import Place
from storage.vault import Vault
from tests.storage.people import NOON

DAY = 86_400.0


def connect(
    database: Database, vault: Vault, user: str, *, due: float | None = None, ends: float | None = None, **more: float
) -> ConnectionKey:
    key = ConnectionKey(user, "github")
    token = Token(Secret("a"), Secret("r"), expires_at=due and due + 600, refresh_due_at=due, reauth_due_at=ends)

    def unit(tx: object) -> None:
        row = connections.create(tx, key, NOON)  # type: ignore[arg-type]
        kept = connections.keep_token(tx, vault, key, row.generation, token, status="connected", **more)  # type: ignore[arg-type]
        assert kept

    database.write(unit).result()
    return key


def users(rows: list[Connection]) -> list[str]:
    return [row.key.user for row in rows]


def test_overdue_tokens_come_in_order_of_time_page_by_page(database: Database, vault: Vault) -> None:
    for user, due in (("c", NOON - 1), ("a", NOON - 5), ("b", NOON - 5), ("later", NOON + 1), ("never", None)):
        connect(database, vault, user, due=due)

    first = database.read(lambda tx: sweeps.overdue(tx, NOON, Place(), 2))
    assert users(first) == ["a", "b"]
    place = Place(first[-1].refresh_due_at or 0.0, first[-1].id)
    assert users(database.read(lambda tx: sweeps.overdue(tx, NOON, place, 2))) == ["c"]


def test_those_who_are_not_connected_are_not_swept(database: Database, vault: Vault) -> None:
    key = connect(database, vault, "ada", due=NOON - 1, ends=NOON + 1, notice_at=NOON - 1)
    database.write(lambda tx: connections.update(tx, key, status="needs_reauth")).result()

    for query in (sweeps.overdue, sweeps.unnoticed, sweeps.grants_ending):
        assert database.read(lambda tx, query=query: query(tx, NOON + 9, Place(), 9)) == []
    assert database.read(lambda tx: sweeps.connected(tx, "github", 0, 9)) == []
    assert database.read(lambda tx: sweeps.count_grants_ending(tx, NOON + 9)) == {}


def test_grants_that_end_are_counted_and_listed(database: Database, vault: Vault) -> None:
    for user, ends in (("b", NOON + 2 * DAY), ("a", NOON + DAY), ("later", NOON + 30 * DAY), ("never", None)):
        connect(database, vault, user, ends=ends)

    assert users(database.read(lambda tx: sweeps.grants_ending(tx, NOON + 7 * DAY, Place(), 9))) == ["a", "b"]
    assert database.read(lambda tx: sweeps.count_grants_ending(tx, NOON + 7 * DAY)) == {"github": 2}


def test_a_platforms_connections_come_in_order_of_id(database: Database, vault: Vault) -> None:
    for user in ("c", "a", "b"):
        connect(database, vault, user)
    first = database.read(lambda tx: sweeps.connected(tx, "github", 0, 2))
    assert users(first) == ["c", "a"]
    assert users(database.read(lambda tx: sweeps.connected(tx, "github", first[-1].id, 2))) == ["b"]
    assert database.read(lambda tx: sweeps.connected(tx, "gmail", 0, 2)) == []


@pytest.mark.parametrize(
    ("again", "granted", "expected"),
    [(NOON + 60 * DAY + 5, None, 1.0), (NOON + 200 * DAY, None, 2.0), (NOON + 60 * DAY, NOON, 2.0), (None, None, 2.0)],
)
def test_a_notice_stands_until_the_grant_has_another_end(
    database: Database, vault: Vault, again: float | None, granted: float | None, expected: float
) -> None:
    connect(database, vault, "ada", ends=NOON + 60 * DAY, notice_at=1.0)

    more = {} if granted is None else {"granted_at": granted}
    key = connect(database, vault, "ada", ends=again, notice_at=2.0, **more)

    row = database.read(lambda tx: connections.get(tx, key))
    assert row is not None
    assert row.reauth_notice_at == expected
    database.write(lambda tx: connections.forget_token(tx, key)).result()
    row = database.read(lambda tx: connections.get(tx, key))
    assert row is not None
    assert row.reauth_notice_at is None


class Explaining:
    """Asks SQLite how it would answer."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.plan = ""

    def all(self, sql: str, *params: object) -> list[object]:
        self.plan = str(self.database.read(lambda tx: tx.all(f"EXPLAIN QUERY PLAN {sql}", *params)))
        return []


@pytest.mark.parametrize("kind", ["sqlite"])  # PostgreSQL walks where there are few rows
@pytest.mark.parametrize(
    ("query", "index"),
    [
        (sweeps.overdue, "platform_connections_refreshes"),
        (sweeps.unnoticed, "platform_connections_notices"),
        (sweeps.grants_ending, "platform_connections_grant_ends"),
    ],
)
def test_a_sweep_walks_over_none_but_those_it_finds(database: Database, kind: str, query: Any, index: str) -> None:
    asked = Explaining(database)
    query(asked, NOON, Place(), 9)
    assert f"SEARCH platform_connections USING INDEX {index}" in asked.plan, kind
    assert "TEMP B-TREE" not in asked.plan
