"""A platform that is down is probed, not hammered."""

import pytest

from actors.pacing import Circuit, Go, Pace, Refuse


def circuit(chance: float = 0.0) -> Circuit:
    return Circuit(in_a_row=3, of_last=10, first=5.0, longest=30.0, chance=lambda: chance)


def pace(of: Circuit | None = None) -> Pace:
    return Pace(rate=1000, burst=1000, concurrency=100, circuit=of or circuit())


def call(platform: Pace, now: float, *, failed: bool) -> bool:
    """Makes a call when it may; whether it was made."""
    verdict = platform.ask(now)
    if not isinstance(verdict, Go):
        return False
    platform.ended(now, failed=failed, probe=verdict.probe)
    return True


def opened(now: float = 0.0) -> Pace:
    platform = pace()
    for _ in range(3):
        assert call(platform, now, failed=True)
    assert platform.circuit.state == "open"
    return platform


def test_failures_in_a_row_open_it() -> None:
    platform = pace()
    made = [call(platform, float(n), failed=True) for n in range(5)]
    assert made == [True, True, True, False, False]
    assert platform.ask(3.0) == Refuse("circuit_open", 4.0)


def test_a_success_in_between_starts_the_count_anew() -> None:
    platform = pace()
    for failed in (True, True, False, True, True, False):
        call(platform, 0.0, failed=failed)
    assert platform.circuit.state == "closed"


def test_half_of_the_last_calls_failing_opens_it_though_never_in_a_row() -> None:
    platform = pace()
    made = sum(call(platform, 0.0, failed=n % 2 == 1) for n in range(40))
    assert made == 10


def test_a_third_failing_does_not_open_it() -> None:
    platform = pace()
    assert all(call(platform, float(n), failed=n % 3 == 0) for n in range(100))


def test_after_its_delay_one_probe_goes_through_at_a_time() -> None:
    platform = opened()
    assert isinstance(platform.ask(4.9), Refuse)
    assert platform.ask(5.0) == Go(probe=True)
    assert platform.circuit.state == "probing"
    assert platform.ask(5.0) == Refuse("circuit_open", 5.0)
    assert platform.active == 1


def test_a_successful_probe_closes_it_and_forgets() -> None:
    platform = opened()
    assert call(platform, 5.0, failed=False)
    assert platform.circuit.state == "closed"
    assert [call(platform, 6.0, failed=failed) for failed in (True, True, False)] == [True] * 3


def test_a_recovery_forgets_the_failures_that_opened_it() -> None:
    platform = pace()
    for n in range(10):
        call(platform, 0.0, failed=n % 2 == 1)
    assert call(platform, 5.0, failed=False)
    assert [call(platform, 6.0, failed=failed) for failed in (True, False, True, False)] == [True] * 4


def test_a_failed_probe_opens_it_for_twice_as_long_up_to_the_longest() -> None:
    platform, now, delays = opened(), 0.0, []
    for _ in range(5):
        verdict = platform.ask(now)
        assert isinstance(verdict, Refuse)
        delays.append(verdict.retry_after)
        now += verdict.retry_after
        assert call(platform, now, failed=True)
    assert delays == [5, 10, 20, 30, 30]


def test_a_recovery_starts_the_delays_anew() -> None:
    platform = opened()
    call(platform, 5.0, failed=True)
    call(platform, 15.0, failed=False)
    for _ in range(3):
        call(platform, 20.0, failed=True)
    assert platform.ask(20.0) == Refuse("circuit_open", 5.0)


def test_calls_that_began_before_it_opened_change_nothing_when_they_end() -> None:
    platform = pace()
    for _ in range(10):
        platform.ask(0.0)
    for _ in range(3):
        platform.ended(1.0, failed=True, probe=False)
    before = platform.ask(1.0)
    platform.ended(2.0, failed=False, probe=False)
    for _ in range(6):
        platform.ended(3.0, failed=True, probe=False)
    assert before == Refuse("circuit_open", 5.0)
    assert platform.ask(1.0) == before
    assert platform.active == 0


def test_a_late_failure_does_not_end_the_probe_that_is_under_way() -> None:
    platform = pace()
    for _ in range(4):
        platform.ask(0.0)
    for _ in range(3):
        platform.ended(0.0, failed=True, probe=False)
    assert platform.ask(5.0) == Go(probe=True)
    platform.ended(5.5, failed=True, probe=False)
    assert platform.circuit.state == "probing"
    platform.ended(6.0, failed=False, probe=True)
    assert platform.circuit.state == "closed"


def test_jitter_only_makes_it_later() -> None:
    shut = circuit(chance=1.0)
    platform = pace(shut)
    for _ in range(3):
        call(platform, 0.0, failed=True)
    assert platform.ask(0.0) == Refuse("circuit_open", pytest.approx(6.0))


def test_an_open_circuit_takes_no_permit() -> None:
    platform = Pace(rate=0.001, burst=4, concurrency=100, circuit=circuit())
    for _ in range(3):
        call(platform, 0.0, failed=True)
    for _ in range(10):
        platform.ask(1.0)
    assert platform.ask(5.0) == Go(probe=True)
