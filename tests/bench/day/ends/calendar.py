"""Google Calendar: a user's own calendar and one of their team's, with sync tokens and channels."""

from collections import defaultdict
from typing import Any
from urllib.parse import unquote

from actors.platforms.base import Answer, Call
from tests.bench.day.book import Book
from tests.bench.day.ends.base import End, iso, revealed, say


class Calendar(End):
    slug = "calendar"
    life = 3599.0

    def __init__(self, clock: Any, book: Book, knock: Any) -> None:
        super().__init__(clock, book, knock)
        self._changes: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._channels: dict[str, dict[str, Any]] = {}
        """By calendar."""
        self._happened = 0
        self._user = book.limit(self.slug, "calls of a user in a minute", 600, 60)
        self._project = book.limit(self.slug, "calls of all in a minute", 10_000, 60)

    def respond(self, user: str, call: Call, path: str) -> Answer:
        if path == "/userinfo":
            return say(200, {"sub": str(self.id_of(user)), "email": f"{user}@mail.example"})
        self.within(self._user, user)
        self.within(self._project, "all")
        if path.endswith("/calendarList"):
            own = {"id": f"{user}@mail.example", "primary": True, "selected": True, "accessRole": "owner"}
            team = {"id": f"{user}-team@mail.example", "selected": True, "accessRole": "writer"}
            return say(200, {"items": [own, team]})
        if path.endswith("/channels/stop"):
            return say(204)
        calendar = unquote(path.split("/")[4])
        if path.endswith("/watch"):
            said = revealed(call.json)
            resource = f"resource-{calendar}"
            expires_at = self.now + float(said["params"]["ttl"])
            self._channels[calendar] = said | {"resource": resource, "number": 0, "expires_at": expires_at}
            self.later(0.5, self._send, calendar, "sync")
            return say(200, {"id": said["id"], "resourceId": resource, "expiration": str(int(expires_at * 1000))})
        changes = self._changes[calendar]
        known = int(call.params.get("syncToken", "0"))
        return say(200, {"items": changes[known:], "nextSyncToken": str(len(changes))})

    def happen(self, user: str, marker: str) -> bool:
        self._happened += 1
        calendar = f"{user}@mail.example" if self._happened % 3 else f"{user}-team@mail.example"
        changes = self._changes[calendar]
        event = {"id": f"e{self._happened}", "etag": f'"{len(changes)}"', "summary": marker, "updated": iso(self.now)}
        changes.append(event | {"status": "confirmed"})
        channel = self._channels.get(calendar)
        if channel is None or channel["expires_at"] <= self.now:
            return False
        self.later(3.0, self._send, calendar, "exists")
        return True

    def _send(self, calendar: str, state: str) -> None:
        channel = self._channels[calendar]
        channel["number"] += 1
        headers = {"x-goog-channel-id": channel["id"], "x-goog-message-number": str(channel["number"])}
        headers |= {"x-goog-resource-state": state, "x-goog-resource-id": channel["resource"]}
        self.knock(self.slug, headers | {"x-goog-channel-token": channel["token"]})
