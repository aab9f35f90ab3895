"""One source of time, and one heap and one thread for every timer.

There are two times. `now()` is the wall clock, for what is stored and shown; people and NTP set it, forwards
and back. `elapsed()` only grows, also while the machine sleeps, and is what timers run on: a wall clock that
jumps fires none too early, loses none and makes no storm.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

SLICE = 1.0
"""Longest wait in one go. A wait doesn't count the time that the machine slept, so this is how late that is noticed."""

FEW = 64
"""Cancelled timers that aren't worth a clean-up."""

# The one that counts sleep. Where it is missing (macOS), CLOCK_MONOTONIC counts sleep.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Timer:
    """Something to be done at a time. Kept by whoever may want to cancel it."""

    __slots__ = ("_clock", "_number", "do", "due")

    def __init__(self, clock: "Clock", due: float, number: int, do: Callable[[], object]) -> None:
        self._clock = clock
        self._number = number
        self.due = due
        """By `elapsed()`."""
        self.do: Callable[[], object] | None = do
        """None once it is being done or was cancelled."""

    def __lt__(self, other: "Timer") -> bool:
        return self.due < other.due or (self.due == other.due and self._number < other._number)

    @property
    def waits(self) -> bool:
        """Its time is still to come."""
        return self.do is not None

    def cancel(self) -> None:
        """From any thread, any number of times; too late is harmless."""
        self._clock.cancel(self)


class Clock:
    """The machine's time. What falls due is done on the clock's own thread, so it must be short: a `tell`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[Timer] = []
        self._cancelled = 0
        self._numbers = itertools.count()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def elapsed(self) -> float:
        """Seconds since some moment, sleep of the machine included."""
        return time.clock_gettime(_ELAPSED)

    def __len__(self) -> int:
        """Timers that wait."""
        return len(self._heap) - self._cancelled

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Nothing is done after this; what is being done is waited for, unless it is what stops the clock."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def call_later(self, seconds: float, do: Callable[[], object]) -> Timer:
        return self.call_at(self.elapsed() + max(0.0, seconds), do)

    def call_at(self, due: float, do: Callable[[], object]) -> Timer:
        """Do it when `elapsed()` reaches `due`; those of one time in the order of asking."""
        timer = Timer(self, due, next(self._numbers), do)
        with self._changed:
            heapq.heappush(self._heap, timer)
            if self._heap[0] is timer:
                self._changed.notify()
        return timer

    def cancel(self, timer: Timer) -> None:
        with self._changed:
            if timer.do is None:
                return
            timer.do = None  # what it would have done is let go at once, the timer itself when its turn comes
            self._cancelled += 1
            if self._cancelled > FEW and self._cancelled > len(self._heap) // 2:
                self._heap = [timer for timer in self._heap if timer.do is not None]
                heapq.heapify(self._heap)
                self._cancelled = 0

    def _take(self, until: float) -> tuple[float, Callable[[], object]] | None:
        """The next thing to do that is due by then, and when it was due."""
        with self._changed:
            while self._heap and self._heap[0].due <= until:
                timer = heapq.heappop(self._heap)
                if timer.do is None:
                    self._cancelled -= 1
                    continue
                do, timer.do = timer.do, None
                return timer.due, do
        return None

    def _run(self) -> None:
        while not self._stopped:
            taken = self._take(self.elapsed())
            if taken is None:
                self._wait()
                continue
            try:
                taken[1]()
            except BaseException:  # whatever it is, the other timers still want to be done
                log.exception("timer_failed")

    def _wait(self) -> None:
        with self._changed:
            seconds = self._heap[0].due - self.elapsed() if self._heap else SLICE
            if seconds > 0 and not self._stopped:
                self._changed.wait(min(seconds, SLICE))


class VirtualClock(Clock):
    """Time that stands still until it is advanced: for tests and simulations.

    `settle` is called whenever time stands still, before the next timer: an `InlineExecutor`'s `run_until_idle`
    there makes everything that a timer sets off happen at that timer's time.
    """

    def __init__(self, now: float = 1_800_000_000.0, settle: Callable[[], object] | None = None) -> None:
        super().__init__()
        self._now = now
        self._elapsed = 0.0
        self._settle = settle or (lambda: None)

    def now(self) -> float:
        return self._now

    def elapsed(self) -> float:
        return self._elapsed

    def start(self) -> None:
        """Time moves by `advance` alone."""

    def jump(self, seconds: float) -> None:
        """The wall clock is set, forwards or back."""
        self._now += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass, and do what falls due in it, each thing at its time. What one raises reaches the caller."""
        until = self._elapsed + seconds
        self._settle()
        while (taken := self._take(until)) is not None:
            due, do = taken
            self._move(max(self._elapsed, due))
            do()
            self._settle()
        self._move(until)

    def _move(self, elapsed: float) -> None:
        self._now += elapsed - self._elapsed
        self._elapsed = elapsed
