"""A small platform with everything that a platform has, and the far end of its calls."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from actors.platforms.base import (
    Answer,
    Call,
    Client,
    Endpoints,
    Grant,
    Happening,
    Inbound,
    Page,
    Platform,
    Reading,
    Refused,
    Verified,
)
from actors.platforms.failures import GrantRefused, PlatformDown, RateLimited, Unauthorized
from storage.records import Account, Delivery, Hook, Item, Secret, Token

HOST = "https://tiny.example"


class Tiny(Platform):
    """Items are numbered; the cursor is the last number seen."""

    slug = "tiny"
    title = "Tiny"
    endpoints = Endpoints(f"{HOST}/authorize", f"{HOST}/token", f"{HOST}/api")
    poll_every = "30m"
    pushes = True
    refresh_rotates = True

    def exchange(
        self, code: Secret, redirect_uri: str, verifier: Secret | None = None
    ) -> Generator[Call, Answer, Grant]:
        answer = yield Call("POST", f"{HOST}/token", form={"code": code}, auth="basic")
        return _grant(answer)

    def refresh(self, token: Token) -> Generator[Call, Answer, Grant]:
        assert token.refresh is not None
        answer = yield Call("POST", f"{HOST}/token", form={"refresh_token": token.refresh}, auth="basic")
        return _grant(answer)

    def identify(self) -> Generator[Call, Answer, Account]:
        answer = yield Call("GET", f"{HOST}/api/me")
        return Account(answer.json()["id"], answer.json()["name"])

    def poll(
        self, account: Account, cursors: Mapping[str, str], now: float
    ) -> Generator[Call | Page, Answer | None, Reading]:
        answer = yield Call("GET", f"{HOST}/api/items", params={"after": cursors.get("items", "0")})
        assert answer is not None
        _checked(answer)
        numbers = answer.json()["items"]
        if numbers == "broken":
            raise KeyError("a bug in the platform's file")
        items = [Item("things", str(number), {"number": number}) for number in numbers]
        last = str(max(numbers, default=int(cursors.get("items", "0"))))
        yield Page(items)
        return Reading({"items": last})

    def verify(self, request: Inbound, secrets: Sequence[Secret]) -> Verified | Refused:
        said = request.headers.get("x-tiny-secret")
        if said is None or Secret(said) not in secrets:
            return Refused(401, "wrong_signature", "not signed with a secret of this connection")
        return Verified(request.headers["x-tiny-id"], request.headers.get("x-tiny-kind", "said"))

    def parse(self, delivery: Delivery) -> Happening:
        said = json.loads(delivery.body)
        if said.get("poison"):
            raise ValueError("a payload that nobody foresaw")
        items = [Item("things", str(said["number"]), said)] if "number" in said else []
        fields = {"who": "tim", "what": said.get("what", "said"), "where": None, "url": None}
        again = {"what": said["again"]} if "again" in said else {}
        return Happening(fields, items, about=said.get("about"), again=again)

    def register(
        self, account: Account, url: str, known: Sequence[Hook], new_secret: Callable[[], Secret], now: float
    ) -> Generator[Call, Answer, Sequence[Hook]]:
        if known:
            return known
        secret = new_secret()
        answer = yield Call("POST", f"{HOST}/api/hooks", form={"url": url, "secret": secret})
        _checked(answer)
        return [Hook(answer.json()["id"], "everything", secret)]

    def unregister(self, hook: Hook, url: str) -> Generator[Call, Answer, None]:
        yield Call("DELETE", f"{HOST}/api/hooks/{hook.external_id}")


def _grant(answer: Answer) -> Grant:
    if answer.status >= 500:
        raise PlatformDown(f"{answer.status}")
    said = answer.json()
    if "error" in said:
        raise GrantRefused(said["error"], "Please reconnect.")
    refresh = Secret(said["refresh"]) if "refresh" in said else None
    return Grant(Secret(said["access"]), refresh, said.get("expires_in"), scope="all")


def _checked(answer: Answer) -> None:
    if answer.status == 401:
        raise Unauthorized("401")
    if answer.status == 429:
        raise RateLimited("429", float(answer.headers.get("retry-after", 60)))
    if answer.status >= 500:
        raise PlatformDown(str(answer.status))


def tiny() -> Tiny:
    return Tiny(Client("id", Secret("client-secret")))


class FarEnd:
    """Answers calls as Tiny's servers would: tokens rotate, the old ones die. Keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.items: Any = []
        self.number = 1
        self.expires_in: float | None = 3600.0
        self.answers: list[Answer | Exception] = []
        """What is said next instead, one each."""
        self.refuse_refresh: str | None = None
        self.hooks = True
        self.revoked = False

    def count(self, path: str) -> int:
        return sum(one.endswith(path) for _, one in self.calls)

    def send(self, call: Call, bearer: Secret | None, client: Client | None) -> Answer:
        path = call.url.removeprefix(HOST)
        self.calls.append((call.method, path))
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if path == "/token":
            return self._token(call)
        if bearer != Secret(f"access-{self.number}") or self.revoked:
            return reply(401, {})
        if path == "/api/me":
            return reply(200, {"id": "7", "name": "tim"})
        if path == "/api/hooks":
            return reply(201, {"id": "hook-1"}) if self.hooks else reply(500, {})
        if path == "/api/items":
            return reply(200, {"items": self._items(call)})
        return reply(204, {})

    def _items(self, call: Call) -> Any:
        if self.items == "broken":
            return self.items
        return [number for number in self.items if number > int(call.params["after"])]

    def _token(self, call: Call) -> Answer:
        form = call.form or {}
        if "refresh_token" in form:
            if self.refuse_refresh:
                return reply(400, {"error": self.refuse_refresh})
            if form["refresh_token"] != Secret(f"refresh-{self.number}"):
                return reply(400, {"error": "invalid_grant"})
            self.number += 1
        said = {"access": f"access-{self.number}", "refresh": f"refresh-{self.number}", "expires_in": self.expires_in}
        return reply(200, said)


def reply(status: int, body: Any, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())
