"""Which method each connection is on, and why."""

from functools import partial

from handlers import views
from handlers.base import ANYONE, Handler
from handlers.connections import of_user
from storage.records import iso


class MonitoringStatus(Handler):
    roles = ANYONE

    async def get(self) -> None:
        rows, counts = await self.parts.bridge.read(partial(of_user, user=self.caller.user))
        items = []
        for row in rows:
            count = counts.get(row.key, 0)
            method, reason = views.method(self.parts, row, count)
            items.append(
                {
                    "platform": row.key.platform,
                    "status": "disconnected" if row.status == "pending" else row.status,
                    "method": method,
                    "reason": reason,
                    "hooks": count,
                    "hook_seen_at": views.hook_seen_at(self.parts, row),
                    "hook_error": row.hook_error,
                    "last_sync": iso(row.last_sync),
                    "next_poll": iso(row.next_poll),
                }
            )
        self.reply_page(items, None)
