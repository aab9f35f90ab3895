"""Closing finishes what is queued, and nothing is taken afterwards."""

from concurrent.futures import Future
from threading import Event, Thread
from typing import Any

import pytest

from storage import meta
from storage.database import Database, StorageUnavailable
from storage.transaction import Transaction
from tests.storage.gathering import PATIENCE, refusal


def test_what_is_queued_is_still_done(open_database: Any) -> None:
    database = open_database()
    begun, go_on = Event(), Event()

    def hold(_tx: Transaction) -> None:
        begun.set()
        go_on.wait(PATIENCE)

    database.write(hold)
    assert begun.wait(PATIENCE)
    futures: list[Future[None]] = [
        database.write(lambda tx, number=number: meta.keep(tx, f"n{number}", "x")) for number in range(700)
    ]
    closing = Thread(target=database.close)
    closing.start()
    go_on.set()
    closing.join(PATIENCE)
    assert [future.exception(0) for future in futures] == [None] * 700
    again = open_database()
    assert again.read(lambda tx: tx.one("SELECT count(*) FROM meta WHERE name LIKE 'n%'")) == (700,)


def test_a_closed_database_refuses_units_and_queries(database: Database) -> None:
    database.close()
    assert refusal(database.write(lambda tx: None).exception(0)) == "closed"
    with pytest.raises(StorageUnavailable, match="closed"):
        database.read(lambda tx: None)
    assert database.health().reason == "closed"


def test_closing_twice_is_closing_once(database: Database) -> None:
    database.close()
    database.close()
