"""The hub: who wants to hear of which channel, until when, and how they are told."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from tornado.httpclient import HTTPRequest

from deploy.sandbox.outbox import Delivery, Reply
from deploy.sandbox.platforms.youtube.feed import HUB, topic

if TYPE_CHECKING:
    from deploy.sandbox.platforms.youtube import YouTube

SCHEMA = """
CREATE TABLE IF NOT EXISTS youtube_leases (
    id INTEGER PRIMARY KEY, callback TEXT, channel TEXT, topic TEXT, secret TEXT, expires_at REAL,
    UNIQUE (callback, channel))
"""
INDEX = "CREATE INDEX IF NOT EXISTS youtube_leases_on ON youtube_leases (channel)"

USUAL_LEASE, LONGEST_LEASE = 432_000, 864_000
ANSWER_WITHIN = 10.0
MOST_TIMES = 8
VERIFY, NOTIFY, FORGE = "verify", "notify", "forge"


class Lease(msgspec.Struct, frozen=True):
    """A row, column by column. Before it is confirmed it has ended already."""

    id: int
    callback: str
    channel: str
    topic: str
    secret: str
    expires_at: float


class Request(msgspec.Struct, frozen=True):
    """What the hub asks a callback to confirm."""

    mode: str
    topic: str
    challenge: str
    lease: int = 0
    secret: str = ""
    reason: str = ""


class Hub:
    def __init__(self, platform: "YouTube") -> None:
        self._platform = platform
        self._state = platform.state
        self._state.run(SCHEMA)
        self._state.run(INDEX)
        platform.outbox.open(platform.slug, self.request_for, self.again_in, self.answered)

    # -- subscribing ---------------------------------------------------------------------------------
    def ask(self, mode: str, callback: str, wanted: str, lease: int, secret: str) -> Delivery:
        """The question whether the callback wants this. For a channel that isn't there: that it is denied."""
        channel = channel_of(wanted) or ""
        with self._state.change():
            self._state.run(
                "INSERT INTO youtube_leases (callback, channel, topic, secret, expires_at) VALUES (?, ?, ?, '', 0)"
                " ON CONFLICT DO NOTHING",
                callback, channel, wanted,
            )  # fmt: skip
            row = self._state.one("SELECT id FROM youtube_leases WHERE callback = ? AND channel = ?", callback, channel)
            assert row is not None
            if self._platform.library.channel(channel) is None:
                request = Request("denied", wanted, "", reason="there is no such channel")
            else:
                request = Request(mode, wanted, secrets.token_urlsafe(24), lease, secret)
            return self._platform.outbox.add(self._platform.slug, row[0], VERIFY, mode, msgspec.json.encode(request))

    def is_confirmed(self, delivery: Delivery) -> bool:
        """The callback said yes to what it was asked last."""
        lease, request = self._lease(delivery.hook_id), msgspec.json.decode(delivery.body, type=Request)
        if request.mode == "unsubscribe":
            return lease is None
        return lease is not None and lease.expires_at > self._platform.now() and lease.secret == request.secret

    def answered(self, delivery: Delivery, reply: Reply) -> None:
        if delivery.event != VERIFY:
            return
        request = msgspec.json.decode(delivery.body, type=Request)
        if not 200 <= reply.code < 300 or request.mode == "denied" or reply.body != request.challenge.encode():
            return
        if request.mode == "unsubscribe":
            self._state.run("DELETE FROM youtube_leases WHERE id = ?", delivery.hook_id)
            return
        self._state.run(
            "UPDATE youtube_leases SET topic = ?, secret = ?, expires_at = ? WHERE id = ?",
            request.topic, request.secret, self._platform.now() + request.lease, delivery.hook_id,
        )  # fmt: skip

    def _lease(self, id_: int) -> Lease | None:
        row = self._state.one("SELECT * FROM youtube_leases WHERE id = ?", id_)
        return Lease(*row) if row else None

    # -- telling -------------------------------------------------------------------------------------
    def tell(self, channel: str, feed: str, event: str = NOTIFY) -> Sequence[Delivery]:
        """Everybody whose lease has not run out."""
        rows = self._state.all(
            "SELECT id FROM youtube_leases WHERE channel = ? AND expires_at > ? ORDER BY id",
            channel, self._platform.now(),
        )  # fmt: skip
        outbox, slug = self._platform.outbox, self._platform.slug
        return [outbox.add(slug, row[0], event, None, feed.encode()) for row in rows]

    def again(self, channels: Sequence[str]) -> Sequence[Delivery]:
        """What was told last of any of these channels, once more."""
        rows = self._state.all(
            "SELECT d.hook_id, d.id FROM deliveries d JOIN youtube_leases l ON l.id = d.hook_id"
            " WHERE d.platform = ? AND d.event = ? ORDER BY d.id DESC LIMIT 500",
            self._platform.slug, NOTIFY,
        )  # fmt: skip
        for hook, id_ in rows:
            lease, last = self._lease(hook), self._platform.outbox.one(hook, id_)
            if lease is not None and last is not None and lease.channel in channels:
                return [self._platform.outbox.again(last)]
        return ()

    # -- sending -------------------------------------------------------------------------------------
    def request_for(self, delivery: Delivery) -> HTTPRequest | None:
        lease = self._lease(delivery.hook_id)
        if lease is None:
            return None
        if delivery.event == VERIFY:
            return self._question(lease, msgspec.json.decode(delivery.body, type=Request))
        if lease.expires_at <= self._platform.now():
            return None
        headers = {
            "Content-Type": "application/atom+xml",
            "From": "googlebot(at)googlebot.com",
            "Link": f"<{HUB}/>; rel=hub, <{topic(lease.channel)}>; rel=self",
            "User-Agent": "FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)",
        }
        if lease.secret:
            key = b"not the secret" if delivery.event == FORGE else lease.secret.encode()
            headers["X-Hub-Signature"] = "sha1=" + hmac.new(key, delivery.body, hashlib.sha1).hexdigest()
        return HTTPRequest(
            lease.callback, method="POST", headers=headers, body=delivery.body, follow_redirects=False,
            connect_timeout=ANSWER_WITHIN, request_timeout=ANSWER_WITHIN,
        )  # fmt: skip

    def _question(self, lease: Lease, request: Request) -> HTTPRequest:
        asked = {"hub.mode": request.mode, "hub.topic": request.topic}
        if request.mode == "denied":
            asked["hub.reason"] = request.reason
        else:
            asked["hub.challenge"] = request.challenge
        if request.mode == "subscribe":
            asked["hub.lease_seconds"] = str(request.lease)
        joint = "&" if urlsplit(lease.callback).query else "?"
        return HTTPRequest(
            f"{lease.callback}{joint}{urlencode(asked)}", follow_redirects=False,
            connect_timeout=ANSWER_WITHIN, request_timeout=ANSWER_WITHIN,
        )  # fmt: skip

    def again_in(self, delivery: Delivery, attempts: int, code: int) -> float | None:
        """A no to a question is a no; what fails otherwise is tried again, each time after twice as long."""
        if 200 <= code < 300 or attempts >= MOST_TIMES or (delivery.event == VERIFY and code < 500):
            return None
        return 2.0 ** (attempts - 1)


def channel_of(wanted: str) -> str | None:
    """Of either address that a channel's feed has."""
    parts = urlsplit(wanted)
    if parts.hostname != "www.youtube.com" or parts.path not in ("/xml/feeds/videos.xml", "/feeds/videos.xml"):
        return None
    named = parse_qs(parts.query).get("channel_id", [])
    return named[0] if len(named) == 1 else None
