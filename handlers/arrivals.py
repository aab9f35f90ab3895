"""Deliveries that arrive in one turn of the loop are stored as one unit: what a unit costs is paid once for all."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial

import structlog

from handlers.bridge import Bridge
from storage import deliveries
from storage.records import Delivery
from storage.transaction import Transaction

log = structlog.get_logger()

Rows = list[int | None]
Done = Callable[[int | None, BaseException | None], None]
"""Told the delivery's row, None for a repeat, once it is committed; or why it isn't."""


class Arrivals:
    """Belongs to the loop."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._waiting: list[tuple[Delivery, Done]] = []

    def store(self, delivery: Delivery, done: Done) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._waiting.append((delivery, done))

    def _hand_over(self) -> None:
        arrived, self._waiting = self._waiting, []
        stored = self._bridge.database.write(partial(_add, [delivery for delivery, _ in arrived]))
        self._bridge.then(stored, partial(_tell, arrived))


def _add(arrived: Sequence[Delivery], tx: Transaction) -> Rows:
    return [deliveries.add(tx, delivery) for delivery in arrived]


def _tell(arrived: Sequence[tuple[Delivery, Done]], stored: "Future[Rows]") -> None:
    error = stored.exception()
    rows = stored.result() if error is None else [None] * len(arrived)
    for (delivery, done), row in zip(arrived, rows, strict=True):
        try:
            done(row, error)
        except Exception:  # one's failure is not the others'
            log.exception("answer_failed", user=delivery.key.user, platform=delivery.key.platform)
