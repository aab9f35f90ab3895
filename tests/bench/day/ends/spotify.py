"""Spotify: the last fifty plays, and what is on. A track shows among the plays once it has ended."""

from collections import defaultdict
from typing import Any

from actors.platforms.base import Answer, Call
from tests.bench.day.book import Book
from tests.bench.day.ends.base import End, iso, say

TRACK = 210.0


class Spotify(End):
    slug = "spotify"
    life = 3600.0

    def __init__(self, clock: Any, book: Book, knock: Any) -> None:
        super().__init__(clock, book, knock)
        self._plays: dict[str, list[tuple[float, dict[str, Any]]]] = defaultdict(list)
        # The real limit isn't published: this is what apps in development report as safe.
        self._window = book.limit(self.slug, "calls of all in 30 s", 90, 30)

    def is_upkeep(self, method: str, path: str) -> bool:
        return path == "/v1/me"

    def respond(self, user: str, call: Call, path: str) -> Answer:
        self.within(self._window, "all")
        if path == "/v1/me":
            return say(200, {"id": user, "display_name": user})
        plays = self._plays[user]
        if path.endswith("/currently-playing"):
            if not plays or self.now - plays[-1][0] > TRACK:
                return say(204)
            began = plays[-1][0]
            return say(200, {"timestamp": int(began * 1000), "is_playing": True, "item": {"id": "on", "name": "On"}})
        after = int(call.params.get("after", 0)) / 1000
        listed = [play for began, play in plays if began + TRACK <= self.now and began + TRACK > after]
        return say(200, {"items": listed[::-1][: call.params["limit"]]})

    def happen(self, user: str, marker: str) -> bool:
        """A track has ended now."""
        began = self.now - TRACK
        track = {"id": f"t{len(self._plays[user])}", "name": marker, "duration_ms": int(TRACK * 1000)}
        self._plays[user].append((began, {"track": track, "played_at": iso(self.now)}))
        return False
