"""What administrators of the whole service see. Every path of theirs is an `AdminHandler`, which says who may."""

from handlers.base import Handler
from handlers.errors import Forbidden
from storage.records import iso


class AdminHandler(Handler):
    roles = ("admin",)

    async def prepare(self) -> None:
        await super().prepare()
        if self.known_caller is not None and self.known_caller.org is not None:
            # Connections belong to no organisation yet, so that there is nothing that such an administrator may see.
            raise Forbidden("organisation_only", "An administrator of one organisation sees nothing beyond it.")


class Supervisor(AdminHandler):
    def get(self) -> None:
        now = self.parts.directory.supervision
        parked = [
            {
                "user": one.key.rpartition("/")[0],
                "platform": one.key.rpartition("/")[2],
                "why": one.why,
                "since": iso(one.since),
                "retry_at": iso(one.retry_at),
            }
            for one in now.parked
        ]
        self.reply(
            {
                "children": now.children,
                "restarting": now.restarting,
                "stopped": now.halted,
                "restarts": now.restarts,
                "policy": now.policy,
                "parked": parked,
            }
        )
