"""The watch on a mailbox, and Cloud Pub/Sub, which pushes what Gmail tells its topic."""

import base64
import hashlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.httpclient import HTTPRequest

from deploy.sandbox import people
from deploy.sandbox.calls import iso
from deploy.sandbox.here import is_here
from deploy.sandbox.outbox import Delivery
from deploy.sandbox.places import PUBSUB_SERVICE_ACCOUNT, PUBSUB_TOPIC, pubsub_audience
from deploy.sandbox.platforms.google.accounts import address

if TYPE_CHECKING:
    from deploy.sandbox.platforms.gmail import Gmail

SCHEMA = """
CREATE TABLE IF NOT EXISTS gmail_watches (
    id INTEGER PRIMARY KEY, user TEXT UNIQUE, labels TEXT, excluding INTEGER, expires_at REAL)
"""
LIFE = 7 * 86_400.0
ACK_WITHIN = 10.0
ACKED = (102, 200, 201, 202, 204)
KEPT_FOR = 7 * 86_400.0
FIRST_AGAIN, LAST_AGAIN = 1.0, 600.0
"""The subscription's retry policy: seconds of its first pause, which doubles, and of its longest."""
APART = 1.0
"""Seconds between two notifications of one mailbox."""


class Watch(msgspec.Struct, frozen=True):
    id: int
    user: str
    labels: str
    excluding: int
    expires_at: float

    def concerns(self, labels: Sequence[str]) -> bool:
        named = self.labels.split()
        if not named:
            return True
        return (not set(named) & set(labels)) if self.excluding else bool(set(named) & set(labels))


class Pending(msgspec.Struct, frozen=True):
    at: float
    delivery: int


class Pushing:
    def __init__(self, platform: "Gmail") -> None:
        self._platform = platform
        self._state = platform.state
        self._state.run(SCHEMA)
        service = platform.outbox.service
        self.topic = _topic(os.environ.get("GOOGLE_PUBSUB_TOPIC", ""), os.environ.get("GOOGLE_PROJECT_ID", ""))
        self._account = os.environ.get("GOOGLE_PUBSUB_SERVICE_ACCOUNT") or PUBSUB_SERVICE_ACCOUNT
        self._audience = os.environ.get("GOOGLE_PUBSUB_AUDIENCE") or pubsub_audience(service)
        self._url = f"{service}/api/webhooks/gmail"
        platform.outbox.open(platform.slug, self.request_for, self.again_in)

    # -- the watch -----------------------------------------------------------------------------------
    def watch(self, user: str, labels: Sequence[str], excluding: bool) -> tuple[float, Delivery]:
        """Until when, and the notification that is sent at once. One that is there already is replaced."""
        expires_at = self._platform.now() + LIFE
        with self._state.change():
            self._state.run("DELETE FROM gmail_watches WHERE user = ?", user)
            row = self._state.insert(
                "INSERT INTO gmail_watches (user, labels, excluding, expires_at) VALUES (?, ?, ?, ?)",
                user, " ".join(labels), excluding, expires_at,
            )  # fmt: skip
            return expires_at, self._publish(row, user)

    def stop(self, user: str) -> None:
        self._state.run("DELETE FROM gmail_watches WHERE user = ?", user)

    def _live(self, user: str) -> Watch | None:
        """It ends without a word."""
        row = self._state.one(
            "SELECT * FROM gmail_watches WHERE user = ? AND expires_at > ?", user, self._platform.now()
        )
        return Watch(*row) if row else None

    # -- notifications -------------------------------------------------------------------------------
    def changed(self, user: str, labels: Sequence[str]) -> Sequence[Delivery]:
        """At most one a second for each mailbox: what would be another is told by one at the second's end."""
        watch = self._live(user)
        if watch is None or not watch.concerns(labels):
            return ()
        now = self._platform.now()
        last = self._last(user)
        if last is None or now - last.at >= APART:
            delivery = self._publish(watch.id, user)
            self._keep_last(user, Pending(now, delivery.id))
            return [delivery]
        if last.at > now:
            self._state.run("UPDATE deliveries SET body = ? WHERE id = ?", self._body(user), last.delivery)
            return ()
        later = self._publish(watch.id, user)
        self._platform.outbox.send_at(later, last.at + APART)
        self._keep_last(user, Pending(last.at + APART, later.id))
        return ()

    def again(self, user: str) -> Sequence[Delivery]:
        """The last one once more, as Pub/Sub does now and then."""
        row = self._state.one(
            "SELECT d.id, d.hook_id FROM deliveries d JOIN gmail_watches w ON w.id = d.hook_id"
            " WHERE d.platform = ? AND w.user = ? ORDER BY d.id DESC LIMIT 1",
            self._platform.slug, user,
        )  # fmt: skip
        found = self._platform.outbox.one(row[1], row[0]) if row else None
        return [self._platform.outbox.again(found)] if found else ()

    def _last(self, user: str) -> Pending | None:
        kept = self._state.fact(self._platform.slug, user, "pushed")
        return msgspec.json.decode(kept, type=Pending) if kept else None

    def _keep_last(self, user: str, last: Pending) -> None:
        self._state.keep_fact(self._platform.slug, user, "pushed", msgspec.json.encode(last).decode())

    def _publish(self, watch: int, user: str) -> Delivery:
        return self._platform.outbox.add(self._platform.slug, watch, "mailbox", None, self._body(user))

    def _body(self, user: str) -> bytes:
        told = {"user": user, "history": self._platform.mailboxes.current(user)}
        return msgspec.json.encode(told)

    # -- Pub/Sub -------------------------------------------------------------------------------------
    def request_for(self, delivery: Delivery) -> HTTPRequest | None:
        if not is_here(self._url):
            return None
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {self._token()}",
            "Content-Type": "application/json",
            "From": "noreply@google.com",
            "User-Agent": "CloudPubSub-Google",
        }
        return HTTPRequest(
            self._url, method="POST", headers=headers, body=self._envelope(delivery), follow_redirects=False,
            connect_timeout=ACK_WITHIN, request_timeout=ACK_WITHIN,
        )  # fmt: skip

    def again_in(self, delivery: Delivery, attempts: int, code: int) -> float | None:
        """Until it is acknowledged, or too old to be kept."""
        if code in ACKED or self._platform.now() - delivery.at > KEPT_FOR:
            return None
        return float(min(LAST_AGAIN, FIRST_AGAIN * 2 ** min(attempts - 1, 20)))

    def _envelope(self, delivery: Delivery) -> bytes:
        """The data in either alphabet, the history id as text or as a number: both have been seen."""
        told = msgspec.json.decode(delivery.body)
        number = int(hashlib.sha256(delivery.guid.encode()).hexdigest()[:12], 16)
        mailbox = address(people.known(told["user"]))
        history: Any = str(told["history"]) if number & 2 else told["history"]
        said = msgspec.json.encode({"emailAddress": mailbox, "historyId": history})
        data = base64.b64encode(said).decode() if number & 1 else base64.urlsafe_b64encode(said).decode().rstrip("=")
        id_, at = str(2_000_000_000_000_000 + number), iso(delivery.at)
        message = {"data": data, "messageId": id_, "message_id": id_, "publishTime": at, "publish_time": at}
        project = self.topic.split("/topics/")[0]
        return msgspec.json.encode({"message": message, "subscription": f"{project}/subscriptions/soulwire"})

    def _token(self) -> str:
        now = int(self._platform.now())
        number = str(int.from_bytes(hashlib.sha256(self._account.encode()).digest()[:8]))
        return self._platform.key.sign(
            {
                "aud": self._audience,
                "azp": number,
                "email": self._account,
                "email_verified": True,
                "sub": number,
                "iat": now,
                "exp": now + 3_600,
            }
        )


def _topic(named: str, project: str) -> str:
    """In full; a name alone is one of the project's."""
    if not named:
        return PUBSUB_TOPIC
    return named if "/" in named else f"projects/{project or PUBSUB_TOPIC.split('/')[1]}/topics/{named}"
