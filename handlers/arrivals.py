"""Deliveries that arrive together, or while others are being stored, are one unit: its cost is paid once for all."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial

import structlog

from handlers.bridge import Bridge
from storage import deliveries
from storage.records import Delivery

log = structlog.get_logger()

MOST = 64
"""Deliveries in one unit."""

Rows = list[int | None]
Done = Callable[[int | None, BaseException | None], None]
"""Told the delivery's row, None for a repeat, once it is committed; or why it isn't."""


class Arrivals:
    """Belongs to the loop."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._waiting: list[tuple[Delivery, Done]] = []
        self._storing = False

    def store(self, delivery: Delivery, done: Done) -> None:
        self._waiting.append((delivery, done))
        if not self._storing:
            self._storing = True
            asyncio.get_running_loop().call_soon(self._hand_over)

    def _hand_over(self) -> None:
        arrived, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        added = partial(deliveries.add_all, arrived=[delivery for delivery, _ in arrived])
        self._bridge.then(self._bridge.database.write(added), partial(self._stored, arrived))

    def _stored(self, arrived: Sequence[tuple[Delivery, Done]], stored: "Future[Rows]") -> None:
        self._storing = bool(self._waiting)
        if self._storing:
            self._hand_over()
        _tell(arrived, stored)


def _tell(arrived: Sequence[tuple[Delivery, Done]], stored: "Future[Rows]") -> None:
    error = stored.exception()
    rows = stored.result() if error is None else [None] * len(arrived)
    for (delivery, done), row in zip(arrived, rows, strict=True):
        try:
            done(row, error)
        except Exception:  # one's failure is not the others'
            log.exception("answer_failed", user=delivery.key.user, platform=delivery.key.platform)
