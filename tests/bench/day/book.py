"""What the platforms write down: each call, how near it came to a limit, and every rule that was broken."""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import NamedTuple

DATA, UPKEEP, TOKEN = "data", "upkeep", "token"
"""Kinds of calls: reading, seeing to hooks and learning whose account it is, and the token endpoints."""


class Made(NamedTuple):
    at: float
    platform: str
    kind: str


class Limit:
    """So much within so many seconds, for each name that is counted; how much the busiest came to."""

    def __init__(self, label: str, most: float, seconds: float) -> None:
        self.label = label
        self.most = most
        self.seconds = seconds
        self.peak = 0.0
        self._taken: dict[str, deque[tuple[float, float]]] = defaultdict(deque)
        self._sums: dict[str, float] = defaultdict(float)

    def take(self, name: str, cost: float, now: float) -> bool:
        """False when that was too much."""
        taken = self._taken[name]
        while taken and taken[0][0] <= now - self.seconds:
            self._sums[name] -= taken.popleft()[1]
        taken.append((now, cost))
        self._sums[name] += cost
        self.peak = max(self.peak, self._sums[name])
        return self._sums[name] <= self.most


class Book:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.made: list[Made] = []
        self.broken: list[str] = []
        self.limits: dict[str, list[Limit]] = defaultdict(list)

    def call(self, platform: str, kind: str) -> None:
        self.made.append(Made(self._now(), platform, kind))

    def breach(self, what: str) -> None:
        self.broken.append(what)

    def limit(self, platform: str, label: str, most: float, seconds: float) -> Limit:
        limit = Limit(label, most, seconds)
        self.limits[platform].append(limit)
        return limit

    def between(self, begin: float, end: float) -> list[Made]:
        return [one for one in self.made if begin <= one.at < end]
