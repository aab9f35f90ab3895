"""When a failed child is started again, and when it is given up for a while. Pure: time and chance are passed in."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Restart(NamedTuple):
    delay: float


class Park(NamedTuple):
    retry_after: float


@dataclass(slots=True)
class Record:
    """What a policy remembers of one child."""

    failures: list[float] = field(default_factory=list)
    """When it failed, within the policy's window."""
    streak: int = 0
    parkings: int = 0
    back_at: float | None = None
    """When the last verdict lets it run again."""


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """More than `limit` failures within `window` seconds park a child.

    Up to then it is started again after `first` seconds, doubled each time up to `longest`. A parked one is tried
    again after `park_first` seconds; failing once more parks it again, doubled up to `park_longest`. All is forgiven
    once it has run for `healthy` seconds. Jitter takes off up to half of a delay.
    """

    limit: int = 5
    window: float = 300.0
    first: float = 1.0
    longest: float = 60.0
    park_first: float = 900.0
    park_longest: float = 6 * 3600.0
    healthy: float = 600.0
    chance: Callable[[], float] = random.random
    """From 0 to 1."""

    def record(self) -> Record:
        return Record()

    def after_failure(self, record: Record, now: float) -> Restart | Park:
        if self.healed(record, now):
            record.failures, record.streak, record.parkings = [], 0, 0
        record.failures = [at for at in record.failures if at > now - self.window] + [now]
        record.streak += 1
        if record.parkings or len(record.failures) > self.limit:
            record.parkings += 1
            delay = self._delay(self.park_first, self.park_longest, record.parkings)
            record.back_at = now + delay
            return Park(delay)
        delay = self._delay(self.first, self.longest, record.streak)
        record.back_at = now + delay
        return Restart(delay)

    def healed(self, record: Record, now: float) -> bool:
        """Whether it has run well for long enough since its last failure: its record may be dropped."""
        return record.back_at is not None and now - record.back_at >= self.healthy

    def _delay(self, first: float, longest: float, nth: int) -> float:
        grown = min(longest, first * 2.0 ** min(nth - 1, 64))
        return grown * (1.0 - self.chance() / 2)

    def __str__(self) -> str:
        return (
            f"{self.limit} restarts in {_words(self.window)}, {_words(self.first)} to {_words(self.longest)} apart; "
            f"then parked, tried again after {_words(self.park_first)} to {_words(self.park_longest)}; "
            f"forgiven after {_words(self.healthy)}"
        )


def _words(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
