"""Administrators see every open stream."""

from contextlib import ExitStack

import pytest

from storage import events
from storage.records import Draft
from tests.handlers.serving import Serving
from tests.handlers.test_sending import listening


def test_each_says_whose_it_is_since_when_and_where_it_stands(serving: Serving) -> None:
    serving.write(lambda tx: events.append(tx, "ada", [Draft("news")], 1.0))
    with listening(serving, "ada"):
        serving.clock.advance(5)
        (row,) = serving.get("/api/admin/streams", role="admin").json["items"]
    assert row == {
        "id": 1,
        "user": "ada",
        "transport": "sse",
        "since": "2027-01-15T08:00:00.000Z",
        "queued_bytes": 0,
        "cursor": f"{serving.database.epoch}-1",
        "types": None,
    }
    serving.until(lambda: not serving.parts.hub.streams())
    assert serving.get("/api/admin/streams", role="admin").json == {"items": [], "next": None}


def test_they_come_in_pages_each_once_and_by_user(serving: Serving) -> None:
    with ExitStack() as stack:
        for user in ("ada", "grace", "ada", "alan", "ada"):
            stack.enter_context(listening(serving, user))
        seen, after = [], "0"
        while after is not None:
            page = serving.get(f"/api/admin/streams?limit=2&after={after}", role="admin").json
            seen += [row["user"] for row in page["items"]]
            after = page["next"]
        of_ada = serving.get("/api/admin/streams?user=ada&limit=2", role="admin").json
    assert seen == ["ada", "grace", "ada", "alan", "ada"]
    assert ([row["id"] for row in of_ada["items"]], of_ada["next"]) == ([1, 3], "3")


@pytest.mark.parametrize("after", ["x", "-1", "1.5"])
def test_a_place_that_is_none_is_refused(serving: Serving, after: str) -> None:
    assert serving.get(f"/api/admin/streams?after={after}", role="admin").error == "bad_after"


def test_they_are_for_administrators(serving: Serving) -> None:
    assert serving.get("/api/admin/streams").error == "forbidden"
