"""The wall clock is set and the machine sleeps: no timer is lost, none comes too early."""

import threading

import pytest
from freezegun import freeze_time

from actors import clock as clock_module
from actors.clock import Clock, VirtualClock

SOON = 5
HOUR = 3600.0


class SleepyClock(Clock):
    """The clock of a machine that can be put to sleep: then elapsed() goes on while no wait ends."""

    slept = 0.0

    def elapsed(self) -> float:
        return super().elapsed() + self.slept


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_wall_clock_that_jumps_an_hour_changes_nothing_for_timers(jump: float) -> None:
    clock, done, soon, later = Clock(), [], threading.Event(), threading.Event()
    clock.start()
    with freeze_time("2026-11-20 12:00:00") as wall:
        before = clock.now()
        clock.call_later(HOUR, lambda: done.append("in an hour"))
        clock.call_later(0.02, soon.set)
        wall.tick(jump)
        assert clock.now() == before + jump
        clock.call_later(0.04, later.set)
        assert soon.wait(SOON)
        assert later.wait(SOON)
    clock.stop()
    assert done == []
    assert len(clock) == 1


def test_timers_that_fell_due_while_the_machine_slept_are_done_when_it_wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "SLICE", 0.01)
    clock, done = SleepyClock(), threading.Event()
    clock.start()
    clock.call_later(HOUR, done.set)
    clock.slept = HOUR
    assert done.wait(SOON)
    clock.stop()


def test_no_wait_is_longer_than_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    waits: list[float | None] = []
    monkeypatch.setattr(clock._changed, "wait", waits.append)
    clock._wait()
    clock.call_later(HOUR, lambda: None)
    clock._wait()
    clock.call_later(0.25, lambda: None)
    clock._wait()
    assert waits == [clock_module.SLICE, clock_module.SLICE, 0.25]
    assert clock_module.SLICE <= 1
