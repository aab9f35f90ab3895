"""A user's own connections."""

from functools import partial

from actors.messages import Disconnect, Poll
from handlers import orders, views
from handlers.base import ANYONE, Handler
from handlers.errors import NotFound, Unavailable
from storage import connections, hooks
from storage.records import Connection as Row
from storage.records import ConnectionKey
from storage.transaction import Transaction


class Connections(Handler):
    roles = ANYONE

    async def get(self) -> None:
        """Every platform there is, connected or not."""
        rows, counts = await self.parts.bridge.read(partial(of_user, user=self.caller.user))
        known = {row.key.platform: views.connection(self.parts, row, counts.get(row.key, 0)) for row in rows}
        slugs = [*self.parts.platforms, *self.parts.unconfigured]
        slugs += [slug for slug in known if slug not in slugs]
        self.reply_page([known.get(slug) or views.never_connected(self.parts, slug) for slug in slugs], None)


class Connection(Handler):
    roles = ANYONE

    async def get(self, slug: str) -> None:
        key = ConnectionKey(self.caller.user, self.platform(slug))
        row, count = await self.parts.bridge.read(partial(_one, key=key))
        self.reply(views.connection(self.parts, row, count) if row else views.never_connected(self.parts, slug))

    async def delete(self, slug: str) -> None:
        purge = self.one_of("purge", ("true", "false")) == "true"
        key = await _existing(self, slug, offered=False)
        done = await orders.give(
            self.parts, lambda reply: self.parts.directory.tell(key, Disconnect(purge=purge, reply=reply))
        )
        if done is orders.STILL_AT_IT:
            await self._must_be_stored(key)
            self.reply(orders.ACCEPTED, 202)
        else:
            self.reply({"platform": slug, "status": "disconnected", "purged": purge})

    async def _must_be_stored(self, key: ConnectionKey) -> None:
        """What is answered with a success happens, whatever becomes of this process."""
        row, _ = await self.parts.bridge.read(partial(_one, key=key))
        if row is not None and row.status != "disconnected":
            raise Unavailable("busy", "The connection is busy. Please try again.", retry_after=5)


class Sync(Handler):
    roles = ANYONE

    async def post(self, slug: str) -> None:
        key = await _existing(self, slug)
        done = await orders.give(self.parts, lambda reply: self.parts.directory.tell(key, Poll(reply)))
        if done is orders.STILL_AT_IT:
            self.reply(orders.ACCEPTED, 202)
        else:
            self.reply({"state": "done", "count": done.count, "duration_ms": done.duration_ms})


async def _existing(handler: Handler, slug: str, *, offered: bool = True) -> ConnectionKey:
    """`offered`: the platform has to be one that there is here; a connection to it may be older than its removal."""
    key = ConnectionKey(handler.caller.user, handler.platform(slug) if offered else slug)
    row, _ = await handler.parts.bridge.read(partial(_one, key=key))
    if row is None:
        handler.platform(slug)
        raise NotFound("not_connected", "This platform was never connected.")
    return key


def of_user(tx: Transaction, user: str) -> tuple[list[Row], dict[ConnectionKey, int]]:
    rows = connections.of_user(tx, user)
    return rows, hooks.counts(tx, [row.key for row in rows])


def _one(tx: Transaction, key: ConnectionKey) -> tuple[Row | None, int]:
    return connections.get(tx, key), hooks.count(tx, key)
