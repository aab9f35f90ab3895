"""Slack's Events API: what happens is sent to the app's one address, signed, and sent again when it isn't answered."""

import hmac
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.httpclient import HTTPRequest

from deploy.sandbox import people
from deploy.sandbox.door import Door
from deploy.sandbox.happenings import Happening
from deploy.sandbox.outbox import Delivery, Reply
from deploy.sandbox.places import SLACK_SIGNING_SECRET
from deploy.sandbox.platforms.slack import workspace
from deploy.sandbox.platforms.slack.conversations import shown, timestamp
from deploy.sandbox.platforms.slack.workspace import Channel, Member

if TYPE_CHECKING:
    from deploy.sandbox.platforms.slack import Slack

ANSWER_WITHIN = 3.0
RETRY_AFTER = (0.0, 60.0, 300.0)
"""Seconds from each failure to the next try."""
VERIFICATION = "url_verification"
OLD_TOKEN = "sandbox-verification-token"  # noqa: S105 (what Slack sent before it signed, and still sends)


class Events:
    def __init__(self, platform: "Slack") -> None:
        self._platform = platform
        self._state = platform.state
        self._outbox = platform.outbox
        self.door = Door(platform.slug, self._state, self._outbox, self._verification)
        self._secret = (os.environ.get("SLACK_SIGNING_SECRET") or SLACK_SIGNING_SECRET).encode()
        self._following: dict[int, Delivery] = {}
        """What is sent when a delivery has had its first outcome."""
        self._outbox.open(platform.slug, self._request_for, self._again_in, self._answered)

    # -- what is sent --------------------------------------------------------------------------------
    def said(self, channel: Channel, message: Happening, times: int = 1) -> Sequence[Delivery]:
        own, ts = shown(message), timestamp(message)
        own.pop("reactions", None)
        event = {**own, "channel": channel.id, "channel_type": channel.type, "event_ts": ts}
        return self._told(event, message.at, self._who_sees(channel), times)

    def reacted(self, channel: Channel, by: Member, name: str, on: Happening, now: int) -> Sequence[Delivery]:
        item = {"type": "message", "channel": channel.id, "ts": timestamp(on)}
        event = {"type": "reaction_added", "user": by.id, "reaction": name, "item": item, "item_user": on.body["user"]}
        return self._told({**event, "event_ts": _event_ts(now)}, now, self._who_sees(channel))

    def made(self, channel: Channel, now: int) -> Sequence[Delivery]:
        """Of a public channel everybody hears."""
        about = {"id": channel.id, "name": channel.name, "created": channel.created, "creator": channel.creator}
        about |= {"is_channel": True, "is_shared": False, "is_org_shared": False, "context_team_id": workspace.TEAM}
        event = {"type": "channel_created", "channel": about, "event_ts": _event_ts(now)}
        return self._told(event, now, self._connected())

    def joined(self, channel: Channel, note: Happening) -> Sequence[Delivery]:
        """Both what happened and the note of it in the channel."""
        about = {"user": note.body["user"], "channel": channel.id, "channel_type": channel.id[0]}
        event = {"type": "member_joined_channel", **about, "team": workspace.TEAM, "inviter": note.body["inviter"]}
        told = self._told({**event, "event_ts": timestamp(note)}, note.at, self._who_sees(channel))
        return [*told, *self.said(channel, note)]

    def withdrawn(self, who: Sequence[Member], now: int) -> Sequence[Delivery]:
        tokens = {"oauth": [one.id for one in who], "bot": []}
        return self._told({"type": "tokens_revoked", "tokens": tokens, "event_ts": _event_ts(now)}, now, ())

    def uninstalled(self, now: int) -> Sequence[Delivery]:
        return self._told({"type": "app_uninstalled", "event_ts": _event_ts(now)}, now, ())

    def _told(
        self, event: dict[str, Any], at: int, concerned: Sequence[Member] | None, times: int = 1
    ) -> Sequence[Delivery]:
        """`concerned`: nothing is sent when these are nobody, unless it concerns the app itself: then it is ()."""
        if not self.door.there or concerned is None:
            return ()
        id_ = f"Ev07{workspace.base36(self._state.count_up(self._platform.slug, '', 'events', 36**6), 8)}"
        envelope = {
            "token": OLD_TOKEN,
            "team_id": workspace.TEAM,
            "context_team_id": workspace.TEAM,
            "context_enterprise_id": None,
            "api_app_id": workspace.APP,
            "event": event,
            "type": "event_callback",
            "event_id": id_,
            "event_time": at // 1000,
            "authorizations": [_authorization(one) for one in concerned],
            "is_ext_shared_channel": False,
            "event_context": f"4-{id_}",
        }
        body = msgspec.json.encode(envelope)
        return [self._outbox.add(self._platform.slug, 0, event["type"], None, body, id_) for _ in range(times)]

    def _who_sees(self, channel: Channel) -> Sequence[Member] | None:
        return [one for one in self._connected() or () if channel.has(one)] or None

    def _connected(self) -> Sequence[Member] | None:
        names = self._platform.connected()
        return [workspace.member(people.known(name)) for name in names] or None

    def in_turn(self, first: Delivery, second: Delivery) -> None:
        """Deliveries of one occasion overtake each other; these two don't."""
        self._following[first.id] = second

    def send(self, deliveries: Sequence[Delivery]) -> None:
        later = {delivery.id for delivery in self._following.values()}
        self.door.send([delivery for delivery in deliveries if delivery.id not in later])

    # -- how it is sent ------------------------------------------------------------------------------
    def _verification(self) -> Sequence[Delivery]:
        challenge = f"{self._state.count_up(self._platform.slug, '', 'challenges'):04}"
        challenge = hmac.digest(self._secret, challenge.encode(), "sha256").hex()[:52]
        body = msgspec.json.encode({"token": OLD_TOKEN, "challenge": challenge, "type": VERIFICATION})
        return [self._outbox.add(self._platform.slug, 0, VERIFICATION, None, body, challenge)]

    def _request_for(self, delivery: Delivery) -> HTTPRequest | None:
        if not self.door.open and delivery.event != VERIFICATION:
            return None
        stamp = str(int(self._platform.now()))
        base = b"v0:" + stamp.encode() + b":" + delivery.body
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={hmac.digest(self._secret, base, 'sha256').hex()}",
        }
        if attempts := self._outbox.attempts(delivery):
            headers |= {"X-Slack-Retry-Num": str(attempts), "X-Slack-Retry-Reason": _reason(delivery)}
        return HTTPRequest(
            self.door.url, method="POST", headers=headers, body=delivery.body, follow_redirects=False,
            connect_timeout=ANSWER_WITHIN, request_timeout=ANSWER_WITHIN,
        )  # fmt: skip

    def _again_in(self, delivery: Delivery, attempts: int, code: int) -> float | None:
        if 200 <= code < 300 or delivery.event == VERIFICATION or attempts > len(RETRY_AFTER):
            return None
        return RETRY_AFTER[attempts - 1]

    def _answered(self, delivery: Delivery, reply: Reply) -> None:
        if following := self._following.pop(delivery.id, None):
            self._outbox.send([following])
        if delivery.event == VERIFICATION:
            self.door.tried(delivery, reply.code == 200 and delivery.guid.encode() in reply.body)


def _authorization(one: Member) -> dict[str, Any]:
    own = {"enterprise_id": None, "team_id": workspace.TEAM, "user_id": one.id}
    return {**own, "is_bot": False, "is_enterprise_install": False}


def _event_ts(now: int) -> str:
    return f"{now // 1000}.{now % 1000:03}000"


def _reason(delivery: Delivery) -> str:
    """Why the last try failed."""
    return {"timed out": "http_timeout", "failed to connect to host": "connection_failed"}.get(
        delivery.status or "", "http_error"
    )
