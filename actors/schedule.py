"""When a connection is polled: a duration (`30m`) or a cron line (`*/30 * * * *`), in UTC. Pure: time is passed in.

Every key has its own place in the interval, its *phase*, so that ten thousand users who are polled every
thirty minutes are spread over thirty minutes; it stays the same over restarts.
"""

import hashlib
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, pairwise

from cronsim import CronSim, CronSimError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
CATCH_UP = 120.0
"""Seconds over which what fell due meanwhile is spread."""
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_SAMPLE = 60


def phase(key: str) -> float:
    """From 0 to 1, always the same for a key, evenly spread over keys."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) / 2.0**64


class Schedule(ABC):
    interval: float
    """Seconds between two due times, the shortest where they differ."""

    def next_due(self, key: str, after: float) -> float:
        """The key's first due time after `after`, in Unix seconds.

        One that is less than a hundredth of the interval away counts as past: a timer that came a little early
        would otherwise come twice.
        """
        return self._next(phase(key) * self.interval, after + self.interval / 100)

    def resume(self, key: str, due: float, now: float) -> float:
        """When to do what is due at `due`: then, or if that has passed, soon, and not at once with all the others."""
        return due if due > now else now + phase(key) * min(CATCH_UP, self.interval)

    @abstractmethod
    def _next(self, shift: float, after: float) -> float:
        """The first due time after `after` when all are `shift` seconds later."""


@dataclass(frozen=True, slots=True)
class Every(Schedule):
    interval: float

    def _next(self, shift: float, after: float) -> float:
        due = (after - shift) // self.interval * self.interval + shift
        while due <= after:
            due += self.interval
        return due


@dataclass(frozen=True, slots=True)
class Cron(Schedule):
    line: str
    interval: float

    def _next(self, shift: float, after: float) -> float:
        return next(CronSim(self.line, datetime.fromtimestamp(after - shift, UTC))).timestamp() + shift


def parse(text: str) -> Schedule:
    """Raises `ValueError` with what is wrong."""
    duration = _DURATION.fullmatch(text.strip())
    if duration:
        return Every(float(int(duration[1]) * SECONDS[duration[2]]))
    if len(text.split()) == 5:
        return _cron(" ".join(text.split()))
    raise ValueError("expected a duration such as 30m, 2h or 1d, or a cron line of five fields such as */30 * * * *")


def _cron(line: str) -> Cron:
    try:
        ticks = list(islice(CronSim(line, _SOME_DAY), _SAMPLE))
    except CronSimError as error:
        raise ValueError(f"a wrong cron line: {error}") from None
    if len(ticks) < 2:
        raise ValueError("a cron line that never comes due")
    return Cron(line, min((later - earlier).total_seconds() for earlier, later in pairwise(ticks)))
