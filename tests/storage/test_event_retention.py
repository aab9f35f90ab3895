"""Old events go, the oldest first and in small pieces; what stays has no gap."""

from collections.abc import Sequence

from storage import events
from storage.database import Database
from storage.records import Draft

KEEP_ALL = 10**9


def append(database: Database, user: str, times: Sequence[float]) -> None:
    def unit(tx: object) -> None:
        for at in times:
            events.append(tx, user, [Draft("a")], at)  # type: ignore[arg-type]

    database.write(unit).result()


def prune(database: Database, older_than: float = 0.0, keep: int = KEEP_ALL, limit: int = 1000) -> int:
    return database.write(lambda tx: events.prune(tx, older_than, keep, limit)).result()


def kept(database: Database, user: str) -> list[int]:
    return [event.offset for event in database.read(lambda tx: events.since(tx, user, 0, 1000))]


def bounds(database: Database, user: str) -> tuple[int, int]:
    return database.read(lambda tx: events.bounds(tx, user))


def test_those_past_their_time_go(database: Database) -> None:
    append(database, "ada", [1.0, 2.0, 3.0, 4.0])
    append(database, "grace", [3.0])
    assert prune(database, older_than=3.0) == 2
    assert kept(database, "ada") == [3, 4]
    assert bounds(database, "ada") == (3, 4)
    assert bounds(database, "grace") == (1, 1)


def test_those_beyond_the_number_kept_go(database: Database) -> None:
    append(database, "ada", [1.0] * 10)
    append(database, "grace", [1.0] * 4)
    assert prune(database, keep=4) == 6
    assert kept(database, "ada") == [7, 8, 9, 10]
    assert bounds(database, "ada") == (7, 10)
    assert bounds(database, "grace") == (1, 4)


def test_of_age_and_number_the_one_that_takes_more_counts(database: Database) -> None:
    append(database, "ada", [1.0] * 5 + [9.0] * 5)
    append(database, "grace", [1.0] * 2 + [9.0] * 8)
    assert prune(database, older_than=5.0, keep=7) == 8
    assert kept(database, "ada") == [6, 7, 8, 9, 10]
    assert kept(database, "grace") == [4, 5, 6, 7, 8, 9, 10]


def test_when_all_have_gone_the_head_stays(database: Database) -> None:
    append(database, "ada", [1.0, 2.0])
    assert prune(database, older_than=9.0) == 2
    assert bounds(database, "ada") == (3, 2)
    append(database, "ada", [9.0])
    assert kept(database, "ada") == [3]


def test_a_piece_is_no_larger_than_asked_for_and_the_pieces_come_to_an_end(database: Database) -> None:
    append(database, "ada", [1.0] * 10)
    append(database, "grace", [1.0] * 10)
    pieces = []
    while pieces[-1:] != [0]:
        pieces.append(prune(database, older_than=9.0, keep=3, limit=6))
        for user in ("ada", "grace"):
            lowest, head = bounds(database, user)
            assert kept(database, user) == list(range(lowest, head + 1))
    assert sum(pieces) == 20
    assert max(pieces) <= 6


def test_an_event_of_a_clock_that_was_ahead_leaves_no_gap(database: Database) -> None:
    append(database, "ada", [1.0, 99.0, 2.0, 50.0])
    prune(database, older_than=10.0)
    assert kept(database, "ada") == [4]
    assert bounds(database, "ada") == (4, 4)


def test_nothing_to_drop_drops_nothing(database: Database) -> None:
    append(database, "ada", [5.0])
    assert prune(database, older_than=5.0, keep=1) == 0
