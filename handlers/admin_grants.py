"""Whose grant ends soon, whatever we do: they will have to connect again."""

from functools import partial

from handlers.admin import WEEK, AdminHandler
from handlers.errors import BadRequest
from storage import sweeps
from storage.records import Connection, iso
from storage.sweeps import Place


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
    at, _, row = (after or "0.0-0").partition("-")
    try:
        place = Place(float(at), int(row))
    except ValueError:
        raise BadRequest("bad_after", "after is what the page before gave as next.") from None
    return place
