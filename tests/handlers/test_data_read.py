"""What was read from the platforms, a page at a time."""

import pytest

from storage import data
from storage.records import ConnectionKey, Item
from tests.handlers.serving import Serving


def keep(serving: Serving, user: str, platform: str, kind: str, count: int) -> None:
    items = [Item(kind, f"{kind}-{number}", {"number": number}, 1_799_999_000.0 + number) for number in range(count)]
    serving.write(lambda tx: data.add(tx, ConnectionKey(user, platform), items, serving.clock.now()))


def test_pages_follow_each_other_to_the_end(serving: Serving) -> None:
    keep(serving, "ada", "github", "events", 5)
    seen, after = [], ""
    while after is not None:
        page = serving.get(f"/api/data?limit=2{after and '&after=' + after}").json
        seen += [item["raw_data"]["number"] for item in page["items"]]
        after = page["next"]
    assert seen == [0, 1, 2, 3, 4]


def test_a_page_of_what_is_large_is_short_and_has_a_next(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.data.PAGE_CHARACTERS", 30)
    keep(serving, "ada", "github", "events", 5)
    first = serving.get("/api/data?limit=1000").json
    second = serving.get(f"/api/data?limit=1000&after={first['next']}").json
    third = serving.get(f"/api/data?limit=1000&after={second['next']}").json
    assert [len(page["items"]) for page in (first, second, third)] == [2, 2, 1]
    assert third["next"] is None


def test_an_item_has_what_the_platform_said_and_when(serving: Serving) -> None:
    keep(serving, "ada", "github", "events", 1)
    (item,) = serving.get("/api/data").json["items"]
    assert item.pop("id")
    assert item == {
        "platform": "github",
        "data_type": "events",
        "external_id": "events-0",
        "at": "2027-01-15T07:43:20.000Z",
        "extracted_at": "2027-01-15T08:00:00.000Z",
        "raw_data": {"number": 0},
    }


def test_filters_narrow_it_down(serving: Serving) -> None:
    keep(serving, "ada", "github", "events", 2)
    keep(serving, "ada", "spotify", "recently_played", 3)
    keep(serving, "grace", "spotify", "recently_played", 4)
    assert len(serving.get("/api/data").json["items"]) == 5
    assert len(serving.get("/api/data?platform=spotify").json["items"]) == 3
    assert len(serving.get("/api/data?type=events").json["items"]) == 2
    assert serving.get("/api/data?platform=github&type=recently_played").json == {"items": [], "next": None}


@pytest.mark.parametrize("query", ["platform=a'b", "type=../x", "after=%00", "after=' OR 1=1", "type=" + "x" * 65])
def test_odd_filters_are_refused(serving: Serving, query: str) -> None:
    assert serving.get(f"/api/data?{query.replace(' ', '%20')}").status == 400
