"""Webhooks that were not taken: counters, and the last thousand without their bodies. Never a row."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec
import structlog

from storage.records import iso

log = structlog.get_logger()

KEPT = 1000
LONGEST = 128
LOG_EVERY = 60.0
State = Literal["duplicate", "refused"]


class Refusal(msgspec.Struct, frozen=True):
    """Told like a delivery that was stored; what a stranger wrote is cut short."""

    number: int
    platform: str
    user: str
    delivery_id: str
    kind: str
    state: State
    reason: str
    at: float

    def row(self) -> dict[str, Any]:
        return {
            "id": f"{self.state}-{self.number}",
            "platform": self.platform,
            "user": self.user,
            "delivery_id": self.delivery_id,
            "kind": self.kind,
            "state": self.state,
            "reason": self.reason,
            "attempts": 0,
            "at": iso(self.at),
        }


class Refusals:
    """Belongs to the loop."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._recent: deque[Refusal] = deque(maxlen=KEPT)
        self._number = 0
        self._unsaid: Counter[tuple[str, str]] = Counter()
        self._said_at: dict[tuple[str, str], float] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        """By platform and outcome: `accepted`, `duplicate`, or the code of the refusal."""

    def accepted(self, platform: str) -> None:
        self.counts[platform, "accepted"] += 1

    def duplicate(self, platform: str, user: str, delivery_id: str, kind: str) -> None:
        self._note(platform, user, delivery_id, kind, "duplicate", "duplicate")

    def refused(self, platform: str, user: str, delivery_id: str, kind: str, reason: str) -> None:
        self._note(platform, user, delivery_id, kind, "refused", reason)

    def latest(self, *, state: str, user: str | None, platform: str | None, before: int | None) -> Iterator[Refusal]:
        """The newest first."""
        return (
            one
            for one in reversed(self._recent)
            if one.state == state
            and (user is None or one.user == user)
            and (platform is None or one.platform == platform)
            and (before is None or one.number < before)
        )

    def of_platform(self, slug: str) -> dict[str, int]:
        return {outcome: count for (platform, outcome), count in self.counts.items() if platform == slug}

    def __len__(self) -> int:
        return len(self._recent)

    def _note(self, platform: str, user: str, delivery_id: str, kind: str, state: State, reason: str) -> None:
        self._number += 1
        self.counts[platform, reason] += 1
        self._recent.append(
            Refusal(
                self._number,
                platform,
                user[:LONGEST],
                delivery_id[:LONGEST],
                kind[:LONGEST],
                state,
                reason,
                self._now(),
            )
        )
        self._say(platform, reason)

    def _say(self, platform: str, reason: str) -> None:
        """One line a minute for each reason, with how many there were: a flood fills no log either."""
        which = platform, reason
        self._unsaid[which] += 1
        now = self._now()
        if abs(now - self._said_at.get(which, float("-inf"))) < LOG_EVERY:
            return
        self._said_at[which] = now
        count = self._unsaid.pop(which)
        if reason == "duplicate":
            log.info("webhook_repeated", platform=platform, count=count)
        else:
            log.warning("webhook_refused", platform=platform, reason=reason, count=count)
