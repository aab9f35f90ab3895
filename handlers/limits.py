"""How often one may ask: windows in memory, bounded however many strangers there are."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

MOST_KEYS = 100_000
Rate = tuple[int, int]
"""At most so many in so many seconds."""


class Windows(Storage):
    """Counters that end after a while. All of one store have the same length, so the oldest ends first."""

    STORAGE_SCHEME = None

    def __init__(self, elapsed: Callable[[], float], most: int = MOST_KEYS) -> None:
        super().__init__()
        self._elapsed = elapsed
        self._most = most
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        return LookupError

    def __len__(self) -> int:
        return len(self._windows)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = self._elapsed()
        ends, count = self._windows.get(key, (0.0, 0))
        if ends <= now:
            self._windows.pop(key, None)
            self._make_room(now)
            ends, count = now + expiry, 0
        self._windows[key] = (ends, count + amount)
        return count + amount

    def get(self, key: str) -> int:
        ends, count = self._windows.get(key, (0.0, 0))
        return count if ends > self._elapsed() else 0

    def get_expiry(self, key: str) -> float:
        return max(self._windows.get(key, (0.0, 0))[0], self._elapsed())

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        count = len(self._windows)
        self._windows.clear()
        return count

    def clear(self, key: str) -> None:
        self._windows.pop(key, None)

    def _make_room(self, now: float) -> None:
        """Drops what has ended; when all are still running, the one that ends first."""
        while self._windows:
            oldest = next(iter(self._windows))
            if self._windows[oldest][0] > now and len(self._windows) < self._most:
                return
            del self._windows[oldest]


class Standing(NamedTuple):
    """How one stands with a limit after a request."""

    allowed: bool
    limit: int
    window: int
    remaining: int
    reset: int
    """Seconds."""

    def headers(self) -> dict[str, str]:
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f"{self.limit};w={self.window}",
        }
        if not self.allowed:
            told["Retry-After"] = str(max(1, self.reset))
        return told


class Limit:
    """One rate, counted for each key apart."""

    def __init__(self, rate: Rate, elapsed: Callable[[], float], most: int = MOST_KEYS) -> None:
        count, seconds = rate
        self._elapsed = elapsed
        self._item: RateLimitItem = RateLimitItemPerSecond(count, seconds)
        self.windows = Windows(elapsed, most)
        self._limiter = FixedWindowRateLimiter(self.windows)

    def hit(self, key: str, cost: int = 1) -> bool:
        """Counts one, or what it costs. Whether it is still within the limit."""
        return self._limiter.hit(self._item, key, cost=cost)

    def is_used_up(self, key: str) -> bool:
        return not self._limiter.test(self._item, key)

    def standing(self, key: str, allowed: bool = True) -> Standing:
        stats = self._limiter.get_window_stats(self._item, key)
        seconds = max(0, round(stats.reset_time - self._elapsed() + 0.5))
        return Standing(allowed, self._item.amount, self._item.get_expiry(), stats.remaining, seconds)


DOORS: Rate = (30_000, 3600)
OFTEN: Rate = (3000, 60)
VOLUME: Rate = (256 * 1024, 900)


class Limits:
    """Every limit of the service. What strangers use up is counted apart from what users may use."""

    def __init__(
        self,
        elapsed: Callable[[], float],
        *,
        api: Rate = (100, 900),
        trusted: Rate = (6000, 60),
        webhooks: Rate = (1000, 900),
    ) -> None:
        self.api = Limit(api, elapsed)
        self.trusted = Limit(trusted, elapsed)
        """For the roles service and admin."""
        self.often = Limit(OFTEN, elapsed)
        """Per user, for what pages ask for all the time by themselves: as much as 250 of them do."""
        self.deliveries = Limit(webhooks, elapsed)
        """Verified webhooks, per connection."""
        self.volume = Limit(VOLUME, elapsed)
        """KiB of large ones, per connection: a user can make a platform send them, and they are kept for weeks."""
        self.doors = Limit(DOORS, elapsed)
        """The same where a platform's webhooks for all users come to one door."""
        self.refused = Limit(webhooks, elapsed)
        """Refused webhooks, per address."""
