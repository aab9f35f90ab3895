"""The open streams, one by one."""

from typing import Any

from handlers.admin import AdminHandler
from handlers.errors import BadRequest
from handlers.stream import NOWHERE, Stream
from storage.records import iso


class Streams(AdminHandler):
    def get(self) -> None:
        """In the order of their opening, a page at a time: a page costs the loop a few milliseconds at most."""
        limit, after, user = self.page_limit(), self._after(), self.user_filter()
        hub = self.parts.hub
        if user is None:
            found = hub.opened_after(after, limit)
        else:
            theirs = sorted(hub.streams_of(user), key=lambda stream: stream.number)
            found = [stream for stream in theirs if stream.number > after][:limit]
        more = len(found) == limit
        self.reply_page([self._view(stream) for stream in found], str(found[-1].number) if more else None)

    def _after(self) -> int:
        text = self.get_query_argument("after", "0")
        if not (text.isascii() and text.isdecimal() and len(text) < 16):
            raise BadRequest("bad_after", "after is what the page before gave as next.")
        return int(text)

    def _view(self, stream: Stream) -> dict[str, Any]:
        clock = self.parts.clock
        types = stream.group.types
        return {
            "id": stream.number,
            "user": stream.user,
            "transport": stream.kind,
            "since": iso(clock.now() - (clock.elapsed() - stream.opened_at)),
            "queued_bytes": stream.unsent,
            "cursor": None if stream.position == NOWHERE else self.parts.hub.cursor(stream.position),
            "types": None if types is None else sorted(types),
        }
