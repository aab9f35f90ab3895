"""`DELETE /api/users/{user}`: everything of theirs goes."""

from actors.messages import Erase
from handlers import orders
from handlers.errors import Unavailable
from handlers.revoke import refuse_before
from handlers.users import UserHandler


class User(UserHandler):
    async def delete(self, user: str) -> None:
        """The tokens that they have are refused first, so that nothing of theirs begins anew meanwhile."""
        user, eraser = self.user(user), self.parts.directory.eraser
        if eraser is None:
            raise Unavailable("starting", "The service is still starting.")
        await refuse_before(self.parts, user, self.parts.clock.now())
        self.parts.hub.end_refused(user, lambda _: True)
        done = await orders.give(self.parts, lambda reply: eraser.tell(Erase(user, reply)))
        if done is orders.STILL_AT_IT:
            self.reply({"user": user, **orders.ACCEPTED}, 202)
        else:
            self.reply({"user": user, "state": "done", "rows": done})
