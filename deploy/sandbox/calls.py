"""The calls that a platform was made, the latest ones."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

KEPT = 20_000


class CallMade(msgspec.Struct):
    at: str
    user: str | None
    """Whose token, code or refresh token it came with."""
    method: str
    path: str
    status: int | None = None
    """None while, and if, it was never answered."""


class Calls:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._calls: deque[CallMade] = deque(maxlen=KEPT)

    def begin(self, user: str | None, method: str, path: str) -> CallMade:
        call = CallMade(iso(self._now()), user, method, path)
        self._calls.append(call)
        return call

    def items(self) -> list[CallMade]:
        return list(self._calls)


def iso(at: float) -> str:
    """2026-11-20T12:00:00.123Z"""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_seconds(at: float) -> str:
    """2026-11-20T12:00:00Z"""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
