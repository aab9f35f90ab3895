"""For the app's own back end: what it may have done for one of its users."""

import asyncio
from typing import Any

from actors.messages import Poll
from handlers import orders
from handlers.base import Handler
from handlers.errors import ApiError, BadRequest
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
        user = self.user(user)
        rows = await self.parts.bridge.read(lambda tx: connections.of_user(tx, user))
        keys = [row.key for row in rows if row.status == "connected"]
        outcomes = await asyncio.gather(*(self._poll(key) for key in keys))
        self.reply({"platforms": {key.platform: outcome for key, outcome in zip(keys, outcomes, strict=True)}})

    async def _poll(self, key: ConnectionKey) -> dict[str, Any]:
        try:
            done = await orders.give(self.parts, lambda reply: self.parts.directory.tell(key, Poll(reply)))
        except ApiError as error:
            return {"state": "failed", "code": error.code, "message": error.message}
        if done is orders.STILL_AT_IT:
            return dict(orders.ACCEPTED)
        return {"state": "done", "count": done.count, "duration_ms": done.duration_ms}
