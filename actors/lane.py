"""What waits for one platform: its calls, those that are urgent before the others, and what is counted of them."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec

from actors.allowance import Allowance
from actors.clock import Timer
from actors.pacing import Pace
from actors.platforms.base import Answer, Call, Client
from actors.platforms.failures import PlatformError
from storage.records import Secret

Outcome = Answer | PlatformError


class Job(msgspec.Struct, frozen=True, eq=False):
    """A call to be made, and who is told how it ended: exactly once, on any thread."""

    call: Call
    bearer: Secret | None
    client: Client | None
    done: Callable[[Outcome], object]
    urgent: bool = False
    """Goes before those that aren't, and is never sent away for a long queue."""
    follows: bool = False
    """The answer before it, which nobody gets twice, is worth nothing without this one: made while it stops, too."""


class LaneStatus(msgspec.Struct, frozen=True):
    platform: str
    waiting: int
    active: int
    circuit: str
    """`closed`, `open` or `probing`"""
    paused_for: float
    calls: int
    failures: int
    refusals: int


class Lane:
    """What waits for one platform, and its figures."""

    def __init__(self, platform: str, pace: Pace, allowance: Allowance) -> None:
        self.platform = platform
        self.pace = pace
        self.allowance = allowance
        self.timer: Timer | None = None
        self.calls = 0
        self.failures = 0
        self.refusals = 0
        self._urgent: deque[Job] = deque()
        self._waiting: deque[Job] = deque()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._waiting)

    def add(self, job: Job) -> None:
        (self._urgent if job.urgent else self._waiting).append(job)

    @property
    def next_cost(self) -> float:
        return (self._urgent or self._waiting)[0].call.cost

    def take(self) -> Job:
        return (self._urgent or self._waiting).popleft()

    def drop(self, job: Job) -> None:
        with suppress(ValueError):  # it has begun, or was sent away
            if job.urgent:
                self._urgent.remove(job)
            else:
                self._waiting.remove(job)
                self.allowance.give_back(job.call)

    def take_all(self) -> list[Job]:
        jobs = [*self._urgent, *self._waiting]
        for job in self._waiting:
            self.allowance.give_back(job.call)
        self._urgent.clear()
        self._waiting.clear()
        return jobs

    def status(self, now: float) -> LaneStatus:
        pace = self.pace
        return LaneStatus(
            platform=self.platform,
            waiting=len(self),
            active=pace.active,
            circuit=pace.circuit.state,
            paused_for=pace.paused_for(now),
            calls=self.calls,
            failures=self.failures,
            refusals=self.refusals,
        )
