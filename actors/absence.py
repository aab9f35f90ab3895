"""How long the service was away before this start, and over how long those who look for what they missed are spread."""

from typing import NamedTuple

from actors.schedule import CATCH_UP
from storage import connections, meta
from storage.transaction import Transaction

RATE = 10.0
"""Connections in a second that begin to look; all do within `CATCH_UP`."""


class Absence(NamedTuple):
    since: float | None = None
    """When it was last alive, within the time between two sweeps; None when it never was."""
    spread: float = 0.0


def before(tx: Transaction) -> Absence:
    alive_at = meta.value(tx, meta.ALIVE_AT)
    count = sum(connections.counts(tx).values())
    return Absence(float(alive_at) if alive_at else None, min(CATCH_UP, count / RATE))


def alive(tx: Transaction, now: float) -> None:
    meta.keep(tx, meta.ALIVE_AT, str(now))
