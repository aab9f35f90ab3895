"""What was measured."""

import math
from collections import Counter
from collections.abc import Callable

_STEPS = 50
"""Of the logarithm: what is read back is within two per cent."""


class Percentiles:
    """Durations, however many, in little room."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.most = 0.0

    def add(self, seconds: float) -> None:
        self._buckets[int(math.log(seconds * 1e6 + 1) * _STEPS)] += 1
        self.count += 1
        if seconds > self.most:
            self.most = seconds

    def ms(self, share: float) -> float:
        """At most this, for that share of them."""
        left = math.ceil(self.count * share)
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return min(math.exp((bucket + 1) / _STEPS) - 1, self.most * 1e6) / 1e3
        return 0.0


class Tally:
    """What all streams heard of one run."""

    def __init__(self, run: str) -> None:
        self.run = run
        """What marks the run's own events."""
        self.late = Percentiles()
        self.received = 0
        self.caught_up = 0
        """Of these, what was sent while the stream was away."""
        self.missing = 0
        self.repeated = 0
        self.ended: Counter[str] = Counter()
        """Streams that the other side ended, by code, or by what happened."""
        self.given_up = 0
        self.returned = Percentiles()
        """From the cut until a stream had its place again."""
        self.unrecovered = 0
        self.heard: Callable[[], None] = _nothing


def _nothing() -> None:
    """Nobody waits."""
