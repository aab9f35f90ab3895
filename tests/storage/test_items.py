"""Items read from platforms: each stored once, found again in order."""

import json
from uuid import UUID

import pytest

from storage import data
from storage.data import ItemRow
from storage.database import Database
from storage.records import ConnectionKey, Item
from tests.storage.people import ADA, ADA_SPOTIFY, GRACE, NOON


def add(database: Database, *items: Item, key: ConnectionKey = ADA, at: float = NOON) -> dict[str, int]:
    return database.write(lambda tx: data.add(tx, key, items, at)).result()


def page(database: Database, user: str = "ada", **wanted: object) -> list[ItemRow]:
    return database.read(lambda tx: data.page(tx, user, **wanted)).rows  # type: ignore[arg-type]


def said(row: ItemRow) -> object:
    return json.loads(bytes(row.raw))


def test_only_the_new_ones_count(database: Database) -> None:
    assert add(database, Item("events", "1", {}), Item("events", "2", {}), Item("stars", "1", {})) == {
        "events": 2,
        "stars": 1,
    }
    assert add(database, Item("events", "2", {}), Item("events", "3", {}), Item("stars", "1", {})) == {"events": 1}
    assert add(database) == {}


def test_which_of_some_are_known(database: Database) -> None:
    add(database, Item("events", "1", {}), Item("stars", "2", {}))
    add(database, Item("events", "3", {}), key=ADA_SPOTIFY)
    asked = [Item("events", "1", {}), Item("events", "2", {}), Item("stars", "2", {}), Item("events", "3", {})]
    assert database.read(lambda tx: data.known(tx, ADA, asked)) == {("events", "1"), ("stars", "2")}
    assert database.read(lambda tx: data.known(tx, ADA, [])) == set()


def test_the_same_thing_twice_in_one_reading_is_one(database: Database) -> None:
    assert add(database, Item("events", "1", {"a": 1}), Item("events", "1", {"a": 2})) == {"events": 1}
    assert [said(row) for row in page(database)] == [{"a": 1}]


def test_what_is_known_stays_as_it_was(database: Database) -> None:
    add(database, Item("events", "1", {"a": 1}))
    add(database, Item("events", "1", {"a": 2}), at=NOON + 9)
    (row,) = page(database)
    assert (said(row), row.extracted_at) == ({"a": 1}, NOON)


def test_others_may_have_the_same_thing(database: Database) -> None:
    for key in (ADA, ADA_SPOTIFY, GRACE):
        assert add(database, Item("events", "1", {}), key=key) == {"events": 1}


@pytest.mark.parametrize(
    "raw",
    [
        {"text": "Grüße 🎵", "nested": [1, 2.5, None, True, {"a": []}]},
        {"a NUL": "\0"},
        {"half a pair": "\ud83d", "n": 1.5},
        {"a large number": 2**80},
        "only text",
        None,
    ],
)
def test_whatever_json_a_platform_sends_is_read_again(database: Database, raw: object) -> None:
    add(database, Item("events", "1", raw, NOON - 5))
    (row,) = page(database)
    assert said(row) == raw
    assert (row.platform, row.data_type, row.external_id, row.at) == ("github", "events", "1", NOON - 5)


def test_what_is_no_number_becomes_null(database: Database) -> None:
    add(database, Item("events", "1", {"a": float("nan"), "b": "\ud83d", "c": [float("inf")]}))
    assert said(page(database)[0]) == {"a": None, "b": "\ud83d", "c": [None]}


def test_what_is_large_makes_fewer_a_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.data.PAGE_CHARACTERS", 100)
    sizes = (30, 30, 30, 200, 90, 5)
    for number, size in enumerate(sizes):
        add(database, Item("events", str(number), "x" * (size - 2)), at=NOON + number)
    pages, after = [], None
    while after is not None or not pages:
        rows, more = database.read(lambda tx, after=after: data.page(tx, "ada", after=after, limit=1000))  # type: ignore[misc]
        pages.append([row.external_id for row in rows])
        after = rows[-1].id if more else None
    assert pages == [["0", "1", "2"], ["3"], ["4", "5"]]


def test_pages_go_on_in_the_order_of_extraction(database: Database) -> None:
    for number in range(7):
        add(database, Item("events", str(9 - number), {}), Item("stars", str(number), {}), at=NOON + number // 3)
    seen: list[ItemRow] = []
    while rows := page(database, data_type="events", after=seen[-1].id if seen else None, limit=3):
        seen += rows
    assert [row.external_id for row in seen] == ["9", "8", "7", "6", "5", "4", "3"]


def test_a_page_can_be_of_some_only(database: Database) -> None:
    add(database, Item("events", "1", {}), Item("stars", "2", {}))
    add(database, Item("recently_played", "3", {}), key=ADA_SPOTIFY)
    add(database, Item("events", "4", {}), key=GRACE)
    assert [row.external_id for row in page(database)] == ["1", "2", "3"]
    assert [row.external_id for row in page(database, platform="spotify")] == ["3"]
    assert [row.external_id for row in page(database, platform="github", data_type="stars")] == ["2"]
    assert [row.external_id for row in page(database, user="grace")] == ["4"]


def test_ids_are_uuids_that_only_grow(database: Database) -> None:
    add(database, *(Item("events", str(number), {}) for number in range(200)))
    add(database, Item("events", "late", {}), at=NOON - 3600)
    ids = [row.id for row in page(database, limit=1000)]
    assert len(set(ids)) == 201
    assert {(UUID(id_).version, UUID(id_).variant) for id_ in ids} == {(7, "specified in RFC 4122")}
    assert [row.external_id for row in page(database, limit=1000)] == [*map(str, range(200)), "late"]


def test_purging_takes_one_connections_items(database: Database) -> None:
    add(database, Item("events", "1", {}), Item("events", "2", {}))
    add(database, Item("events", "3", {}), key=ADA_SPOTIFY)
    add(database, Item("events", "4", {}), key=GRACE)
    assert database.write(lambda tx: data.purge(tx, ADA)).result() == 2
    assert [row.external_id for row in page(database)] == ["3"]
    assert [row.external_id for row in page(database, user="grace")] == ["4"]
