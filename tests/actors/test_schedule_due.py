"""When a key is due: on schedule, each at its own place in the interval, and soon after an absence."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.schedule import CATCH_UP, parse, phase

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
LINES = ["45s", "30m", "6h", "1d", "*/30 * * * *", "0 */6 * * *", "0 9-17 * * 1-5", "15 3 1 * *"]


def first_dues(text: str, people: int = 2000) -> list[float]:
    schedule = parse(text)
    return [schedule.next_due(f"user-{n}/spotify", NOON) - NOON for n in range(people)]


@pytest.mark.parametrize("text", ["30m", "*/30 * * * *"])
def test_ten_thousand_users_are_spread_evenly_over_the_whole_interval(text: str) -> None:
    minutes = [0] * 31
    for due in first_dues(text, 10_000):
        minutes[int(due // 60)] += 1
    expected = 10_000 / 30
    assert all(0.7 * expected < count < 1.3 * expected for count in minutes[1:30])
    assert sum(minutes) == 10_000


def test_the_place_of_a_key_is_the_same_for_ever() -> None:
    assert phase("ada/github") == pytest.approx(0.131485, abs=1e-6)
    assert phase("ada/spotify") != phase("ada/github")


@pytest.mark.parametrize("text", LINES)
def test_due_times_follow_each_other_by_the_interval_at_least(text: str) -> None:
    schedule, at, dues = parse(text), NOON, []
    for _ in range(20):
        at = schedule.next_due("ada/github", at)
        dues.append(at)
    gaps = [later - earlier for earlier, later in pairwise(dues)]
    assert min(gaps) >= schedule.interval - 0.001


def test_each_interval_has_one_due_time_whenever_one_asks() -> None:
    schedule = parse("30m")
    due = schedule.next_due("ada/github", NOON)
    assert {round(schedule.next_due("ada/github", due - early), 3) for early in (1700, 900, 60, 20)} == {round(due, 3)}
    assert schedule.next_due("ada/github", due) == pytest.approx(due + 1800)


def test_a_timer_that_comes_a_little_early_does_not_come_twice() -> None:
    schedule = parse("30m")
    due = schedule.next_due("ada/github", NOON)
    assert schedule.next_due("ada/github", due - 0.5) == pytest.approx(due + 1800)


def test_a_cron_line_is_read_in_utc_and_shifted_by_less_than_its_interval() -> None:
    nine = datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp()
    for n in range(200):
        due = parse("0 9 * * *").next_due(f"user-{n}/github", nine - 1 + 864)
        assert nine <= due < nine + 2 * 86_400
        assert (due - nine) % 86_400 == pytest.approx(phase(f"user-{n}/github") * 86_400, abs=0.01)


def test_a_cron_line_for_working_hours_keeps_everyone_within_them() -> None:
    schedule = parse("0 9-17 * * 1-5")
    for n in range(300):
        at = NOON
        for _ in range(12):
            at = schedule.next_due(f"user-{n}/github", at)
            when = datetime.fromtimestamp(at, UTC)
            assert when.weekday() < 5
            assert 9 <= when.hour < 18


@given(st.sampled_from(LINES), st.text(max_size=20), st.floats(0, 4e9))
def test_the_next_is_always_ahead(text: str, key: str, at: float) -> None:
    schedule = parse(text)
    due = schedule.next_due(key, at)
    assert due > at
    assert due == pytest.approx(schedule.next_due(key, at))


def test_what_is_not_due_yet_keeps_its_time_over_a_restart() -> None:
    assert parse("30m").resume("ada/github", NOON + 700, NOON) == NOON + 700


def test_what_fell_due_while_the_service_was_down_comes_soon_and_spread_out() -> None:
    schedule = parse("6h")
    times = [schedule.resume(f"user-{n}/github", NOON - 5000, NOON) - NOON for n in range(1200)]
    assert 0 <= min(times) < 5
    assert CATCH_UP - 5 < max(times) < CATCH_UP
    halves = sum(time < CATCH_UP / 2 for time in times)
    assert 500 < halves < 700


def test_a_short_interval_is_caught_up_within_itself() -> None:
    assert all(parse("10s").resume(f"user-{n}/github", 0.0, NOON) < NOON + 10 for n in range(100))
