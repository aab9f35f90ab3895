"""What a platform allows the whole app beyond its pace: units in a day, calls of one kind, refusals before a ban.

Pure: wall time is passed in, for a day begins at somebody's midnight, and so is what books its units. They are booked
ahead, a block at a time, by a write that nobody waits for: whatever ends the process, the next one counts no less than
was spent, and at most a block more.
"""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from actors.platforms.base import Budget, Call, Pacing

MOST_NAMES = 10_000
"""Names of limits that are remembered: one for each method and workspace that was called lately."""
SHARE = 0.8
"""Of the refusals that a platform takes, how many it is given at most."""
BLOCK = 50.0
"""Units that are booked ahead, and that may be spent beyond what is booked before calls wait for the database."""
BOOK_AGAIN = 5.0


class Spent(msgspec.Struct, frozen=True):
    """Units of the day that ends then."""

    day_ends: float
    units: float


Booked = Callable[[bool], None]
"""Told whether it is stored."""
Book = Callable[[Spent, Booked], None]


class Allowance:
    def __init__(
        self, pacing: Pacing, refused: Budget | None = None, *, before: Spent | None = None, book: Book | None = None
    ) -> None:
        """`before`: what was booked by an earlier run. Without `book`, a restart begins a new count."""
        self._daily = pacing.daily
        self._zone = ZoneInfo(pacing.zone)
        self._book = book
        self._day_ends = before.day_ends if before is not None else 0.0
        self._spent = before.units if before is not None else 0.0
        self._booked = self._asked = Spent(self._day_ends, self._spent)
        self._next: dict[str, float] = {}
        self._refused = refused
        self._refusals: deque[float] = deque()

    @property
    def spent(self) -> float:
        """Units of today."""
        return self._spent

    def take(self, call: Call, now: float) -> float | None:
        """None: the call may be made, and is counted. Else the seconds until it may."""
        wait = self._shut_out(now) or self._day_is_over(call, now) or self._too_soon(call, now) or self._unbooked(call)
        if wait is not None:
            return wait
        self._spent += call.cost
        self._book_ahead()
        if call.limit is not None:
            self._next[call.limit.name] = now + call.limit.every
            self._forget_old(now)
        return None

    def give_back(self, call: Call) -> None:
        """It was counted, and is not made after all. The wait for its like stays as it is."""
        self._spent = max(0.0, self._spent - call.cost)

    def close(self) -> None:
        """The end of an orderly run: what was booked ahead and not spent is given back."""
        if self._book is not None and self._day_ends:
            self._book(Spent(self._day_ends, self._spent), lambda _: None)

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

    def _unbooked(self, call: Call) -> float | None:
        if self._book is None or self._daily is None or not call.cost:
            return None
        booked = self._booked.units if self._booked.day_ends == self._day_ends else 0.0
        if self._spent <= booked + BLOCK:
            return None
        self._book_ahead()
        return BOOK_AGAIN

    def _book_ahead(self) -> None:
        """Early enough for the write to come before the calls."""
        if self._book is None or self._daily is None:
            return
        asked = self._asked
        if asked.day_ends == self._day_ends and (self._spent <= asked.units - BLOCK / 2 or asked.units >= self._daily):
            return
        self._asked = wanted = Spent(self._day_ends, min(self._spent + BLOCK, self._daily))
        self._book(wanted, partial(self._heard, wanted))

    def _heard(self, wanted: Spent, is_stored: bool) -> None:
        if is_stored:
            self._booked = wanted  # in the order in which they were asked for: there is one writer
        else:
            self._asked = self._booked

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
