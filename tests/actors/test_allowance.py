from datetime import UTC, datetime

from actors.allowance import BLOCK, BOOK_AGAIN, Allowance, Booked, Spent
from actors.platforms.base import Budget, Call, Limit, Pacing

NOON = datetime(2026, 11, 20, 20, 0, tzinfo=UTC).timestamp()
"""In California."""
CALL = Call("GET", "https://tiny.example/")


def test_a_day_of_units_ends_at_the_platforms_midnight() -> None:
    allowance = Allowance(Pacing(daily=3, zone="America/Los_Angeles"))

    assert [allowance.take(CALL, NOON) for _ in range(4)] == [None, None, None, 12 * 3600]
    assert allowance.take(CALL, NOON + 12 * 3600 - 1) == 1
    assert allowance.take(CALL, NOON + 12 * 3600) is None
    assert allowance.spent == 1


def test_a_call_takes_its_cost_and_one_that_costs_nothing_is_always_made() -> None:
    allowance = Allowance(Pacing(daily=10, zone="UTC"))

    assert allowance.take(Call("GET", "https://tiny.example/", cost=9), NOON) is None
    assert allowance.take(Call("GET", "https://tiny.example/", cost=2), NOON) is not None
    assert allowance.take(Call("GET", "https://tiny.example/", cost=0), NOON) is None


def test_calls_of_one_name_are_kept_apart_and_others_go_on() -> None:
    allowance = Allowance(Pacing())
    one = Call("GET", "https://tiny.example/", limit=Limit("history/T1", 60))
    other = Call("GET", "https://tiny.example/", limit=Limit("history/T2", 60))

    assert allowance.take(one, NOON) is None
    assert allowance.take(one, NOON + 20) == 40
    assert allowance.take(other, NOON + 20) is None
    assert allowance.take(one, NOON + 60) is None


def test_a_clock_set_back_shuts_nobody_out_for_long() -> None:
    allowance = Allowance(Pacing(daily=1), Budget(frozenset({401}), 1, 600))
    one = Call("GET", "https://tiny.example/", limit=Limit("history/T1", 60), cost=0)
    assert allowance.take(one, NOON) is None
    allowance.answered(401, NOON)

    assert allowance.take(one, NOON - 3600) is None


def test_it_stops_well_before_the_platform_would_shut_us_out() -> None:
    allowance = Allowance(Pacing(), Budget(frozenset({401, 403, 429}), 10, 600))
    for second in range(8):
        assert allowance.take(CALL, NOON + second) is None
        allowance.answered(401, NOON + second)
        allowance.answered(200, NOON + second)

    assert allowance.take(CALL, NOON + 100) == 500
    assert allowance.take(CALL, NOON + 601) is None


class Bookings:
    """Stands for the database: keeps what it is asked to, once it is told to."""

    def __init__(self) -> None:
        self.kept: list[Spent] = []
        self._waiting: list[tuple[Spent, Booked]] = []

    def book(self, spent: Spent, heard: Booked) -> None:
        self._waiting.append((spent, heard))

    def answer(self, is_stored: bool = True) -> int:
        waiting, self._waiting = self._waiting, []
        for spent, heard in waiting:
            if is_stored:
                self.kept.append(spent)
            heard(is_stored)
        return len(waiting)


PACING = Pacing(daily=1000, zone="America/Los_Angeles")


def test_whenever_it_is_cut_off_no_less_is_booked_than_was_spent_and_little_more() -> None:
    bookings = Bookings()
    allowance = Allowance(PACING, book=bookings.book)
    writes = 0
    for _ in range(1000):
        assert allowance.take(CALL, NOON) is None
        writes += bookings.answer()
        assert allowance.spent <= bookings.kept[-1].units <= min(allowance.spent + BLOCK, 1000)

    assert writes <= 1000 / (BLOCK / 2) + 1
    assert allowance.take(CALL, NOON) == 12 * 3600


def test_what_was_booked_is_spent_for_the_next_run_until_the_day_ends() -> None:
    bookings = Bookings()
    first = Allowance(PACING, book=bookings.book)
    for _ in range(490):
        assert first.take(CALL, NOON) is None
        bookings.answer()
    last = Allowance(PACING, before=bookings.kept[-1], book=bookings.book)
    made = 0
    while last.take(CALL, NOON) is None:
        made += 1
        bookings.answer()

    assert 510 - BLOCK <= made <= 510
    assert last.take(CALL, NOON) == 12 * 3600
    assert last.take(CALL, NOON + 12 * 3600) is None
    assert last.spent == 1
    bookings.answer()
    assert bookings.kept[-1] == Spent(NOON + 36 * 3600, 1 + BLOCK)


def test_an_orderly_end_books_what_was_spent_and_no_more() -> None:
    bookings = Bookings()
    allowance = Allowance(PACING, book=bookings.book)
    for _ in range(7):
        allowance.take(CALL, NOON)
    allowance.close()
    bookings.answer()

    assert bookings.kept[-1] == Spent(NOON + 12 * 3600, 7)


def test_calls_wait_for_a_database_that_books_nothing_and_go_on_with_it() -> None:
    bookings = Bookings()
    allowance = Allowance(PACING, book=bookings.book)
    made = 0
    while allowance.take(CALL, NOON) is None:
        made += 1
        bookings.answer(False)

    assert made == BLOCK + 1
    assert allowance.take(CALL, NOON) == BOOK_AGAIN
    assert allowance.take(Call("GET", "https://tiny.example/", cost=0), NOON) is None
    bookings.answer()
    assert allowance.take(CALL, NOON) is None


def test_a_platform_without_a_day_books_nothing() -> None:
    bookings = Bookings()
    allowance = Allowance(Pacing(), book=bookings.book)
    for _ in range(200):
        assert allowance.take(CALL, NOON) is None
    allowance.close()

    assert bookings.answer() == 0
