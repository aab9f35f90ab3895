"""Discord: the servers that a user is in."""

from collections import defaultdict
from typing import Any

from actors.platforms.base import Answer, Call
from tests.bench.day.book import Book
from tests.bench.day.ends.base import End, say


class Discord(End):
    slug = "discord"
    life = 604_800.0
    rotates = True

    def __init__(self, clock: Any, book: Book, knock: Any) -> None:
        super().__init__(clock, book, knock)
        self._servers: dict[str, list[dict[str, str]]] = defaultdict(
            lambda: [{"id": str(80351110224678000 + n), "name": f"server {n}"} for n in range(8)]
        )
        self._all = book.limit(self.slug, "calls of all in a second", 50, 1)
        self._route = book.limit(self.slug, "looks of a user at the servers in a second", 1, 1)

    def is_upkeep(self, method: str, path: str) -> bool:
        return path == "/users/@me"

    def respond(self, user: str, call: Call, path: str) -> Answer:
        self.within(self._all, "all")
        if path == "/users/@me":
            return say(200, {"id": str(self.id_of(user)), "username": user})
        self.within(self._route, user)
        headers = {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.000"}
        return say(200, self._servers[user], headers)

    def happen(self, user: str, marker: str) -> bool:
        """A server is renamed."""
        self._servers[user][0] = self._servers[user][0] | {"name": marker}
        return False
