"""A user's events are one sequence, whoever writes them and whatever fails meanwhile."""

from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import events
from storage.database import Database
from storage.records import Draft, Event
from storage.transaction import Transaction
from tests.storage.gathering import writer_held

USERS = ("ada", "grace", "alan")


class Refused(Exception):
    pass


def test_offsets_begin_at_one_and_grow_by_one(database: Database) -> None:
    first = database.write(lambda tx: events.append(tx, "ada", [Draft("a"), Draft("b")], 1.0)).result()
    second = database.write(lambda tx: events.append(tx, "ada", [Draft("c")], 1.0)).result()
    assert [event.offset for event in first + second] == [1, 2, 3]


def test_each_user_has_their_own(database: Database) -> None:
    for user in ("ada", "grace", "ada"):
        database.write(lambda tx, user=user: events.append(tx, user, [Draft("a")], 1.0)).result()
    assert database.read(lambda tx: events.bounds(tx, "ada")) == (1, 2)
    assert database.read(lambda tx: events.bounds(tx, "grace")) == (1, 1)


def test_nothing_happened_has_no_place(database: Database, published: list[Event]) -> None:
    assert database.write(lambda tx: events.append(tx, "ada", [], 1.0)).result() == []
    assert database.read(lambda tx: events.bounds(tx, "ada")) == (1, 0)
    assert published == []


def test_what_is_read_is_what_was_told(database: Database, published: list[Event]) -> None:
    fields = {"platform": "spotify", "count": 50, "message": 'Grüße "\n\0 🎵', "nested": {"a": [1, None, 2.5]}}
    database.write(lambda tx: events.append(tx, "ada", [Draft("new_data", fields)], 1234.5)).result()
    assert database.read(lambda tx: events.since(tx, "ada", 0, 9)) == published


def test_reading_goes_on_after_an_offset_in_pieces(database: Database) -> None:
    database.write(lambda tx: events.append(tx, "ada", [Draft(str(number)) for number in range(1, 8)], 1.0)).result()

    def page(after: int) -> list[int]:
        return [event.offset for event in database.read(lambda tx: events.since(tx, "ada", after, 3))]

    assert [page(0), page(3), page(6), page(7)] == [[1, 2, 3], [4, 5, 6], [7], []]


def test_offsets_go_on_where_they_were_after_a_restart(open_database: Any) -> None:
    first = open_database()
    first.write(lambda tx: events.append(tx, "ada", [Draft("a"), Draft("b")], 1.0)).result()
    first.close()
    again = open_database()
    assert again.write(lambda tx: events.append(tx, "ada", [Draft("c")], 1.0)).result()[0].offset == 3


units = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(USERS), st.integers(0, 3)), max_size=3),
        st.sampled_from(["fine", "raises", "breaks"]),
    ),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(units, st.integers(0, 12))
def test_no_gap_and_no_repeat_however_units_are_grouped_and_fail(
    database: Database, published: list[Event], units: list[tuple[list[tuple[str, int]], str]], cut: int
) -> None:
    published.clear()
    before = {user: database.read(lambda tx, user=user: events.bounds(tx, user))[1] for user in USERS}
    futures: list[tuple[Future[None], str]] = []
    for group in (units[:cut], units[cut:]):
        with writer_held(database):
            for appends, end in group:
                futures.append((database.write(lambda tx, unit=(appends, end): work(tx, *unit)), end))
    for future, end in futures:
        assert (future.exception() is None) == (end == "fine")
    for user in USERS:
        wanted = sum(count for appends, end in units if end == "fine" for name, count in appends if name == user)
        kept = database.read(lambda tx, user=user: events.since(tx, user, before[user], 1000))
        assert [event.offset for event in kept] == list(range(before[user] + 1, before[user] + wanted + 1))
        assert [event for event in published if event.user == user] == kept


def work(tx: Transaction, appends: list[tuple[str, int]], end: str) -> None:
    for user, count in appends:
        events.append(tx, user, [Draft("a", {"n": number}) for number in range(count)], 1.0)
    if end == "raises":
        raise Refused
    if end == "breaks":
        tx.run("INSERT INTO meta (name, value) VALUES ('broken', NULL)")


@pytest.mark.parametrize("name", ["type", "offset", "cursor", "at"])
def test_a_field_that_would_take_the_place_of_the_events_own_is_refused(database: Database, name: str) -> None:
    refused = database.write(lambda tx: events.append(tx, "ada", [Draft("a"), Draft("b", {name: 1})], 1.0))
    with pytest.raises(ValueError, match=name):
        refused.result()
    assert database.read(lambda tx: events.bounds(tx, "ada")) == (1, 0)
