"""Webhooks as admins see them: those that are stored, and the last that were not taken; and doing one again."""

from functools import partial
from itertools import islice
from typing import Any

from actors.messages import DELIVERIES_DUE
from handlers.admin import AdminHandler
from handlers.errors import BadRequest, Conflict, NotFound
from storage import deliveries
from storage.deliveries import DeliveryRow
from storage.records import iso

STORED = ("received", "done", "retrying", "parked")
NOT_TAKEN = ("duplicate", "refused")


class Deliveries(AdminHandler):
    async def get(self) -> None:
        limit, after = self.page_limit(), self._after()
        state = self.one_of("state", STORED + NOT_TAKEN)
        user, platform = self.get_query_argument("user", None), self.get_query_argument("platform", None)
        if state in NOT_TAKEN:
            latest = self.parts.refusals.latest(state=str(state), user=user, platform=platform, before=after)
            found = list(islice(latest, limit))
            last = found[-1].number if len(found) == limit else None
            self.reply_page([one.row() for one in found], _text(last))
            return
        query = partial(deliveries.page, state=state, user=user, platform=platform, after=after, limit=limit)
        rows = await self.parts.bridge.read(query)
        self.reply_page([_row(row) for row in rows], _text(rows[-1].id if len(rows) == limit else None))

    def _after(self) -> int | None:
        text = self.get_query_argument("after", None)
        return None if text is None else _number(text, "bad_after", "after is what the page before gave as next.")


class Replay(AdminHandler):
    async def post(self, number: str) -> None:
        id_ = _number(number, "bad_id", "A stored delivery's id is a number.")
        key = await self.parts.bridge.write(lambda tx: deliveries.replay(tx, id_))
        if key is None:
            found = await self.parts.bridge.read(lambda tx: deliveries.page(tx, after=id_ + 1, limit=1))
            if not found or found[0].id != id_:
                raise NotFound("no_such_delivery", "There is no delivery with this id.")
            raise Conflict("nothing_to_replay", "It is done, or still waits for its first try.")
        self.parts.directory.tell(key, DELIVERIES_DUE)
        self.reply({"state": "accepted"}, 202)


def _row(row: DeliveryRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "platform": row.platform,
        "user": row.user,
        "delivery_id": row.delivery_id,
        "kind": row.kind,
        "state": row.state,
        "reason": row.reason,
        "attempts": row.attempts,
        "at": iso(row.at),
        "next_try": iso(row.due_at) if row.state == "retrying" else None,
    }


def _number(text: str, code: str, message: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadRequest(code, message)
    return int(text)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
