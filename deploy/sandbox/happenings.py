"""What happened at a platform, once; how polls and webhooks show it is the platform's own matter."""

from typing import Any

import msgspec

from deploy.sandbox.state import State


class Happening(msgspec.Struct, frozen=True):
    id: int
    user: str
    kind: str
    at: int
    """Milliseconds since the epoch."""
    body: dict[str, Any]


class Happenings:
    def __init__(self, state: State, platform: str) -> None:
        self._state = state
        self._platform = platform

    def add(self, user: str, kind: str, at: int, body: dict[str, Any]) -> Happening:
        text = msgspec.json.encode(body).decode()
        sql = "INSERT INTO happenings (platform, user, kind, at, body) VALUES (?, ?, ?, ?, ?)"
        return Happening(self._state.insert(sql, self._platform, user, kind, at, text), user, kind, at, body)

    def latest(self, user: str, limit: int, offset: int = 0, since: int = 0) -> list[Happening]:
        """Newest first."""
        rows = self._state.all(
            "SELECT id, user, kind, at, body FROM happenings WHERE platform = ? AND user = ? AND at > ?"
            " ORDER BY at DESC, id DESC LIMIT ? OFFSET ?",
            self._platform, user, since, limit, offset,
        )  # fmt: skip
        return [Happening(row, user, kind, at, msgspec.json.decode(body)) for row, user, kind, at, body in rows]

    def newest(self, user: str) -> tuple[int, int]:
        """Id and time of the newest, zeros when there is none: tells whether anything changed."""
        row = self._state.one(
            "SELECT id, at FROM happenings WHERE platform = ? AND user = ? ORDER BY at DESC, id DESC LIMIT 1",
            self._platform, user,
        )  # fmt: skip
        return (row[0], row[1]) if row else (0, 0)
