"""What a platform allows the whole app beyond its pace: units in a day, calls of one kind, refusals before a ban.

Pure: wall time is passed in, for a day begins at somebody's midnight. Kept in memory: a restart begins a new count.
"""

from collections import deque
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from actors.platforms.base import Budget, Call, Pacing

MOST_NAMES = 10_000
"""Names of limits that are remembered: one for each method and workspace that was called lately."""
SHARE = 0.8
"""Of the refusals that a platform takes, how many it is given at most."""


class Allowance:
    def __init__(self, pacing: Pacing, refused: Budget | None = None) -> None:
        self._daily = pacing.daily
        self._zone = ZoneInfo(pacing.zone)
        self._day_ends = 0.0
        self._spent = 0.0
        self._next: dict[str, float] = {}
        self._refused = refused
        self._refusals: deque[float] = deque()

    @property
    def spent(self) -> float:
        """Units of today."""
        return self._spent

    def take(self, call: Call, now: float) -> float | None:
        """None: the call may be made, and is counted. Else the seconds until it may."""
        wait = self._shut_out(now) or self._day_is_over(call, now) or self._too_soon(call, now)
        if wait is not None:
            return wait
        self._spent += call.cost
        if call.limit is not None:
            self._next[call.limit.name] = now + call.limit.every
            self._forget_old(now)
        return None

    def answered(self, status: int, now: float) -> None:
        if self._refused is not None and status in self._refused.statuses:
            self._refusals.append(now)

    def _shut_out(self, now: float) -> float | None:
        budget, refusals = self._refused, self._refusals
        if budget is None:
            return None
        while refusals and not now - budget.seconds < refusals[0] <= now:
            refusals.popleft()
        if len(refusals) < budget.answers * SHARE:
            return None
        return refusals[0] + budget.seconds - now

    def _day_is_over(self, call: Call, now: float) -> float | None:
        if self._daily is None:
            return None
        if not self._day_ends - 90_000 < now < self._day_ends:
            self._day_ends = self._next_midnight(now)
            self._spent = 0.0
        return self._day_ends - now if self._spent + call.cost > self._daily else None

    def _next_midnight(self, now: float) -> float:
        today = datetime.fromtimestamp(now, UTC).astimezone(self._zone)
        tomorrow = (today + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return tomorrow.timestamp()

    def _too_soon(self, call: Call, now: float) -> float | None:
        if call.limit is None:
            return None
        wait = self._next.get(call.limit.name, 0.0) - now
        return wait if 0 < wait <= call.limit.every else None

    def _forget_old(self, now: float) -> None:
        if len(self._next) > MOST_NAMES:
            self._next = {name: at for name, at in self._next.items() if at > now}
