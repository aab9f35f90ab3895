"""GitHub: a timeline with an ETag, and hooks on the repositories that a user administers."""

import hashlib
import hmac
import json
import uuid
from collections import defaultdict
from typing import Any

from actors.platforms.base import Answer, Call
from tests.bench.day.book import Book
from tests.bench.day.ends.base import End, iso, revealed, say

ELSEWHERE = 5
"""One event of so many happens in somebody else's repository, where no hook of ours can be."""


class GitHub(End):
    slug = "github"
    life = 28_800.0
    rotates = True

    def __init__(self, clock: Any, book: Book, knock: Any) -> None:
        super().__init__(clock, book, knock)
        self._events: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._hooks: dict[str, dict[str, Any]] = {}
        self._happened = 0
        self._hourly = book.limit(self.slug, "calls of a user in an hour", 5000, 3600)
        self._interval = book.limit(self.slug, "looks at a timeline in its poll interval", 1, 60)

    def is_upkeep(self, method: str, path: str) -> bool:
        return not path.endswith("/events")

    def respond(self, user: str, call: Call, path: str) -> Answer:
        if path.endswith("/events"):
            return self._timeline(user, call)
        self.within(self._hourly, user)
        if path == "/user":
            return say(200, {"id": self.id_of(user), "login": user, "name": user})
        if path == "/user/repos":
            names = {f"{user}/one": True, f"{user}/two": True, f"{user}/three": True, "others/big": False}
            return say(200, [{"full_name": name, "permissions": {"admin": mine}} for name, mine in names.items()])
        return self._hook(call, path)

    def _timeline(self, user: str, call: Call) -> Answer:
        events = self._events[user]
        etag = f'W/"{len(events)}"'
        headers = {"etag": etag, "x-poll-interval": "60"}
        if call.params.get("page", 1) == 1:
            self.within(self._interval, user)
            if call.headers.get("If-None-Match") == etag:
                return say(304, None, headers)  # counts for no limit
        self.within(self._hourly, user)
        return say(200, events[::-1][:100], headers)

    def _hook(self, call: Call, path: str) -> Answer:
        _, _, owner, name, _, *rest = path.split("/")
        repository = f"{owner}/{name}"
        known = self._hooks.get(repository)
        if call.method == "GET":
            there = [_shown(known)] if known else []
            if rest:
                return say(200, there[0]) if there else say(404, {"message": "Not Found"})
            return say(200, there)
        said = revealed(call.json)
        self._hooks[repository] = {"id": 512_000_000 + len(self._hooks), "user": owner, **said}
        self.later(0.5, self._send, repository, "ping", {"zen": "Keep it simple."})
        return say(201, _shown(self._hooks[repository]))

    def happen(self, user: str, marker: str) -> bool:
        self._happened += 1
        elsewhere = self._happened % ELSEWHERE == 0
        repository = "others/big" if elsewhere else f"{user}/{('one', 'two', 'three')[self._happened % 3]}"
        id_, at = 10**10 + self._happened, iso(self.now)
        who = {"id": self.id_of(user), "login": user}
        issue = {"id": id_, "number": 7, "title": marker, "user": who, "created_at": at, "updated_at": at}
        payload = {"action": "opened", "issue": issue}
        repo = {"id": 99, "name": repository}
        event = {"id": str(id_), "type": "IssuesEvent", "actor": who, "repo": repo, "payload": payload}
        self._events[user].append(event | {"public": True, "created_at": at})
        if repository in self._hooks:
            place = {"id": 99, "full_name": repository, "name": repository.partition("/")[2], "owner": who}
            self.later(1.0, self._send, repository, "issues", payload | {"repository": place, "sender": who})
        return repository in self._hooks

    def _send(self, repository: str, kind: str, payload: dict[str, Any]) -> None:
        hook = self._hooks[repository]
        body = json.dumps(payload).encode()
        signature = hmac.digest(hook["config"]["secret"].encode(), body, hashlib.sha256).hex()
        headers = {"x-hub-signature-256": f"sha256={signature}", "x-github-event": kind}
        headers["x-github-delivery"] = str(uuid.uuid4())
        self.knock(self.slug, headers, body, user=hook["user"])


def _shown(hook: dict[str, Any]) -> dict[str, Any]:
    return {name: hook[name] for name in ("id", "active", "events")} | {"config": {"url": hook["config"]["url"]}}
