"""Gmail: a mailbox with a history, watched through Pub/Sub."""

import base64
import json
from collections import defaultdict
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from actors.platforms.base import Answer, Call
from tests.bench.day.book import Book
from tests.bench.day.ends.base import End, say

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TOPIC = "projects/day/topics/gmail"
AUDIENCE = "https://soulwire.example/api/webhooks/gmail"
SENDER = "pusher@day.iam.gserviceaccount.com"
COSTS = {"profile": 1, "history": 2, "messages": 5, "watch": 100, "stop": 50}
GET = 20


def public_key() -> jwt.PyJWK:
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    return jwt.PyJWK({**jwk, "kid": "day", "use": "sig", "alg": "RS256"})


class Gmail(End):
    slug = "gmail"
    life = 3599.0

    def __init__(self, clock: Any, book: Book, knock: Any) -> None:
        super().__init__(clock, book, knock)
        self._mails: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self._stand: dict[str, int] = defaultdict(lambda: 1000)
        self._watched: dict[str, float] = {}
        self._pushed = 0
        self._units = book.limit(self.slug, "units of a user in a minute", 6000, 60)
        self._project = book.limit(self.slug, "units of the project in a minute", 1_200_000, 60)

    def is_upkeep(self, method: str, path: str) -> bool:
        return super().is_upkeep(method, path) or path.endswith("/profile")

    def respond(self, user: str, call: Call, path: str) -> Answer:
        if path == "/userinfo":
            return say(200, {"sub": str(self.id_of(user)), "email": _address(user)})
        what, _, id_ = path.removeprefix("/gmail/v1/users/me/").partition("/")
        cost = GET if id_ else COSTS[what]
        self.within(self._units, user, cost)
        self.within(self._project, "all", cost)
        if id_:
            mail = self._mails[user].get(id_)
            return say(200, mail) if mail else say(404, {"error": {"code": 404, "message": "not found"}})
        if what == "history":
            return self._history(user, int(call.params["startHistoryId"]))
        if what == "messages":
            newest = list(self._mails[user].values())[::-1][: call.params["maxResults"]]
            return say(200, {"messages": [{"id": one["id"], "threadId": one["id"]} for one in newest]})
        if what == "watch":
            self._watched[user] = self.now + 7 * 86_400
            self.later(1.0, self._push, user)
            expiration = str(int(self._watched[user] * 1000))
            return say(200, {"historyId": str(self._stand[user]), "expiration": expiration})
        return say(200, {"emailAddress": _address(user), "historyId": str(self._stand[user])})

    def _history(self, user: str, start: int) -> Answer:
        new = [one for one in self._mails[user].values() if int(one["historyId"]) > start]
        records = [
            {
                "id": one["historyId"],
                "messagesAdded": [{"message": {n: one[n] for n in ("id", "threadId", "labelIds")}}],
            }
            for one in new
        ]
        return say(200, {"historyId": str(self._stand[user])} | ({"history": records} if records else {}))

    def happen(self, user: str, marker: str) -> bool:
        self._stand[user] += 7
        stand = self._stand[user]
        id_ = f"{self.id_of(user):x}{stand:010x}"
        headers = [{"name": "From", "value": "Grace <grace@mail.example>"}, {"name": "Subject", "value": marker}]
        mail: dict[str, Any] = {"id": id_, "threadId": id_, "labelIds": ["INBOX", "UNREAD"], "historyId": str(stand)}
        mail |= {"internalDate": str(int(self.now * 1000)), "snippet": "Hello", "payload": {"headers": headers}}
        self._mails[user][id_] = mail
        is_watched = self._watched.get(user, 0.0) > self.now
        if is_watched:
            self.later(1.5, self._push, user)
        return is_watched

    def _push(self, user: str) -> None:
        self._pushed += 1
        told = json.dumps({"emailAddress": _address(user), "historyId": self._stand[user]}).encode()
        message = {"data": base64.b64encode(told).decode(), "messageId": str(10**15 + self._pushed)}
        claims = {"aud": AUDIENCE, "email": SENDER, "email_verified": True, "iss": "https://accounts.google.com"}
        claims |= {"sub": "113", "iat": int(self.now), "exp": int(self.now) + 3600}
        token = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "day"})
        body = json.dumps({"message": message, "subscription": "projects/day/subscriptions/gmail"}).encode()
        self.knock(self.slug, {"authorization": f"Bearer {token}"}, body)


def _address(user: str) -> str:
    return f"{user}@mail.example"
