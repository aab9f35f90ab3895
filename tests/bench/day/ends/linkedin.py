"""LinkedIn: a profile, and a token that lasts 60 days and is not renewed."""

from typing import Any

from actors.platforms.base import Answer, Call
from tests.bench.day.book import Book
from tests.bench.day.ends.base import End, say


class LinkedIn(End):
    slug = "linkedin"
    life = 5_184_000.0
    refreshable = False

    def __init__(self, clock: Any, book: Book, knock: Any) -> None:
        super().__init__(clock, book, knock)
        self._names: dict[str, str] = {}
        self._daily = book.limit(self.slug, "calls of a member in a day", 500, 86_400)

    def is_upkeep(self, method: str, path: str) -> bool:
        return False

    def respond(self, user: str, call: Call, path: str) -> Answer:
        self.within(self._daily, user)
        return say(200, {"sub": f"li-{user}", "name": self._names.get(user, user), "email": f"{user}@mail.example"})

    def happen(self, user: str, marker: str) -> bool:
        """The profile is changed."""
        self._names[user] = marker
        return False
