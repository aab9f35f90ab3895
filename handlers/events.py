"""A user's events without a stream: for those who can't keep one open, and for looking back."""

from contextlib import suppress
from functools import partial

import msgspec

from handlers.base import ANYONE, Handler
from handlers.errors import Forbidden, Unavailable
from handlers.frames import wire
from handlers.history import Start, place
from storage import broadcasts, events
from storage.cursors import format_cursor
from storage.records import Event
from storage.transaction import Transaction

Found = tuple[Start, list[Event]]


class Events(Handler):
    roles = ANYONE
    counted = False
    quiet = True

    async def get(self) -> None:
        if self.get_query_argument("userId", self.caller.user) != self.caller.user:
            raise Forbidden("forbidden", "The token is another user's.")
        asked = self.get_query_argument("cursor", None)
        limit = self.page_limit()
        start, found = await self._find(partial(_read, user=self.caller.user, asked=asked, limit=limit))
        last = found[-1].offset if found else start.offset
        self.reply(
            {
                "items": [msgspec.Raw(wire(event)) for event in found],
                "cursor": format_cursor(self.parts.bridge.database.epoch, last),
                "recovered": start.recovered,
                "reason": start.reason,
            }
        )

    async def _find(self, query: "partial[Found | None]") -> Found:
        """What everybody was told meanwhile is put into the user's sequence first, if the database can be written."""
        bridge = self.parts.bridge
        found = await bridge.read(query)
        if found is None:
            with suppress(Unavailable):
                await bridge.write(partial(broadcasts.hear, users=[self.caller.user]))
            found = await bridge.read(partial(query, as_it_is=True))
        assert found is not None
        return found


def _read(tx: Transaction, user: str, asked: str | None, limit: int, *, as_it_is: bool = False) -> Found | None:
    """What came after the cursor; without one, the latest there is. Of a cursor that is no good, nothing. None: there
    is something that the user hasn't had."""
    if not as_it_is and broadcasts.is_behind(tx, user):
        return None
    lowest, head = events.bounds(tx, user)
    start = place(asked, tx.epoch, lowest, head)
    if start.recovered is None:
        return start, events.since(tx, user, max(lowest - 1, head - limit), limit)
    return start, events.since(tx, user, start.offset, limit) if start.recovered else []
