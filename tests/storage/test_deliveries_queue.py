"""The deliveries table is the queue: nothing is in it twice, nothing leaves it undone."""

import msgspec

from storage import deliveries
from storage.database import Database
from tests.storage.gathering import writer_held
from tests.storage.people import ADA, ADA_SPOTIFY, GRACE, NOON, a_delivery


def add(database: Database, *names: str, key: object = ADA, at: float = NOON) -> list[int]:
    ids = [
        database.write(lambda tx, name=name: deliveries.add(tx, a_delivery(name, key, at))).result() for name in names
    ]  # type: ignore[arg-type]
    assert all(ids)
    return ids  # type: ignore[return-value]


def waiting(database: Database, now: float = NOON, limit: int = 100) -> list[str]:
    return [one.delivery_id for one in database.read(lambda tx: deliveries.unfinished(tx, ADA, now, limit))]


def test_what_is_taken_out_is_what_came_in(database: Database) -> None:
    (id_,) = add(database, "1")
    (found,) = database.read(lambda tx: deliveries.unfinished(tx, ADA, NOON, 9))
    came = a_delivery("1")
    assert found.id == id_
    assert (found.key, found.delivery_id, found.kind, found.body, found.at, found.attempts) == (
        came.key,
        came.delivery_id,
        came.kind,
        came.body,
        came.at,
        1,
    )


def test_a_repeat_is_recognised_per_connection(database: Database) -> None:
    add(database, "1")
    assert database.write(lambda tx: deliveries.add(tx, a_delivery("1"))).result() is None
    add(database, "1", key=GRACE)
    add(database, "1", key=ADA_SPOTIFY)
    assert waiting(database) == ["1"]


def test_a_repeat_within_one_group_is_recognised(database: Database) -> None:
    with writer_held(database):
        futures = [database.write(lambda tx: deliveries.add(tx, a_delivery("1"))) for _ in range(3)]
    assert [future.result() is None for future in futures] == [False, True, True]


def test_a_repeat_of_one_that_is_done_has_no_second_effect(database: Database) -> None:
    (id_,) = add(database, "1")
    database.write(lambda tx: deliveries.finish_all(tx, [id_], NOON)).result()
    assert database.write(lambda tx: deliveries.add(tx, a_delivery("1"))).result() is None
    assert waiting(database) == []


def test_the_first_about_something_is_known_by_the_beginning_of_its_id(database: Database) -> None:
    add(database, "b_1:0", key=GRACE)
    rows = add(database, "b_1:1", "bx1:2", "b_1;3", "b_1", "b_1:4", "b_10:5")
    came = zip(rows, ["b_1", "bx1", "b_1", "b_1", "b_1", "b_10"], strict=True)
    found = database.read(
        lambda tx: [
            deliveries.is_first_about(tx, msgspec.structs.replace(a_delivery("x"), id=row), about)
            for row, about in came
        ]
    )
    assert found == [True, True, False, False, False, True]


def test_they_come_in_order_of_arrival_and_no_more_than_asked_for(database: Database) -> None:
    add(database, "b", "a", "c")
    assert waiting(database) == ["b", "a", "c"]
    assert waiting(database, limit=2) == ["b", "a"]


def test_only_one_of_two_finishes_a_delivery(database: Database) -> None:
    (id_,) = add(database, "1")
    with writer_held(database):
        futures = [database.write(lambda tx: deliveries.finish_all(tx, [id_], NOON + 1)) for _ in range(2)]
    assert [future.result() for future in futures] == [1, 0]
    assert waiting(database) == []


def test_one_that_failed_is_tried_again_when_its_time_has_come(database: Database) -> None:
    first, _ = add(database, "1", "2")
    database.write(lambda tx: deliveries.retry(tx, first, "no parser", NOON + 60)).result()
    assert waiting(database, NOON + 59) == ["2"]
    assert waiting(database, NOON + 60) == ["1", "2"]


def test_a_clock_set_back_holds_up_nothing_new(database: Database) -> None:
    add(database, "1")
    assert waiting(database, NOON - 3600) == ["1"]


def test_tries_are_counted_before_they_are_made(database: Database) -> None:
    ids = add(database, "1", "2", "3")
    database.write(lambda tx: deliveries.charge(tx, ids[:2])).result()
    database.write(lambda tx: deliveries.charge(tx, ids[:1])).result()
    found = database.read(lambda tx: deliveries.unfinished(tx, ADA, NOON, 9))
    assert [one.attempts for one in found] == [3, 2, 1]
    database.write(lambda tx: deliveries.retry(tx, ids[2], "no", NOON)).result()
    assert database.read(lambda tx: deliveries.unfinished(tx, ADA, NOON, 9))[2].attempts == 2


def test_a_parked_one_waits_for_an_admin(database: Database) -> None:
    (id_,) = add(database, "1")
    database.write(lambda tx: deliveries.park(tx, id_, "five tries")).result()
    assert waiting(database, NOON * 2) == []
    assert database.write(lambda tx: deliveries.finish_all(tx, [id_], NOON)).result() == 0
    assert database.write(lambda tx: deliveries.retry(tx, id_, "again", NOON)).result() is False


def test_connections_with_something_to_do_are_found_in_pages(database: Database) -> None:
    (done,) = add(database, "0", key=ADA_SPOTIFY)
    database.write(lambda tx: deliveries.finish_all(tx, [done], NOON)).result()
    add(database, "1", "2")
    (later,) = add(database, "1", key=GRACE)
    database.write(lambda tx: deliveries.retry(tx, later, "no", NOON + 60)).result()
    assert database.read(lambda tx: deliveries.waiting_keys(tx, NOON, 9)) == [ADA]
    assert database.read(lambda tx: deliveries.waiting_keys(tx, NOON + 60, 9)) == [ADA, GRACE]
    assert database.read(lambda tx: deliveries.waiting_keys(tx, NOON + 60, 1)) == [ADA]
    assert database.read(lambda tx: deliveries.waiting_keys(tx, NOON + 60, 9, after=ADA)) == [GRACE]


def test_a_number_never_comes_again(database: Database) -> None:
    """Not when the newest goes either: an actor takes a nudge for a lower one than it has read for old news."""
    (first,) = add(database, "1")
    database.write(lambda tx: deliveries.finish_all(tx, [first], NOON)).result()
    assert database.write(lambda tx: deliveries.prune(tx, NOON + 1, 9)).result() == ["done"]
    (second,) = add(database, "2")
    assert second > first


def test_of_many_at_once_each_that_is_new_has_its_own_row_and_repeats_have_none(database: Database) -> None:
    add(database, "b", "d")
    arrived = [a_delivery(name) for name in "abcde"]
    rows = database.write(lambda tx: deliveries.add_all(tx, arrived)).result()
    found = {one.delivery_id: one.id for one in database.read(lambda tx: deliveries.unfinished(tx, ADA, NOON, 9))}
    assert dict(zip("abcde", rows, strict=True)) == {
        "a": found["a"],
        "b": None,
        "c": found["c"],
        "d": None,
        "e": found["e"],
    }


def test_all_that_wait_for_one_connection_are_given_up_at_once(database: Database) -> None:
    add(database, *"abc")
    add(database, "1", key=GRACE)
    assert database.write(lambda tx: deliveries.park_all(tx, ADA, "It has ended.")).result() == 3
    assert waiting(database) == []
    rows = database.read(lambda tx: deliveries.page(tx, limit=9))
    assert [(row.state, row.reason) for row in rows if row.user == "ada"] == [("parked", "It has ended.")] * 3
    assert [row.state for row in rows if row.user == "grace"] == ["received"]
