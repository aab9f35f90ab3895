"""The real clock: what falls due is done, in order, on one thread that nothing ends."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from structlog.testing import capture_logs

from actors import clock as clock_module
from actors.clock import Clock

SOON = 5


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    clock.start()
    yield clock
    clock.stop()


def leave() -> None:
    raise SystemExit(1)


def fail() -> None:
    raise ValueError("in a timer")


def test_a_timer_is_done_once_its_time_has_come(clock: Clock) -> None:
    done, began = threading.Event(), clock.elapsed()
    clock.call_later(0.03, done.set)
    assert done.wait(SOON)
    assert clock.elapsed() - began >= 0.03


def test_an_earlier_timer_set_later_is_done_first(clock: Clock) -> None:
    order: list[str] = []
    done = threading.Event()
    clock.call_later(0.05, done.set)
    clock.call_later(0.04, lambda: order.append("late"))
    clock.call_later(0.01, lambda: order.append("early"))
    assert done.wait(SOON)
    assert order == ["early", "late"]


def test_a_clock_that_waits_for_a_later_timer_hears_of_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "SLICE", 60.0)
    clock, waits, done = Clock(), threading.Event(), threading.Event()
    wait = clock._changed.wait

    def waiting(seconds: float | None) -> bool:
        waits.set()
        return wait(seconds)

    monkeypatch.setattr(clock._changed, "wait", waiting)
    clock.start()
    assert waits.wait(SOON)
    clock.call_later(0.01, done.set)
    assert done.wait(SOON)
    clock.stop()


def test_timers_due_at_one_time_are_done_in_the_order_they_were_set() -> None:
    clock, order, done = Clock(), [], threading.Event()
    due = clock.elapsed()
    for number in range(100):
        clock.call_at(due, partial(order.append, number))
    clock.call_at(due, done.set)
    clock.start()
    assert done.wait(SOON)
    clock.stop()
    assert order == list(range(100))


def test_a_time_in_the_past_is_due_at_once(clock: Clock) -> None:
    done = threading.Event()
    clock.call_later(-3600, done.set)
    assert done.wait(SOON)


def test_a_cancelled_timer_is_not_done(clock: Clock) -> None:
    done, after = [], threading.Event()
    timer = clock.call_later(0.02, lambda: done.append("cancelled"))
    clock.call_later(0.03, after.set)
    timer.cancel()
    timer.cancel()
    assert after.wait(SOON)
    assert done == []


def test_cancelling_lets_go_of_what_it_would_have_done(clock: Clock) -> None:
    timer = clock.call_later(3600, lambda: None)
    timer.cancel()
    assert timer.do is None


def test_cancelling_what_is_done_already_is_harmless(clock: Clock) -> None:
    done = threading.Event()
    timer = clock.call_later(0, done.set)
    assert done.wait(SOON)
    timer.cancel()
    assert len(clock) == 0


@pytest.mark.parametrize("broken", [fail, leave])
def test_a_timer_that_raises_is_logged_and_the_next_is_done(clock: Clock, broken: Callable[[], None]) -> None:
    done = threading.Event()
    with capture_logs() as logs:
        clock.call_later(0, broken)
        clock.call_later(0, done.set)
        assert done.wait(SOON)
    assert [entry["event"] for entry in logs] == ["timer_failed"]


def test_a_timer_can_set_the_next(clock: Clock) -> None:
    done = threading.Event()
    clock.call_later(0, lambda: clock.call_later(0, done.set))
    assert done.wait(SOON)


def test_nothing_is_done_after_stop() -> None:
    clock, done = Clock(), []
    clock.start()
    clock.stop()
    clock.call_later(0, lambda: done.append("late"))
    assert not clock._thread.is_alive()
    assert done == []


def test_a_timer_can_stop_the_clock() -> None:
    clock = Clock()
    clock.start()
    clock.call_later(0, clock.stop)
    clock._thread.join(SOON)
    assert not clock._thread.is_alive()


def test_timers_set_from_many_threads_are_all_done(clock: Clock) -> None:
    done: list[int] = []
    finished = threading.Event()

    def set_timers(base: int) -> None:
        for number in range(base, base + 500):
            clock.call_later(number % 7 / 1000, partial(done.append, number))

    threads = [threading.Thread(target=set_timers, args=(n * 500,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.call_later(0.05, finished.set)
    assert finished.wait(SOON)
    assert sorted(done) == list(range(4000))


def test_now_is_unix_time(clock: Clock) -> None:
    assert abs(clock.now() - time.time()) < 1


def test_elapsed_counts_the_sleep_of_the_machine(clock: Clock) -> None:
    assert abs(clock.elapsed() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1
