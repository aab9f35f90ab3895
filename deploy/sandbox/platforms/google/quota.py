"""Units that may be spent in a window of time, by each of those who spend them."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


def minute(now: float) -> int:
    return int(now // 60)


def pacific_day(now: float) -> date:
    return datetime.fromtimestamp(now, PACIFIC).date()


class Quota:
    def __init__(self, most: int, window: Callable[[float], object]) -> None:
        self.most = most
        self._window = window
        self._current: object = None
        self._spent: dict[str, int] = {}

    def spend(self, who: str, cost: int, now: float) -> bool:
        """False: not spent, for it would be more than there is."""
        spent = self.spent(who, now) + cost
        if spent > self.most:
            return False
        self._spent[who] = spent
        return True

    def spent(self, who: str, now: float) -> int:
        window = self._window(now)
        if window != self._current:
            self._current, self._spent = window, {}
        return self._spent.get(who, 0)
