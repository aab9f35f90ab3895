"""What is a user's goes in pieces, from every table that has anything of theirs."""

from typing import Any

import pytest

from storage import addresses, connections, data, deliveries, erasures, events, flows, hooks, models
from storage.database import Database
from storage.flows import Flow
from storage.records import ConnectionKey, Draft, Hook, Item, Secret
from storage.transaction import Transaction
from storage.vault import Vault
from tests.storage.people import ADA, GRACE, NOON, a_delivery

OF_USERS = {model._meta.table_name for model in models.ALL if "user_id" in model._meta.columns}


def fill(database: Database, vault: Vault, key: ConnectionKey) -> None:
    def unit(tx: Transaction) -> None:
        connections.create(tx, key, NOON)
        connections.keep_cursors(tx, key, {"a": "1", "b": "2"})
        addresses.keep(tx, key, ["x", "y"])
        hooks.keep(tx, vault, key, Hook("17", "place", Secret("s")))
        flow = Flow(key, "browser", Secret("v"), "/", NOON)
        flows.begin(tx, vault, Secret(f"state of {key.user}"), flow)
        data.add(tx, key, [Item("things", str(number), {}) for number in range(9)], NOON)
        events.append(tx, key.user, [Draft("a")] * 5, NOON)
        for number in range(4):
            deliveries.add(tx, a_delivery(str(number), key))

    database.write(unit).result()


def rows_of(database: Database, user: str) -> dict[str, int]:
    def query(tx: Transaction) -> dict[str, int]:
        return {table: tx.one(f"SELECT count(*) FROM {table} WHERE user_id = ?", user)[0] for table in OF_USERS}

    return {table: count for table, count in database.read(query).items() if count}


def drop(database: Database, limit: int) -> int:
    return database.write(lambda tx: erasures.drop(tx, ADA.user, limit)).result()


def test_piece_by_piece_all_of_it_goes_and_nobody_elses(database: Database, vault: Vault) -> None:
    fill(database, vault, ADA)
    fill(database, vault, GRACE)
    hers = rows_of(database, GRACE.user)
    database.write(lambda tx: erasures.begin(tx, ADA.user, NOON)).result()
    assert "connect_flows" not in rows_of(database, ADA.user)

    sizes = []
    while size := drop(database, 4):
        sizes.append(size)

    assert max(sizes) == 4
    assert sum(sizes) == 1 + 2 + 2 + 1 + 9 + 5 + 4
    assert set(rows_of(database, ADA.user)) == {"sequences"}
    assert rows_of(database, GRACE.user) == hers


def test_the_connections_rows_go_last(database: Database, vault: Vault) -> None:
    fill(database, vault, ADA)
    while drop(database, 1):
        left = set(rows_of(database, ADA.user)) - erasures.KEPT
        assert "platform_connections" in left or not left


def test_no_cursor_from_before_or_from_in_between_reaches_over_the_gap(database: Database, vault: Vault) -> None:
    fill(database, vault, ADA)
    positions = [database.read(lambda tx: events.bounds(tx, ADA.user))[1]]
    while drop(database, 3):
        event = database.write(lambda tx: events.append(tx, ADA.user, [Draft("meanwhile")], NOON)).result()[0]
        positions.append(event.offset)
        if len(positions) > 6:
            drop(database, 1000)
    (anew,) = database.write(lambda tx: events.append(tx, ADA.user, [Draft("anew")], NOON)).result()

    lowest, head = database.read(lambda tx: events.bounds(tx, ADA.user))

    assert head == anew.offset
    assert lowest - 1 > max(positions)


def test_what_was_begun_is_known_until_it_is_done(database: Database, vault: Vault) -> None:
    fill(database, vault, ADA)
    for user in ("zoe", ADA.user, ADA.user):
        database.write(lambda tx, user=user: erasures.begin(tx, user, NOON if user == "zoe" else NOON + 1)).result()
    assert database.read(erasures.begun) == ["zoe", ADA.user]

    while drop(database, 1000):
        assert database.read(erasures.begun) == ["zoe", ADA.user]

    assert database.read(erasures.begun) == ["zoe"]


@pytest.mark.parametrize("table", sorted(OF_USERS))
def test_every_table_with_rows_of_users_is_gone_through(table: str) -> None:
    known: Any = {one.name for one in erasures.TABLES}
    assert (table in known) != (table in erasures.KEPT)
