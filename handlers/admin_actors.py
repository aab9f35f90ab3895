"""Every actor, one in full, and orders to it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from actors.messages import HaltChild, Poll, Refresh, RestartChild
from handlers import orders, views
from handlers.admin import AdminHandler
from handlers.errors import BadRequest, NotFound, Unavailable
from handlers.parts import Parts
from handlers.userids import checked, is_user_id
from storage import connections, hooks
from storage.records import Connection, ConnectionKey, iso
from storage.transaction import Transaction

STATES = ("running", "restarting", "parked", "stopped")
STATUSES = ("connected", "needs_reauth", "disconnected", "pending")
PIECE = 1000
MOST_LOOKED_AT = 5000
"""Rows that one page looks through for a state, which storage doesn't know: a short page may still have a next."""


class Actors(AdminHandler):
    async def get(self) -> None:
        platform = self.get_query_argument("platform", None)
        if platform is not None:
            self.platform(platform)
        search = Search(
            self.parts,
            self.page_limit(),
            self.one_of("state", STATES),
            user=self.user_filter(),
            platform=platform,
            status=self.one_of("status", STATUSES),
        )
        after = _key_of(self.get_query_argument("after", None))
        items, last = await self.parts.bridge.read(partial(search.page, after=after))
        self.reply_page(items, str(last) if last else None)


class Search:
    """Which actors are wanted. Runs off the loop: statuses are snapshots that any thread may read."""

    def __init__(self, parts: Parts, limit: int, state: str | None, **filters: str | None) -> None:
        self._parts = parts
        self._limit = limit
        self._state = state
        self._filters = filters

    def page(self, tx: Transaction, after: ConnectionKey | None) -> tuple[list[dict[str, Any]], ConnectionKey | None]:
        """A page of them, and where the next one starts."""
        found: list[dict[str, Any]] = []
        looked_at = 0
        while looked_at < MOST_LOOKED_AT:
            size = PIECE if self._state else self._limit
            rows = connections.page(tx, after, size, **self._filters)
            for row in rows:
                after = row.key
                if self._state in (None, views.state(self._parts, row)):
                    found.append(views.actor(self._parts, row))
                    if len(found) == self._limit:
                        return found, after
            if len(rows) < size:
                return found, None
            looked_at += len(rows)
        return found, after


class Actor(AdminHandler):
    async def get(self, user: str, slug: str) -> None:
        key = ConnectionKey(checked(user), self.platform(slug))
        row, count = await self.parts.bridge.read(partial(_one, key=key))
        if row is None:
            raise _no_such_actor()
        status = self.parts.directory.status(key)
        method, reason = views.method(self.parts, row, count)
        more = {
            "method_reason": reason,
            "account": {"id": row.account.id, "name": row.account.name} if row.account else None,
            "error_message": row.error_message,
            "reason": row.reason,
            "hooks": count,
            "hook_seen_at": views.hook_seen_at(self.parts, row),
            "hook_error": row.hook_error,
            "generation": row.generation,
            "doing": status.doing if status else None,
            "history": [{"at": iso(at), "what": what} for at, what in reversed(status.history)] if status else [],
        }
        self.reply(views.actor(self.parts, row) | {"method": method} | more)


class ActorOrder(AdminHandler):
    async def post(self, user: str, slug: str, order: str) -> None:
        if order not in _ORDERS:
            raise NotFound("no_such_order", f"The orders are {', '.join(_ORDERS)}.")
        key = ConnectionKey(checked(user), self.platform(slug))
        row, _ = await self.parts.bridge.read(partial(_one, key=key))
        if row is None:
            raise _no_such_actor()
        done = await orders.give(self.parts, lambda reply: _ORDERS[order](self.parts, key, reply))
        if done is orders.STILL_AT_IT:
            self.reply(orders.ACCEPTED, 202)
        else:
            self.reply({"state": "done", **_OUTCOMES[order](done)})


def _to_actor(message: Callable[[Any], Any]) -> Callable[[Parts, ConnectionKey, Any], None]:
    return lambda parts, key, reply: parts.directory.tell(key, message(reply))


def _to_supervisor(message: Callable[[ConnectionKey, Any], Any]) -> Callable[[Parts, ConnectionKey, Any], None]:
    def tell(parts: Parts, key: ConnectionKey, reply: Any) -> None:
        if parts.directory.supervisor is None:
            raise Unavailable("starting", "The service is still starting.")
        parts.directory.supervisor.tell(message(key, reply))

    return tell


_ORDERS: dict[str, Callable[[Parts, ConnectionKey, Any], None]] = {
    "poll": _to_actor(Poll),
    "refresh": _to_actor(Refresh),
    "restart": _to_supervisor(RestartChild),
    "stop": _to_supervisor(HaltChild),
}
_OUTCOMES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "poll": lambda done: {"count": done.count, "duration_ms": done.duration_ms},
    "refresh": lambda expires_at: {"token_expires_at": iso(expires_at)},
    "restart": lambda _: {},
    "stop": lambda _: {},
}


def _one(tx: Transaction, key: ConnectionKey) -> tuple[Connection | None, int]:
    return connections.get(tx, key), hooks.count(tx, key)


def _key_of(after: str | None) -> ConnectionKey | None:
    if after is None:
        return None
    user, slash, platform = after.rpartition("/")
    if not slash or not is_user_id(user) or not is_user_id(platform):
        raise BadRequest("bad_after", "after is what the page before gave as next.")
    return ConnectionKey(user, platform)


def _no_such_actor() -> NotFound:
    return NotFound("no_such_actor", "This user has no connection to this platform.")
