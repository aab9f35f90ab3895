"""Reading one's events without a stream."""

from typing import Any

import pytest

from storage import events
from storage.records import Draft
from tests.handlers.serving import Serving


def tell(serving: Serving, count: int, user: str = "ada") -> None:
    drafts = [Draft("notification", {"title": f"t{number}", "platform": "github"}) for number in range(count)]
    serving.write(lambda tx: events.append(tx, user, drafts, serving.clock.now()))


def titles(page: dict[str, Any]) -> list[str]:
    return [event["title"] for event in page["items"]]


def test_an_event_is_the_same_flat_object_as_on_every_transport(serving: Serving) -> None:
    tell(serving, 1)
    page = serving.get("/api/events").json
    epoch = serving.database.epoch
    assert page["items"] == [
        {
            "type": "notification",
            "offset": 1,
            "cursor": f"{epoch}-1",
            "at": "2027-01-15T08:00:00.000Z",
            "title": "t0",
            "platform": "github",
        }
    ]
    assert (page["cursor"], page["recovered"], page["reason"]) == (f"{epoch}-1", None, None)


def test_without_a_cursor_the_latest_come_in_order(serving: Serving) -> None:
    tell(serving, 10)
    page = serving.get("/api/events?limit=3").json
    assert titles(page) == ["t7", "t8", "t9"]
    assert page["cursor"].endswith("-10")


def test_with_a_cursor_comes_what_is_after_it_a_page_at_a_time(serving: Serving) -> None:
    tell(serving, 7)
    cursor, seen, pages = f"{serving.database.epoch}-2", [], 0
    while True:
        page = serving.get(f"/api/events?cursor={cursor}&limit=2").json
        assert page["recovered"] is True
        if not page["items"]:
            break
        seen += titles(page)
        cursor = page["cursor"]
        pages += 1
    assert seen == ["t2", "t3", "t4", "t5", "t6"]
    assert pages == 3


@pytest.mark.parametrize(
    ("cursor", "reason"), [("nonsense", "malformed"), ("0123abcd-1", "epoch"), ("{epoch}-99", "ahead")]
)
def test_a_cursor_that_is_no_good_recovers_nothing(serving: Serving, cursor: str, reason: str) -> None:
    tell(serving, 3)
    epoch = serving.database.epoch
    page = serving.get(f"/api/events?cursor={cursor.format(epoch=epoch)}").json
    assert page == {"items": [], "cursor": f"{epoch}-3", "recovered": False, "reason": reason}


def test_a_cursor_past_what_is_kept_recovers_nothing(serving: Serving) -> None:
    tell(serving, 5)
    serving.write(lambda tx: events.prune(tx, serving.clock.now() - 100, 2, 100))
    epoch = serving.database.epoch
    assert serving.get(f"/api/events?cursor={epoch}-2").json["reason"] == "expired"
    assert titles(serving.get(f"/api/events?cursor={epoch}-3").json) == ["t3", "t4"]
    assert titles(serving.get("/api/events").json) == ["t3", "t4"]


def test_nobody_reads_anothers(serving: Serving) -> None:
    tell(serving, 3)
    assert serving.get("/api/events?user=ada", "grace").json["items"] == []
    cursor = f"{serving.database.epoch}-1"
    assert serving.get(f"/api/events?cursor={cursor}", "grace").json["reason"] == "ahead"
    assert serving.get("/api/events?userId=ada", "grace").status == 403
    assert serving.get("/api/events?userId=grace", "grace").status == 200
