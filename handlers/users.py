"""For the app's own back end: what it may have done for one of its users."""

import asyncio
from typing import Any

from actors.messages import Poll
from handlers import orders
from handlers.base import Handler
from handlers.errors import ApiError, BadRequest
from handlers.parts import Parts
from handlers.userids import is_user_id
from storage import connections
from storage.records import ConnectionKey


class UserHandler(Handler):
    roles = ("service",)

    def user(self, text: str) -> str:
        if not is_user_id(text):
            raise BadRequest("bad_user_id", "This is not a user id.")
        return text


class UserPoll(UserHandler):
    async def post(self, user: str) -> None:
        """Every connected platform at once; each says how it went."""
        self.reply({"platforms": await poll_all(self.parts, self.user(user))})


async def poll_all(parts: Parts, user: str, patience: float | None = None) -> dict[str, dict[str, Any]]:
    """How it went, by platform."""
    rows = await parts.bridge.read(lambda tx: connections.of_user(tx, user))
    keys = [row.key for row in rows if row.status == "connected"]
    outcomes = await asyncio.gather(*(_poll(parts, key, patience) for key in keys))
    return {key.platform: outcome for key, outcome in zip(keys, outcomes, strict=True)}


async def _poll(parts: Parts, key: ConnectionKey, patience: float | None) -> dict[str, Any]:
    try:
        done = await orders.give(parts, lambda reply: parts.directory.tell(key, Poll(reply)), patience)
    except ApiError as error:
        return {"state": "failed", "code": error.code, "message": error.message}
    if done is orders.STILL_AT_IT:
        return dict(orders.ACCEPTED)
    return {"state": "done", "count": done.count, "duration_ms": done.duration_ms}
