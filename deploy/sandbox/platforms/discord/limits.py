"""Discord's limits: a bucket for each route and user, and the ban of an address that is refused too often."""

import hashlib
from collections import deque
from collections.abc import Callable

import msgspec

INVALID = (401, 403, 429)
MOST_INVALID, WITHIN, BAN = 10_000, 600.0, 3_600.0


class Rate(msgspec.Struct, frozen=True):
    calls: int
    seconds: float


class Bucket(msgspec.Struct):
    name: str
    rate: Rate
    left: int
    reset_at: float


class Buckets:
    """They are full again all at once, some time after the first call."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def spend(self, user: str, route: str, rate: Rate) -> tuple[Bucket, bool]:
        """The bucket after this call, and whether the call is in order."""
        now = self._now()
        bucket = self._buckets.get((user, route))
        if bucket is None or bucket.reset_at <= now:
            name = hashlib.sha256(route.encode()).hexdigest()[:32]
            bucket = self._buckets[user, route] = Bucket(name, rate, rate.calls, now + rate.seconds)
        if bucket.left == 0:
            return bucket, False
        bucket.left -= 1
        return bucket, True


class Refusals:
    """Of one address, and here there is only one: 10,000 refused calls within ten minutes, and nothing is taken."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._times: deque[float] = deque(maxlen=MOST_INVALID)
        self._banned_until = 0.0

    def add(self) -> None:
        now = self._now()
        self._times.append(now)
        if len(self._times) == MOST_INVALID and self._times[0] > now - WITHIN:
            self._banned_until = now + BAN
            self._times.clear()

    @property
    def banned(self) -> float:
        """Seconds that the ban still lasts."""
        return max(0.0, self._banned_until - self._now())
