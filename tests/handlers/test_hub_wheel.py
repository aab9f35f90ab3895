"""One timer for all streams."""

from math import inf

from handlers.wheel import GRAIN, Wheel


class Something:
    def __init__(self) -> None:
        self.wake_at = inf


def test_what_is_due_comes_out_earliest_first_and_nothing_before_its_time() -> None:
    wheel: Wheel[Something] = Wheel(0.0)
    early, late = Something(), Something()
    wheel.put(late, 20.0)
    wheel.put(early, 10.0)
    assert wheel.turn(9.9) == []
    assert wheel.turn(30.0) == [early, late]
    assert wheel.turn(60.0) == []


def test_nothing_is_looked_after_later_than_a_grain_after_its_time() -> None:
    wheel: Wheel[Something] = Wheel(0.0)
    one = Something()
    wheel.put(one, 3.1)
    assert wheel.turn(3.1 + GRAIN) == [one]


def test_what_is_due_already_comes_at_the_next_turn() -> None:
    wheel: Wheel[Something] = Wheel(100.0)
    one = Something()
    wheel.put(one, 5.0)
    assert wheel.turn(100.0 + GRAIN) == [one]


def test_putting_it_again_and_again_for_the_same_time_takes_no_more_room() -> None:
    wheel: Wheel[Something] = Wheel(0.0)
    one = Something()
    for _ in range(100):
        wheel.put(one, 10.0)
        wheel.put(one, 11.0)
    assert wheel.turn(20.0) == [one]


def test_an_earlier_time_counts() -> None:
    wheel: Wheel[Something] = Wheel(0.0)
    one = Something()
    wheel.put(one, 10.0)
    wheel.put(one, 5.0)
    assert wheel.turn(6.0) == [one]


def test_after_a_long_sleep_everything_is_due_at_once() -> None:
    wheel: Wheel[Something] = Wheel(0.0)
    things = [Something() for _ in range(50)]
    for number, thing in enumerate(things):
        wheel.put(thing, number * 10.0)
    assert wheel.turn(1e6) == things
