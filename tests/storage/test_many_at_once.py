"""Rows that go in by one statement, as they would one by one."""

from storage import deliveries
from storage.database import Database
from storage.records import Delivery
from storage.transaction import MOST_ROWS
from tests.storage.people import ADA, GRACE, NOON, a_delivery


def add_all(database: Database, *arrived: Delivery) -> list[int | None]:
    return database.write(lambda tx: deliveries.add_all(tx, arrived)).result()


def kept(database: Database) -> dict[int, tuple[str, str]]:
    rows = database.read(lambda tx: tx.all("SELECT id, user_id, delivery_id FROM deliveries"))
    return {id_: (user, delivery_id) for id_, user, delivery_id in rows}


def test_each_gets_its_own_row_in_the_order_in_which_they_came(database: Database) -> None:
    arrived = [a_delivery(str(number), key) for number in range(MOST_ROWS) for key in (ADA, GRACE)]
    ids = add_all(database, *arrived)
    assert None not in ids
    assert ids == sorted(ids)  # type: ignore[type-var]
    assert kept(database) == {id_: (one.key.user, one.delivery_id) for id_, one in zip(ids, arrived, strict=True)}


def test_repeats_among_them_are_recognised_and_the_others_get_their_rows(database: Database) -> None:
    add_all(database, a_delivery("1"), a_delivery("4"))
    ids = add_all(database, *(a_delivery(name) for name in ("0", "1", "2", "2", "3", "4")))
    assert [id_ is None for id_ in ids] == [False, True, False, True, False, True]
    assert {kept(database)[id_][1] for id_ in ids if id_} == {"0", "2", "3"}


def test_repeats_alone_leave_no_trace(database: Database) -> None:
    add_all(database, a_delivery("1"), a_delivery("2"))
    assert add_all(database, a_delivery("2"), a_delivery("1")) == [None, None]
    assert len(kept(database)) == 2


def test_as_many_are_finished_as_were_not_yet(database: Database) -> None:
    ids = [id_ for id_ in add_all(database, *(a_delivery(str(number)) for number in range(5))) if id_]
    assert database.write(lambda tx: deliveries.finish_all(tx, ids[:2], NOON)).result() == 2
    assert database.write(lambda tx: deliveries.finish_all(tx, ids, NOON)).result() == 3
    assert database.read(lambda tx: deliveries.unfinished(tx, ADA, NOON, 9)) == []
