from datetime import UTC, datetime

from actors.allowance import Allowance
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
