"""A hundred thousand connections have a timer or two each."""

import random
import tracemalloc
from functools import partial

from actors.clock import FEW, Timer, VirtualClock


def nothing() -> None:
    pass


def test_a_timer_takes_less_than_two_hundred_bytes() -> None:
    clock = VirtualClock()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(10_000):
            clock.call_later(float(number), nothing)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / 10_000 < 200


def test_a_hundred_thousand_timers_are_done_in_order() -> None:
    clock, chance, done = VirtualClock(), random.Random(1), []
    for _ in range(100_000):
        seconds = chance.random() * 3600
        clock.call_later(seconds, partial(done.append, seconds))
    clock.advance(3600)
    assert len(done) == 100_000
    assert done == sorted(done)
    assert len(clock) == 0


def test_timers_that_are_set_and_cancelled_for_ever_do_not_pile_up() -> None:
    clock = VirtualClock()
    kept = [clock.call_later(10_000, nothing) for _ in range(100)]
    for _ in range(20_000):
        clock.call_later(5_000, nothing).cancel()
        assert len(clock._heap) <= 2 * len(kept) + FEW + 1
    assert len(clock) == 100


def test_a_clean_up_keeps_the_order_of_the_others() -> None:
    clock, done = VirtualClock(), []
    timers = [clock.call_later(number % 97, partial(done.append, number)) for number in range(1000)]
    for number, timer in enumerate(timers):
        if number % 4:
            timer.cancel()
    clock.advance(100)
    assert done == sorted(range(0, 1000, 4), key=lambda number: (number % 97, number))
    assert len(clock) == 0


def test_a_timer_cancelled_by_another_of_the_same_time_is_not_done() -> None:
    clock, done = VirtualClock(), list[str]()
    timers: list[Timer] = []

    def cancel_the_other() -> None:
        timers[0].cancel()

    clock.call_later(5, cancel_the_other)
    timers.append(clock.call_later(5, lambda: done.append("second")))
    clock.advance(10)
    assert (done, len(clock)) == ([], 0)
