"""What admins see of deliveries, replaying one, and what is let go."""

from typing import Any

import pytest

from storage import deliveries
from storage.database import Database
from storage.deliveries import Summary
from tests.storage.people import ADA, ADA_SPOTIFY, GRACE, NOON, a_delivery


@pytest.fixture
def ids(database: Database) -> list[int]:
    """done, parked, retrying, received (ada on GitHub); received (grace); received (ada on Spotify)"""
    kept = [
        database.write(
            lambda tx, key=key, number=number: deliveries.add(tx, a_delivery(str(number), key, NOON + number))
        )
        for number, key in enumerate([ADA, ADA, ADA, ADA, GRACE, ADA_SPOTIFY])
    ]
    ids = [future.result() or 0 for future in kept]

    def unit(tx: Any) -> None:
        deliveries.finish_all(tx, [ids[0]], NOON + 10)
        deliveries.park(tx, ids[1], "five tries")
        deliveries.retry(tx, ids[2], "no parser", NOON + 100)

    database.write(unit).result()
    return ids


def page(database: Database, **wanted: Any) -> list[int]:
    return [row.id for row in database.read(lambda tx: deliveries.page(tx, **{"limit": 100, **wanted}))]


def test_a_row_tells_what_became_of_it(database: Database, ids: list[int]) -> None:
    rows = {row.id: row for row in database.read(lambda tx: deliveries.page(tx, limit=9))}
    assert [rows[id_].state for id_ in ids[:4]] == ["done", "parked", "retrying", "received"]
    assert [rows[id_].reason for id_ in ids[:4]] == [None, "five tries", "no parser", None]
    parked = rows[ids[1]]
    assert (parked.user, parked.platform, parked.delivery_id, parked.kind) == ("ada", "github", "1", "push")
    assert (parked.attempts, parked.at, parked.due_at) == (1, NOON + 1, None)


def test_the_newest_come_first_in_pages(database: Database, ids: list[int]) -> None:
    assert page(database) == ids[::-1]
    assert page(database, limit=2) == [ids[5], ids[4]]
    assert page(database, after=ids[4], limit=2) == [ids[3], ids[2]]


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ({"state": "done"}, [0]),
        ({"state": "parked"}, [1]),
        ({"state": "retrying"}, [2]),
        ({"state": "received"}, [5, 4, 3]),
        ({"state": "parked", "user": "ada", "platform": "github"}, [1]),
        ({"state": "parked", "user": "grace"}, []),
        ({"user": "ada"}, [5, 3, 2, 1, 0]),
        ({"platform": "spotify"}, [5]),
        ({"user": "ada", "platform": "github"}, [3, 2, 1, 0]),
    ],
)
def test_they_can_be_asked_for(database: Database, ids: list[int], wanted: dict[str, str], places: list[int]) -> None:
    assert page(database, **wanted) == [ids[place] for place in places]


@pytest.mark.parametrize("place", [1, 2])
def test_one_that_was_given_up_or_waits_can_be_tried_anew(database: Database, ids: list[int], place: int) -> None:
    database.write(lambda tx: deliveries.charge(tx, ids)).result()
    assert database.write(lambda tx: deliveries.replay(tx, ids[place])).result() == ADA
    (again,) = [
        one for one in database.read(lambda tx: deliveries.unfinished(tx, ADA, NOON + 9, 9)) if one.id == ids[place]
    ]
    assert again.attempts == 1


@pytest.mark.parametrize("place", [0, 3])
def test_one_that_is_done_or_still_to_be_done_is_not_replayed(database: Database, ids: list[int], place: int) -> None:
    assert database.write(lambda tx: deliveries.replay(tx, ids[place])).result() is None
    assert database.write(lambda tx: deliveries.replay(tx, 999_999)).result() is None


def test_a_summary_counts_per_platform(database: Database, ids: list[int]) -> None:
    assert database.read(deliveries.summary) == {
        "github": Summary(kept=5, waiting=3, parked=1, last_at=NOON + 4),
        "spotify": Summary(kept=1, waiting=1, parked=0, last_at=NOON + 5),
    }


def test_what_is_done_with_goes_after_its_time_and_what_is_not_stays(database: Database, ids: list[int]) -> None:
    assert database.write(lambda tx: deliveries.prune(tx, NOON + 1, 100)).result() == ["done"]
    assert page(database) == ids[:0:-1]
    assert database.write(lambda tx: deliveries.prune(tx, NOON + 1000, 100)).result() == ["parked"]
    assert page(database) == ids[:1:-1]


def test_they_go_in_pieces(database: Database, ids: list[int]) -> None:
    pieces = [database.write(lambda tx: deliveries.prune(tx, NOON + 1000, 1)).result() for _ in range(3)]
    assert [len(piece) for piece in pieces] == [1, 1, 0]
