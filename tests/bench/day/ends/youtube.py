"""YouTube: likes, own uploads and subscriptions, each page for a unit of the day's; and the hub for uploads."""

from collections import defaultdict
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from actors.platforms.base import Answer, Call
from tests.bench.day.book import Book
from tests.bench.day.ends.base import End, iso, say

FOLLOWED = 3


class YouTube(End):
    slug = "youtube"
    life = 3599.0

    def __init__(self, clock: Any, book: Book, knock: Any) -> None:
        super().__init__(clock, book, knock)
        self._likes: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._units = book.limit(self.slug, "units of all in a day", 10_000, 86_400)

    def is_upkeep(self, method: str, path: str) -> bool:
        return super().is_upkeep(method, path) or path.endswith("/channels")

    def respond(self, user: str, call: Call, path: str) -> Answer:
        if path == "/userinfo":
            return say(200, {"sub": str(self.id_of(user)), "email": f"{user}@mail.example"})
        if path == "/hub":
            return self._subscribe(call)
        self.within(self._units, "all")
        if path.endswith("/channels"):
            lists = {"likes": "LL", "uploads": f"UU{user}"}
            channel = {"id": f"UC{user}", "snippet": {"title": user}, "contentDetails": {"relatedPlaylists": lists}}
            return say(200, {"items": [channel]})
        if path.endswith("/subscriptions"):
            return say(200, {"items": [_subscription(n) for n in range(FOLLOWED)]})
        listed = self._likes[user][::-1][:50] if call.params["playlistId"] == "LL" else []
        return say(200, {"items": listed, "pageInfo": {"totalResults": len(listed)}})

    def _subscribe(self, call: Call) -> Answer:
        """The hub asks back at once whether that is what we want."""
        if not self.pushes:
            return say(400, {"message": "no"})
        form = call.form or {}
        params = {"hub.mode": "subscribe", "hub.topic": str(form["hub.topic"]), "hub.challenge": "c-1"}
        params |= dict(parse_qsl(urlsplit(str(form["hub.callback"])).query))
        self.later(2.0, self.knock, self.slug, {}, method="GET", params=params)
        return say(202)

    def happen(self, user: str, marker: str) -> bool:
        number = len(self._likes[user])
        content = {"videoId": f"v{number}"}
        snippet = {"title": marker, "publishedAt": iso(self.now)}
        self._likes[user].append({"id": f"L{number}", "snippet": snippet, "contentDetails": content})
        return False


def _subscription(number: int) -> dict[str, Any]:
    return {"id": f"S{number}", "snippet": {"title": f"C{number}", "resourceId": {"channelId": f"UCfollowed{number}"}}}
