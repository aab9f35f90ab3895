"""Rate, concurrency and pauses of one platform."""

import pytest

from actors.pacing import PATIENCE, Go, Pace, Refuse, Wait


def begun(pace: Pace, now: float, asks: int) -> int:
    return sum(isinstance(pace.ask(now), Go) for _ in range(asks))


def test_a_burst_goes_through_at_once_and_then_the_rate_holds() -> None:
    pace = Pace(rate=10, burst=5, concurrency=1000)
    assert begun(pace, 0.0, 20) == 5
    assert pace.ask(0.0) == Wait(pytest.approx(0.1))
    assert begun(pace, 0.1, 20) == 1
    assert begun(pace, 0.5, 20) == 4


def test_over_a_long_time_no_more_than_the_rate_goes_through() -> None:
    pace = Pace(rate=3, burst=2, concurrency=10**6)
    through = sum(begun(pace, tick / 10, 5) for tick in range(1000))
    assert through == pytest.approx(2 + 3 * 99.9, abs=1)


def test_an_idle_time_saves_up_no_more_than_a_burst() -> None:
    pace = Pace(rate=10, burst=5, concurrency=1000)
    begun(pace, 0.0, 5)
    assert begun(pace, 3600.0, 50) == 5


def test_waiting_as_long_as_it_says_is_enough() -> None:
    pace, now = Pace(rate=7, burst=1, concurrency=1000), 0.0
    for _ in range(200):
        verdict = pace.ask(now)
        if isinstance(verdict, Wait):
            assert verdict.seconds is not None
            now += verdict.seconds + 1e-9
            assert isinstance(pace.ask(now), Go)


def test_no_more_calls_are_under_way_than_its_concurrency() -> None:
    pace = Pace(rate=1000, burst=1000, concurrency=3)
    assert begun(pace, 0.0, 10) == 3
    assert pace.ask(0.0) == Wait(None)
    pace.ended(1.0, failed=False, probe=False)
    assert begun(pace, 1.0, 10) == 1


def test_a_wait_for_concurrency_takes_no_permit() -> None:
    pace = Pace(rate=1, burst=2, concurrency=1)
    assert begun(pace, 0.0, 10) == 1
    pace.ended(0.0, failed=False, probe=False)
    assert begun(pace, 0.0, 10) == 1


def test_a_short_pause_is_waited_out() -> None:
    pace = Pace()
    pace.pause(100.0, 20.0)
    assert pace.ask(105.0) == Wait(15.0)
    assert pace.ask(120.0) == Go()


def test_a_long_pause_is_refused_with_the_time_to_come_back() -> None:
    pace = Pace()
    pace.pause(100.0, 3600.0)
    assert pace.ask(110.0) == Refuse("paused", 3590.0)
    assert pace.ask(3700.0 - PATIENCE) == Wait(PATIENCE)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    pace = Pace()
    pace.pause(0.0, 60.0)
    pace.pause(10.0, 1.0)
    assert pace.paused_for(20.0) == 40.0


def test_how_long_a_queue_takes_follows_from_the_rate() -> None:
    assert Pace(rate=20).wait_for(100) == 5.0


def test_who_waited_as_long_as_was_said_need_not_wait_again_for_a_rounding() -> None:
    pace, now = Pace(rate=20.0, burst=1.0), 1000.7
    assert isinstance(pace.ask(now), Go)
    for _ in range(1000):
        pace.ended(now, failed=False, probe=False)
        verdict = pace.ask(now)
        assert isinstance(verdict, Wait)
        assert verdict.seconds is not None
        now += verdict.seconds
        assert isinstance(pace.ask(now), Go)
