"""Committed, then told: in the order of commits, and only then is the caller answered."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from storage import events
from storage.database import Database
from storage.records import Draft, Event
from tests.storage.gathering import writer_held


def test_what_is_published_can_be_read_already(open_database: Callable[..., Database]) -> None:
    readable: list[bool] = []

    def publish(told: Sequence[Event]) -> None:
        readable.append(database.read(lambda tx: events.since(tx, "ada", 0, 9)) == list(told))

    database = open_database()
    database.publish = publish
    database.write(lambda tx: events.append(tx, "ada", [Draft("a"), Draft("b")], 1.0)).result()
    assert readable == [True]


def test_a_future_is_resolved_after_its_events_are_published(open_database: Callable[..., Database]) -> None:
    order: list[str] = []
    database = open_database(publish=lambda told: order.append("published"))
    with writer_held(database):
        future = database.write(lambda tx: events.append(tx, "ada", [Draft("a")], 1.0))
        future.add_done_callback(lambda _: order.append("resolved"))
    future.result()
    assert order == ["published", "resolved"]


def test_a_group_is_published_at_once(open_database: Callable[..., Database]) -> None:
    groups: list[int] = []
    database = open_database(publish=lambda told: groups.append(len(told)))
    with writer_held(database):
        futures = [database.write(lambda tx: events.append(tx, "ada", [Draft("a"), Draft("b")], 1.0)) for _ in range(5)]
    for future in futures:
        future.result()
    assert groups == [10]


def test_a_group_that_takes_long_is_cut_and_the_rest_comes_next(
    open_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[list[int]] = []
    database = open_database(publish=lambda told: groups.append([event.offset for event in told]))
    monkeypatch.setattr("storage.writer.GROUP_SECONDS", 1e-9)
    with writer_held(database):
        futures = [database.write(lambda tx: events.append(tx, "ada", [Draft("a")], 1.0)) for _ in range(4)]
    for future in futures:
        future.result()
    assert groups == [[1], [2], [3], [4]]


def test_events_of_many_writers_are_published_in_the_order_of_each_users_offsets(
    database: Database, published: list[Event]
) -> None:
    def write(number: int) -> None:
        user = f"user-{number % 3}"
        database.write(lambda tx: events.append(tx, user, [Draft("a"), Draft("b")], 1.0)).result()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(150)))
    for user in ("user-0", "user-1", "user-2"):
        assert [event.offset for event in published if event.user == user] == list(range(1, 101))


def test_whoever_publishes_badly_does_not_stop_the_writer(open_database: Callable[..., Database]) -> None:
    def publish(_told: Sequence[Event]) -> None:
        raise ValueError("the hub is broken")

    database = open_database(publish=publish)
    with capture_logs() as logs:
        database.write(lambda tx: events.append(tx, "ada", [Draft("a")], 1.0)).result()
    assert [entry["event"] for entry in logs] == ["publish_failed"]
    assert database.write(lambda tx: events.append(tx, "ada", [Draft("b")], 1.0)).result()[0].offset == 2


def test_an_event_that_was_told_carries_the_epoch_in_its_cursor(database: Database, published: list[Event]) -> None:
    database.write(lambda tx: events.append(tx, "ada", [Draft("a")], 1.0)).result()
    assert published[0].cursor == f"{database.epoch}-1"
