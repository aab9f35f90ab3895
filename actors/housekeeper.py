"""Lets go of what is past keeping: events beyond their retention, deliveries that are done with, connects that were
cut off, what was said of tokens that have expired meanwhile."""

from collections.abc import Callable
from typing import Any

import structlog

from actors.clock import Clock
from actors.pool import PooledActor
from storage import answers, broadcasts, connections, deliveries, events, pushes, revocations
from storage.database import Database, StorageUnavailable, Transaction

log = structlog.get_logger()

EVERY = 600.0
CONNECTED_WITHIN = 3600.0
"""Seconds after which a connect that has come to nothing is cleared away: a crash cut it off."""
PIECE = 2000
"""Rows let go in one commit: the writer has others waiting."""


class Housekeeper(PooledActor):
    """Each message means: go on. A round takes many commits; between two rounds lies `EVERY`."""

    def __init__(
        self, clock: Clock, database: Database, *, retention: float, most_events: int, delivery_retention: float
    ) -> None:
        super().__init__()
        self._clock = clock
        self._database = database
        self._retention = retention
        self._most_events = most_events
        self._delivery_retention = delivery_retention
        self._duties: tuple[Callable[[Transaction], int], ...] = (
            self._old_events,
            self._old_broadcasts,
            self._old_deliveries,
            self._old_revocations,
            self._old_answers,
            self._old_pushes,
        )

    def on_receive(self, _message: Any) -> None:
        try:
            gone = sum(map(self._write, self._duties))
            self._write(lambda tx: connections.prune_pending(tx, self._clock.now() - CONNECTED_WITHIN))
        except StorageUnavailable as trouble:
            log.warning("housekeeping_postponed", reason=trouble.reason)
            gone = 0
        except Exception:  # a bug: without another round the disk would fill, and nobody would know why
            log.exception("housekeeping_failed")
            gone = 0
        if gone >= PIECE:
            self.actor_ref.tell(None)
        else:
            self._clock.call_later(EVERY, lambda: self.actor_ref.tell(None))

    def _write(self, unit: Callable[[Transaction], int]) -> int:
        return self._database.write(unit).result()

    def _old_events(self, tx: Transaction) -> int:
        return events.prune(tx, self._clock.now() - self._retention, self._most_events, PIECE)

    def _old_broadcasts(self, tx: Transaction) -> int:
        return broadcasts.prune(tx, self._clock.now() - self._retention, self._most_events, PIECE)

    def _old_deliveries(self, tx: Transaction) -> int:
        dropped = deliveries.prune(tx, self._clock.now() - self._delivery_retention, PIECE)
        if parked := dropped.count("parked"):
            log.warning("parked_deliveries_dropped", count=parked)  # they were never worked off
        return len(dropped)

    def _old_revocations(self, tx: Transaction) -> int:
        return revocations.prune(tx, self._clock.now(), PIECE)

    def _old_answers(self, tx: Transaction) -> int:
        return answers.prune(tx, self._clock.now(), PIECE)

    def _old_pushes(self, tx: Transaction) -> int:
        return pushes.prune(tx, self._clock.now() - pushes.KEEPS, PIECE)
