"""How fast a platform is called, and when it is left alone. Pure: time and chance are passed in.

A `Pace` is asked before each call and told how it ended. It is not safe to share between threads by itself.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

PATIENCE = 30.0
"""Seconds of a platform's pause that a call waits out; for longer, its caller is told when to come back."""

ROUNDING = 1e-6
"""Of a permit: what is missing by a rounding would be waited for in steps too small for any clock."""


class Go(NamedTuple):
    probe: bool = False
    """Whether this call is the one that finds out if the platform is well again."""


class Wait(NamedTuple):
    seconds: float | None
    """None: until a call ends."""


class Refuse(NamedTuple):
    kind: str
    """`circuit_open` or `paused`"""
    retry_after: float


class Circuit:
    """Opens when calls fail in a row, or half of the last ones do; then one at a time finds out if it may close."""

    def __init__(
        self,
        in_a_row: int = 5,
        of_last: int = 20,
        first: float = 5.0,
        longest: float = 300.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._in_a_row = in_a_row
        self._first = first
        self._longest = longest
        self._chance = chance
        self._last: deque[bool] = deque(maxlen=of_last)
        self._streak = 0
        self._delay = 0.0
        self._until: float | None = None
        self._probing = False

    @property
    def state(self) -> str:
        if self._until is None:
            return "closed"
        return "probing" if self._probing else "open"

    def shut_for(self, now: float) -> float | None:
        """Seconds for which no call gets through; None when one does now."""
        if self._until is None:
            return None
        if self._probing:
            return self._delay
        return self._until - now if now < self._until else None

    def began(self) -> bool:
        """A call that was let through begins; whether it is a probe."""
        self._probing = self._until is not None
        return self._probing

    def ended(self, now: float, *, failed: bool, probe: bool) -> None:
        if probe:
            self._probe_ended(now, failed)
        elif self._until is None:
            self._count(now, failed)
        # else it began before the circuit opened: no news

    def _probe_ended(self, now: float, failed: bool) -> None:
        self._probing = False
        if failed:
            self._open(now, min(self._longest, self._delay * 2))
        else:
            self._until = None
            self._streak = 0
            self._last.clear()

    def _count(self, now: float, failed: bool) -> None:
        self._last.append(failed)
        self._streak = self._streak + 1 if failed else 0
        full = len(self._last) == self._last.maxlen
        if self._streak >= self._in_a_row or (full and failed and 2 * sum(self._last) >= len(self._last)):
            self._open(now, self._first)

    def _open(self, now: float, delay: float) -> None:
        """With jitter, so that nodes that saw the same outage don't probe together."""
        self._delay = delay
        self._until = now + delay * (1.0 + self._chance() / 5)


class Pace:
    """One platform's rate, concurrency, pause and circuit."""

    def __init__(
        self, rate: float = 20.0, burst: float = 20.0, concurrency: int = 6, circuit: Circuit | None = None
    ) -> None:
        self.concurrency = concurrency
        self.circuit = circuit or Circuit()
        self.active = 0
        self._rate = rate
        self._burst = burst
        self._permits = burst
        self._filled_at: float | None = None
        self._paused_until = 0.0

    def refusal(self, now: float) -> Refuse | None:
        """Why no call may begin for so long that it isn't worth waiting."""
        shut = self.circuit.shut_for(now)
        if shut is not None:
            return Refuse("circuit_open", shut)
        pause = self.paused_for(now)
        return Refuse("paused", pause) if pause > PATIENCE else None

    def ask(self, now: float, cost: float = 1.0) -> Go | Wait | Refuse:
        """May a call begin? `Go` takes as many permits as it costs and must be followed by `ended`."""
        refusal = self.refusal(now)
        if refusal is not None:
            return refusal
        pause = self.paused_for(now)
        if pause > 0:
            return Wait(pause)
        if self.active >= self.concurrency:
            return Wait(None)
        self._fill(now)
        cost = min(cost, self._burst)  # else it would never begin
        if self._permits < cost - ROUNDING:
            return Wait((cost - self._permits) / self._rate)
        self._permits -= cost
        self.active += 1
        return Go(self.circuit.began())

    def ended(self, now: float, *, failed: bool, probe: bool) -> None:
        self.active -= 1
        self.circuit.ended(now, failed=failed, probe=probe)

    def pause(self, now: float, seconds: float) -> None:
        """The platform asked for silence. A shorter pause doesn't end a longer one."""
        self._paused_until = max(self._paused_until, now + seconds)

    def paused_for(self, now: float) -> float:
        return max(0.0, self._paused_until - now)

    def wait_for(self, calls: int) -> float:
        """Roughly how long so many calls take to get through."""
        return calls / self._rate

    def _fill(self, now: float) -> None:
        passed = now - self._filled_at if self._filled_at is not None else 0.0
        self._permits = min(self._burst, self._permits + max(0.0, passed) * self._rate)
        self._filled_at = now
