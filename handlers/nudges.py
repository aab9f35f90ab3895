"""Tells actors of the webhooks that have been stored for them: at once while few come, in turn while many do.

One that is told of several takes them in one turn and one commit. To wake it for each would cost more than the work,
and the webhooks that are still coming in would wait for it.
"""

import asyncio
from itertools import islice

from msgspec.structs import replace

from actors.directory import Directory
from actors.messages import WebhookArrived
from storage.records import ConnectionKey, Delivery

REST, MORE_REST, MOST_REST = 0.002, 0.0015, 0.02
"""Seconds until the next is told: at least, for each webhook that this one was told of, at most."""
GRACE = 0.04
"""How much rest may be saved up, for several that come close together."""
LONGEST, MOST_LATE = 0.25, 64
"""Seconds after which one is told without a rest, and how many at a time."""
MOST = 50
"""Webhooks that an actor is told of at a time."""
FEW, SMALL = 4, 1 << 20
"""Nudges that may wait for an actor, and bytes of a nudge, up to which it is handed the webhooks themselves."""


class Untold:
    """What one connection's actor has not been told of."""

    __slots__ = ("arrived", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.arrived: list[Delivery] = []


class Nudges:
    """Belongs to the loop."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._untold: dict[ConnectionKey, Untold] = {}  # those who wait longest come first
        self._due = 0.0
        self._planned = False

    def arrived(self, delivery: Delivery, row: int) -> None:
        """It has been stored. Those of one connection in the order of their rows."""
        loop = asyncio.get_running_loop()
        untold = self._untold.get(delivery.key)
        if untold is None:
            untold = self._untold[delivery.key] = Untold(loop.time())
        untold.arrived.append(replace(delivery, id=row))
        if not self._planned:
            self._plan(loop)

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        self._planned = True
        loop.call_at(self._due, self._tell_next)

    def _tell_next(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        count = self._tell(now)
        for untold in list(islice(self._untold.values(), MOST_LATE)):
            if now - untold.since > LONGEST:
                count += self._tell(now)
        self._due = max(self._due, now - GRACE) + min(MOST_REST, REST + MORE_REST * count)
        self._planned = False
        if self._untold:
            self._plan(loop)

    def _tell(self, now: float) -> int:
        """The first. How many it was told of."""
        key = next(iter(self._untold))
        untold = self._untold.pop(key)
        told, untold.arrived = untold.arrived[:MOST], untold.arrived[MOST:]
        if untold.arrived:
            untold.since = now
            self._untold[key] = untold
        self._directory.tell(key, WebhookArrived(told[-1].id, self._handed(key, told)))
        return len(told)

    def _handed(self, key: ConnectionKey, told: list[Delivery]) -> tuple[Delivery, ...]:
        small = sum(len(delivery.body) for delivery in told) <= SMALL
        return tuple(told) if small and self._directory.mailbox(key) < FEW else ()
