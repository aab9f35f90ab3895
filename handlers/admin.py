"""What administrators of the whole service see. Every path of theirs is an `AdminHandler`, which says who may."""

from functools import partial

from handlers.base import Handler
from handlers.errors import Forbidden
from handlers.parts import Parts
from storage import sweeps
from storage.records import iso

WEEK = 7 * 86_400.0


class AdminHandler(Handler):
    roles = ("admin",)

    async def prepare(self) -> None:
        await super().prepare()
        if self.known_caller is not None and self.known_caller.org is not None:
            # Connections belong to no organisation yet, so that there is nothing that such an administrator may see.
            raise Forbidden("organisation_only", "An administrator of one organisation sees nothing beyond it.")


class Supervisor(AdminHandler):
    async def get(self) -> None:
        now = self.parts.directory.supervision
        ending = await ending_this_week(self.parts)
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
                "will_break_this_week": None if ending is None else sum(ending.values()),
            }
        )


async def ending_this_week(parts: Parts) -> dict[str, int] | None:
    """How many connections will break within a week, since their grant ends, per platform; None when that can't be
    read."""
    if not parts.bridge.database.health().ok:
        return None
    before = parts.clock.now() + WEEK

    async def read() -> dict[str, int]:
        return await parts.bridge.read(partial(sweeps.count_grants_ending, before=before))

    return await parts.recent.get("grants_ending", read)
