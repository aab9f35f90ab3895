"""What was read from the platforms, a page at a time."""

import re
from functools import partial
from typing import Any

from handlers.base import ANYONE, Handler
from handlers.errors import BadRequest
from storage import data
from storage.data import ItemRow
from storage.records import iso

_WORD = re.compile(r"[a-z0-9_-]{1,64}")
USUAL = 50


class Data(Handler):
    roles = ANYONE

    async def get(self) -> None:
        limit = self.page_limit(USUAL)
        query = partial(
            data.page,
            user=self.caller.user,
            platform=self._word("platform"),
            data_type=self._word("type"),
            after=self._word("after"),
            limit=limit,
        )
        rows, more = await self.parts.bridge.read(query)
        self.reply_page([_item(row) for row in rows], rows[-1].id if more else None)

    def _word(self, name: str) -> str | None:
        value = self.get_query_argument(name, None)
        if value is not None and not _WORD.fullmatch(value):
            raise BadRequest(f"bad_{name}", f"{name} is not what it can be.")
        return value


def _item(row: ItemRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "platform": row.platform,
        "data_type": row.data_type,
        "external_id": row.external_id,
        "at": iso(row.at),
        "extracted_at": iso(row.extracted_at),
        "raw_data": row.raw,
    }
