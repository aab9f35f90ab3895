"""How long the service was away before this start, and who has yet to look for what they missed meanwhile.

That is kept beside the actors, so that one that fails before it has looked doesn't forget it, and as long as anybody
has to, the database says since when, so that a crash of the process doesn't either.
"""

import math
from collections import Counter
from threading import Lock
from typing import NamedTuple

from actors.platforms.base import Platform
from actors.schedule import CATCH_UP
from storage import connections, meta
from storage.records import ConnectionKey
from storage.transaction import Transaction

RATE = 10.0
"""Connections in a second that begin to look; all do within `CATCH_UP`."""
PATIENCE = 24 * 3600.0
"""Seconds after which those who could not look yet keep nobody's absence alive over another start."""


class Absence(NamedTuple):
    since: float | None = None
    """When it was last alive, within the time between two sweeps; None when it never was."""
    length: float = 0.0
    """Seconds; without end where what had been stored may have gone with it."""
    spread: float = 0.0


class Missed(NamedTuple):
    """What one connection has to look for."""

    since: float
    asks: bool
    """The platform is asked to send again what it could not deliver."""
    polls: bool
    """And a poll has to look; where polls keep their pace under a webhook anyhow, none is due earlier."""
    begun: bool = False
    """A poll has looked, and left a part to those after it."""


class Heals:
    """For all actors, on whatever thread."""

    def __init__(self) -> None:
        self._missed: dict[ConnectionKey, Missed] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._began_at = 0.0
        self._lock = Lock()

    def begin(self, key: ConnectionKey, missed: Missed, now: float) -> None:
        with self._lock:
            self._missed[key] = missed
            self._began_at = now

    def missed(self, key: ConnectionKey) -> Missed | None:
        return self._missed.get(key)

    def left_a_part(self, key: ConnectionKey) -> None:
        with self._lock:
            if key in self._missed:
                self._missed[key] = self._missed[key]._replace(begun=True)

    def over(self, key: ConnectionKey) -> None:
        with self._lock:
            self._missed.pop(key, None)

    def since(self, now: float) -> float | None:
        """From when on somebody still has to look; all have been away since then."""
        with self._lock:
            waiting = next(iter(self._missed.values()), None)
            return waiting.since if waiting is not None and now - self._began_at < PATIENCE else None

    def count(self, platform: str, what: str, count: int) -> None:
        with self._lock:
            self._counts[platform, what] += count

    def counts(self) -> dict[tuple[str, str], int]:
        """Since the start: webhooks that were `asked_again` for, and items that polls `found`, by platform."""
        with self._lock:
            return dict(self._counts)


def missed(platform: Platform, absence: Absence) -> Missed | None:
    """None where the absence was so short that the platform sends all of it again by itself, or where nothing but
    polls at their usual pace would find what it lost."""
    if absence.since is None or absence.length <= platform.sends_again_for:
        return None
    asks = type(platform).ask_again is not Platform.ask_again
    return Missed(absence.since, asks, platform.push_suffices) if asks or platform.push_suffices else None


def before(tx: Transaction, now: float) -> Absence:
    since = meta.value(tx, meta.AWAY_SINCE) or meta.value(tx, meta.ALIVE_AT)
    if since is None:
        return Absence()
    nothing_lost = meta.value(tx, meta.ALIVE_IN) == meta.value(tx, meta.EPOCH)
    count = sum(connections.counts(tx).values())
    return Absence(float(since), now - float(since) if nothing_lost else math.inf, min(CATCH_UP, count / RATE))


def alive(tx: Transaction, now: float, away_since: float | None) -> None:
    """`away_since`: when the absence began that somebody still has to look into."""
    meta.keep(tx, meta.ALIVE_AT, str(now))
    meta.keep(tx, meta.ALIVE_IN, meta.value(tx, meta.EPOCH) or "")
    if away_since is None:
        meta.forget(tx, meta.AWAY_SINCE)
    else:
        meta.keep(tx, meta.AWAY_SINCE, str(away_since))
