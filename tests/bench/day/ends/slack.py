"""Slack: people in workspaces of ten, with a few conversations each, and events for what is said there."""

import hmac
import json
from collections import defaultdict
from typing import Any

from actors.platforms.base import Answer, Call
from tests.bench.day.book import Book
from tests.bench.day.ends.base import End, say

SIGNING_SECRET = "slack-signing-secret"
WORKSPACE = 10
CONVERSATIONS = 5


class Slack(End):
    slug = "slack"
    life = 43_200.0
    rotates = True

    def __init__(self, clock: Any, book: Book, knock: Any) -> None:
        super().__init__(clock, book, knock)
        self._said: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._number = 0
        self._happened = 0
        self._history = book.limit(self.slug, "conversations.history in a workspace and minute", 1, 59.9)
        self._others = book.limit(self.slug, "calls of another method in a workspace and minute", 50, 60)

    def is_upkeep(self, method: str, path: str) -> bool:
        return path == "/auth.test"

    def granted(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "authed_user": given | {"token_type": "user"}} | given | {"token_type": "user"}

    def respond(self, user: str, call: Call, path: str) -> Answer:
        team = self.team_of(user)
        if path == "/conversations.history":
            self.within(self._history, team)
            return self._page(call)
        self.within(self._others, f"{path} {team}")
        if path == "/auth.test":
            told = {"ok": True, "team": team, "team_id": team, "user": user, "user_id": self._member(user)}
            return say(200, told)
        if path == "/users.info":
            return say(200, {"ok": True, "user": {"id": call.params["user"], "name": "grace"}})
        channels = [
            {"id": f"C{self.id_of(user)}X{n}", "name": f"room-{n}", "is_member": True, "created": 1449252889}
            for n in range(CONVERSATIONS)
        ]
        return say(200, {"ok": True, "channels": channels, "response_metadata": {"next_cursor": ""}})

    def _page(self, call: Call) -> Answer:
        oldest = call.params.get("oldest", "0")
        listed = [one for one in self._said[call.params["channel"]] if float(one["ts"]) > float(oldest)][::-1]
        start = int(call.params.get("cursor", "0"))
        limit = min(call.params["limit"], 15)
        more = len(listed) > start + limit
        meta = {"response_metadata": {"next_cursor": str(start + limit)}} if more else {}
        return say(200, {"ok": True, "messages": listed[start : start + limit], "has_more": more, **meta})

    def happen(self, user: str, marker: str) -> bool:
        self._happened += 1
        channel = f"C{self.id_of(user)}X{self._happened % CONVERSATIONS}"
        message = {"type": "message", "user": "U5678", "text": marker, "ts": f"{self.now:.6f}"}
        self._said[channel].append(message)
        if self.pushes:
            self.later(0.7, self._send, user, message | {"channel": channel, "channel_type": "channel"})
        return self.pushes

    def _send(self, user: str, event: dict[str, Any]) -> None:
        team = self.team_of(user)
        authorization: dict[str, Any] = {
            "enterprise_id": None,
            "team_id": team,
            "user_id": self._member(user),
            "is_bot": False,
        }
        envelope: dict[str, Any] = {"type": "event_callback", "team_id": team, "api_app_id": "A1", "event": event}
        envelope |= {"event_id": f"Ev{event['ts'].replace('.', '')}{self.id_of(user)}"}
        envelope |= {"authorizations": [authorization]}
        body = json.dumps(envelope).encode()
        stamp = str(int(self.now))
        digest = hmac.digest(SIGNING_SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, "sha256").hex()
        self.knock(self.slug, {"x-slack-signature": f"v0={digest}", "x-slack-request-timestamp": stamp}, body)

    def team_of(self, user: str) -> str:
        return f"T{self.id_of(user) // WORKSPACE}"

    def _member(self, user: str) -> str:
        return f"U{self.id_of(user)}"
