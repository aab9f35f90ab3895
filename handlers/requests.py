"""One line and one count for each request. Neither shows a query, where tokens may stand."""

import itertools
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable

import structlog
from tornado.web import RequestHandler

log = structlog.get_logger()

SLOW = 1.0
STRANGERS_LINES = 10
"""Lines a second for requests that were refused to people we don't know, or that no limit counts any more; the rest is
counted."""
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


_BOOT = os.urandom(3).hex()
_numbers = itertools.count(1)


def new_id() -> str:
    """Names a request in its answer and in the log."""
    return f"{_BOOT}-{next(_numbers):x}"


ELSEWHERE = frozenset({502, 503})
"""A platform's trouble, or the database's: it has a line of its own, and this one is no error of ours."""


class Requests:
    """Belongs to the loop."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self.counts: Counter[tuple[str, str, int]] = Counter()
        """By route, method and status."""
        self.seconds: dict[str, list[int]] = {}
        """By route: how many took as long as each bucket says, the last for longer ones."""
        self.seconds_sum: Counter[str] = Counter()
        self._second = 0
        self._lines = 0
        self._unsaid = 0

    def finished(self, handler: RequestHandler, route: str) -> None:
        request, status = handler.request, handler.get_status()
        seconds = request.request_time()
        method = request.method if request.method in METHODS else "OTHER"
        self.count(route, str(method), status, None if getattr(handler, "endless", False) else seconds)
        self._say(handler, str(method), status, seconds)

    def count(self, route: str, method: str, status: int, seconds: float | None) -> None:
        """Without a line. `seconds` is None for what has no usual end."""
        self.counts[route, method, status] += 1
        if seconds is None:
            return
        buckets = self.seconds.get(route)
        if buckets is None:
            buckets = self.seconds[route] = [0] * (len(BUCKETS) + 1)
        buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds_sum[route] += seconds  # type: ignore[assignment]

    def _say(self, handler: RequestHandler, method: str, status: int, seconds: float) -> None:
        slow = seconds > SLOW and not getattr(handler, "endless", False)
        if status >= 500 and status not in ELSEWHERE:
            say = log.error
        elif status >= 400:
            if status < 500 and not _is_counted(handler, status) and not self._may_say():
                return
            say = log.warning
        elif slow:
            say = log.warning
        elif getattr(handler, "quiet", False):
            say = log.debug
        else:
            say = log.info
        say(
            "request_answered",
            request=getattr(handler, "request_id", None),
            method=method,
            path=handler.request.path[:256],
            status=status,
            ms=round(seconds * 1000, 1),
            slow=slow,
        )

    def _may_say(self) -> bool:
        second = int(self._elapsed())
        if second != self._second:
            if self._unsaid:
                log.warning("requests_unlogged", count=self._unsaid)
            self._second, self._lines, self._unsaid = second, 0, 0
        self._lines += 1
        if self._lines <= STRANGERS_LINES:
            return True
        self._unsaid += 1
        return False


def _is_counted(handler: RequestHandler, status: int) -> bool:
    """Somebody we know sent it, who is within a limit; it is refused to them too often otherwise to be worth a line."""
    return getattr(handler, "known_caller", None) is not None and status != 429 and getattr(handler, "counted", False)
