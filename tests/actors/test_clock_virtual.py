"""Virtual time passes when told to, and everything happens at its own time."""

import pytest

from actors.clock import VirtualClock
from actors.pool import InlineExecutor, PooledActor

START = 1_800_000_000.0


def test_time_stands_still_until_it_is_advanced() -> None:
    clock = VirtualClock(now=START)
    assert (clock.now(), clock.elapsed()) == (START, 0)
    clock.advance(90)
    assert (clock.now(), clock.elapsed()) == (START + 90, 90)


def test_each_timer_sees_its_own_time() -> None:
    clock, seen = VirtualClock(now=START), []
    for seconds in (30, 10, 20):
        clock.call_later(seconds, lambda: seen.append((clock.now() - START, clock.elapsed())))
    clock.advance(25)
    assert seen == [(10, 10), (20, 20)]
    clock.advance(5)
    assert seen[-1] == (30, 30)


def test_what_is_set_while_time_passes_is_done_when_it_falls_due_in_it() -> None:
    clock, seen = VirtualClock(), []

    def tick() -> None:
        seen.append(clock.elapsed())
        clock.call_later(10, tick)

    clock.call_later(10, tick)
    clock.advance(55)
    assert seen == [10, 20, 30, 40, 50]
    assert clock.elapsed() == 55


def test_an_overdue_timer_does_not_turn_time_back() -> None:
    clock, seen = VirtualClock(), []
    clock.advance(100)
    clock.call_at(50, lambda: seen.append(clock.elapsed()))
    clock.advance(0)
    assert seen == [100]


def test_a_jump_moves_the_wall_clock_alone() -> None:
    clock, seen = VirtualClock(now=START), []
    clock.call_later(60, lambda: seen.append(clock.now()))
    clock.jump(3600)
    assert (clock.now(), clock.elapsed(), seen) == (START + 3600, 0, [])
    clock.advance(60)
    assert seen == [START + 3660]


def test_what_a_timer_raises_reaches_the_test() -> None:
    clock = VirtualClock()
    clock.call_later(1, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        clock.advance(1)


def test_actors_take_their_turns_between_timers() -> None:
    """A poller that sets its next timer in its turn polls at every interval of one long advance."""
    executor = InlineExecutor()
    clock = VirtualClock(settle=executor.run_until_idle)
    polls: list[float] = []

    class Poller(PooledActor):
        def on_start(self) -> None:
            clock.call_later(60, lambda: self.actor_ref.tell("poll"))

        def on_receive(self, message: object) -> None:
            polls.append(clock.elapsed())
            clock.call_later(60, lambda: self.actor_ref.tell("poll"))

    ref = Poller.start(executor)
    clock.advance(200)
    assert polls == [60, 120, 180]
    assert ref.is_alive()


def test_start_and_stop_leave_virtual_time_alone() -> None:
    clock, done = VirtualClock(), []
    clock.start()
    clock.call_later(0, lambda: done.append(1))
    clock.stop()
    assert done == []
