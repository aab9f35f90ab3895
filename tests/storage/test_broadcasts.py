"""A broadcast is one row, and stands in everybody's sequence before the next thing that they are told."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import broadcasts, events
from storage.database import Database
from storage.records import Draft, Event
from storage.transaction import Transaction
from tests.storage.gathering import writer_held

USERS = ("ada", "grace", "alan")


class Refused(Exception):
    pass


def say(database: Database, text: str, at: float = 1.0) -> int:
    return database.write(lambda tx: broadcasts.add(tx, Draft(text, {"to": "all"}), at)).result()


def tell(database: Database, user: str, *texts: str, at: float = 1.0) -> None:
    database.write(lambda tx: events.append(tx, user, [Draft(text) for text in texts], at)).result()


def hear(database: Database, *users: str) -> None:
    database.write(lambda tx: broadcasts.hear(tx, users)).result()


def heard(database: Database, user: str = "ada", after: int = 0) -> list[str]:
    """The types of what is kept, once its offsets have been found to be consecutive."""
    kept = database.read(lambda tx: events.since(tx, user, after, 10_000))
    lowest, head = database.read(lambda tx: events.bounds(tx, user))
    assert [event.offset for event in kept] == list(range(max(lowest, after + 1), head + 1))
    return [event.type for event in kept]


def rows(database: Database, table: str) -> int:
    return int(database.read(lambda tx: tx.one(f"SELECT count(*) FROM {table}"))[0])


def test_it_comes_before_the_next_event_of_each_user_once(database: Database, published: list[Event]) -> None:
    tell(database, "ada", "a1")
    tell(database, "grace", "g1")
    say(database, "first")
    say(database, "second")
    tell(database, "ada", "a2", "a3")
    say(database, "third")
    tell(database, "ada", "a4")
    tell(database, "grace", "g2")
    assert heard(database) == ["a1", "first", "second", "a2", "a3", "third", "a4"]
    assert heard(database, "grace") == ["g1", "first", "second", "third", "g2"]
    for user in ("ada", "grace"):
        assert [one.type for one in published if one.user == user] == heard(database, user)


def test_what_is_told_is_what_can_be_read(database: Database, published: list[Event]) -> None:
    tell(database, "ada", "a1")
    database.write(
        lambda tx: broadcasts.add(tx, Draft("news", {"text": "Grüße\0 🎵", "n": [1, None]}), 1234.5)
    ).result()
    hear(database, "ada")
    kept = database.read(lambda tx: events.since(tx, "ada", 0, 9))
    assert kept == published
    assert (kept[1].at, kept[1].offset) == (1234.5, 2)


def test_it_is_one_row_however_many_users_are_away(database: Database) -> None:
    for number in range(50):
        tell(database, f"user-{number}", "here")
    say(database, "news")
    assert (rows(database, "broadcasts"), rows(database, "events")) == (1, 50)


def test_hearing_gives_many_users_what_each_has_not_had_and_no_more(database: Database) -> None:
    users = [f"user-{number}" for number in range(150)]
    for user in users:
        tell(database, user, "here")
    say(database, "first")
    hear(database, *users[:70])
    say(database, "second")
    for _ in range(2):
        hear(database, *users)
        for user in users:
            assert heard(database, user) == ["here", "first", "second"]


def test_who_comes_later_does_not_get_it_and_from_then_on_gets_all(database: Database) -> None:
    say(database, "before")
    assert database.read(lambda tx: broadcasts.is_behind(tx, "ada"))
    hear(database, "ada")
    tell(database, "grace", "g1")
    assert (heard(database), heard(database, "grace")) == ([], ["g1"])
    say(database, "after")
    hear(database, "ada", "grace")
    assert (heard(database), heard(database, "grace")) == (["after"], ["g1", "after"])


def test_who_is_behind_is_known(database: Database) -> None:
    tell(database, "ada", "a1")
    assert not database.read(lambda tx: broadcasts.is_behind(tx, "ada"))
    say(database, "news")
    assert database.read(lambda tx: broadcasts.is_behind(tx, "ada"))
    hear(database, "ada")
    assert not database.read(lambda tx: broadcasts.is_behind(tx, "ada"))


def test_old_ones_go_and_their_numbers_are_not_given_again(database: Database) -> None:
    tell(database, "ada", "a1")
    assert [say(database, text, at) for text, at in (("one", 1.0), ("two", 2.0), ("three", 3.0))] == [1, 2, 3]
    assert database.write(lambda tx: broadcasts.prune(tx, 2.5, 100, 1)).result() == 1
    assert database.write(lambda tx: broadcasts.prune(tx, 2.5, 100, 10)).result() == 1
    assert database.write(lambda tx: broadcasts.prune(tx, 9.0, 100, 10)).result() == 1
    assert (rows(database, "broadcasts"), say(database, "four")) == (0, 4)


def test_more_than_are_kept_go_too(database: Database) -> None:
    for number in range(7):
        say(database, f"n{number}")
    assert database.write(lambda tx: broadcasts.prune(tx, 0.0, 3, 100)).result() == 4
    assert database.write(lambda tx: broadcasts.prune(tx, 0.0, 3, 100)).result() == 0


@pytest.mark.parametrize("way", ["append", "hear"])
def test_one_that_is_gone_is_as_an_event_that_is_gone(database: Database, way: str) -> None:
    """So that a cursor from before it is found to be past what is kept, and not believed to be complete."""
    tell(database, "ada", "a1", "a2")
    for text, at in (("one", 1.0), ("two", 2.0), ("three", 3.0)):
        say(database, text, at)
    database.write(lambda tx: broadcasts.prune(tx, 2.5, 100, 10)).result()
    if way == "hear":
        hear(database, "ada")
    tell(database, "ada", "a3", "a4")
    assert heard(database) == ["three", "a3", "a4"]
    assert database.read(lambda tx: events.bounds(tx, "ada")) == (5, 7)


def test_all_of_them_gone_moves_the_sequence_on_all_the_same(database: Database) -> None:
    tell(database, "ada", "a1")
    say(database, "one")
    database.write(lambda tx: broadcasts.prune(tx, 9.0, 100, 10)).result()
    hear(database, "ada")
    assert database.read(lambda tx: events.bounds(tx, "ada")) == (3, 2)
    tell(database, "ada", "a2")
    assert heard(database) == ["a2"]


def test_of_very_many_the_latest_are_copied(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "MOST_COPIED", 3)
    tell(database, "ada", "a1")
    for number in range(5):
        say(database, f"n{number}")
    tell(database, "ada", "a2")
    assert heard(database) == ["n2", "n3", "n4", "a2"]


def test_a_unit_that_fails_copies_nothing(database: Database, published: list[Event]) -> None:
    tell(database, "ada", "a1")
    say(database, "news")

    def unit(tx: Transaction) -> None:
        events.append(tx, "ada", [Draft("lost")], 1.0)
        raise Refused

    with pytest.raises(Refused):
        database.write(unit).result()
    assert [event.type for event in published] == ["a1"]
    tell(database, "ada", "a2")
    assert heard(database) == ["a1", "news", "a2"]


def test_it_outlives_a_restart_between_the_row_and_the_copying(open_database: Callable[..., Database]) -> None:
    first = open_database()
    tell(first, "ada", "a1")
    say(first, "news")
    first.close()
    again = open_database()
    hear(again, "ada")
    hear(again, "ada")
    assert heard(again) == ["a1", "news"]


deeds = st.lists(
    st.tuples(
        st.sampled_from(["say", "tell", "hear"]),
        st.sampled_from(USERS),
        st.sampled_from(["fine", "fine", "raises"]),
    ),
    max_size=20,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds, st.integers(0, 20))
def test_everyone_has_all_of_them_once_in_one_order_whatever_fails(
    database: Database, published: list[Event], deeds: list[tuple[str, str, str]], cut: int
) -> None:
    hear(database, *USERS)
    published.clear()
    before = {user: database.read(lambda tx, user=user: events.bounds(tx, user))[1] for user in USERS}
    said = []
    for group in (deeds[:cut], deeds[cut:]):
        with writer_held(database):
            for number, (what, user, end) in enumerate(group):
                name = f"{what}-{len(said)}-{number}"
                database.write(lambda tx, deed=(what, user, end, name): do(tx, *deed))
                if (what, end) == ("say", "fine"):
                    said.append(name)
    hear(database, *USERS)
    for user in USERS:
        assert [one for one in heard(database, user, before[user]) if one.startswith("say")] == said
        told = [event.offset for event in published if event.user == user]
        assert all(later == earlier + 1 for earlier, later in pairwise([before[user], *told]))
        assert len(told) == len(heard(database, user, before[user]))


def do(tx: Transaction, what: str, user: str, end: str, name: str) -> None:
    if what == "say":
        broadcasts.add(tx, Draft(name), 1.0)
    elif what == "tell":
        events.append(tx, user, [Draft(name)], 1.0)
    else:
        broadcasts.hear(tx, [user])
    if end == "raises":
        raise Refused
