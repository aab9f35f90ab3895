"""Whose grant ends soon, whatever we do: they will have to connect again."""

import re
from functools import partial

from handlers.admin import WEEK, AdminHandler
from handlers.errors import BadRequest
from storage import sweeps
from storage.records import Connection, iso
from storage.sweeps import Place

_PLACE = re.compile(r"([0-9]{1,12}\.[0-9]{1,20})-([0-9]{1,18})")


class Grants(AdminHandler):
    async def get(self) -> None:
        """Those that will break within a week, the first to break first."""
        limit, after = self.page_limit(), _place_of(self.get_query_argument("after", None))
        before = self.parts.clock.now() + WEEK
        rows = await self.parts.bridge.read(partial(sweeps.grants_ending, before=before, after=after, limit=limit))
        self.reply_page([_shown(row) for row in rows], _next(rows[-1]) if len(rows) == limit else None)


def _shown(row: Connection) -> dict[str, str | None]:
    return {
        "user": row.key.user,
        "platform": row.key.platform,
        "account": row.account.name if row.account else None,
        "reauth_due_at": iso(row.reauth_due_at),
        "granted_at": iso(row.granted_at),
    }


def _next(row: Connection) -> str:
    return f"{row.reauth_due_at!r}-{row.id}"


def _place_of(after: str | None) -> Place:
    if after is None:
        return Place(0.0, 0)
    found = _PLACE.fullmatch(after)
    if found is None:
        raise BadRequest("bad_after", "after is what the page before gave as next.")
    return Place(float(found[1]), int(found[2]))
