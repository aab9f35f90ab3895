"""Discord's webhook events: to the app's one address, signed with the app's key, and again until they are taken.

Discord tries whether signatures are looked at: an address that takes a wrong one is taken away.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tornado.httpclient import HTTPRequest

from deploy.sandbox.door import Door
from deploy.sandbox.outbox import Delivery, Reply

if TYPE_CHECKING:
    from deploy.sandbox.platforms.discord import Discord

ANSWER_WITHIN = 3.0
RETRY_AFTER = (2.0, 8.0, 30.0, 120.0, 440.0)
"""Seconds from each failure to the next try: ten minutes in all."""
PRIVATE_KEY = "74a39a1685174670e3fa29f4b9a318ab7af89299d8ccf9e2ec7de5107b26ce4d"
"""The sandbox's own; what fits it is `DISCORD_PUBLIC_KEY` in `places.py`. A service that was given another public key
refuses everything from here, from the first PING on, so that nothing is sent to it."""
PING, EVENT = 0, 1
PINGED, WRONGLY_SIGNED, DEAUTHORIZED = "PING", "a wrong signature", "APPLICATION_DEAUTHORIZED"
TRIALS = (PINGED, WRONGLY_SIGNED)
PROBE_EVERY = 5
"""Every fifth event comes with a wrong signature beside it."""


class Events:
    def __init__(self, platform: "Discord") -> None:
        self._platform = platform
        self._outbox = platform.outbox
        self._private_key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(PRIVATE_KEY))
        self.door = Door(platform.slug, platform.state, self._outbox, self._trials)
        self._outbox.open(platform.slug, self._request_for, self._again_in, self._answered)

    @property
    def key(self) -> str:
        """The public one, as the app's page shows it."""
        return self._private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    # -- what is sent --------------------------------------------------------------------------------
    def deauthorized(self, profile: dict[str, Any]) -> Sequence[Delivery]:
        if not self.door.there:
            return ()
        at = datetime.fromtimestamp(self._platform.now(), UTC).isoformat(timespec="microseconds").split("+")[0]
        event = {"type": DEAUTHORIZED, "timestamp": at, "data": {"user": profile}}
        told = self._add(DEAUTHORIZED, {"type": EVENT, "event": event})
        turn = self._platform.state.count_up(self._platform.slug, "", "events")
        return [told] if turn % PROBE_EVERY else [self._ping(WRONGLY_SIGNED), told]

    def probe(self) -> Sequence[Delivery]:
        return [self._ping(WRONGLY_SIGNED)] if self.door.there else ()

    def _trials(self) -> Sequence[Delivery]:
        return [self._ping(kind) for kind in TRIALS]

    def _ping(self, kind: str) -> Delivery:
        return self._add(kind, {"type": PING})

    def _add(self, kind: str, told: dict[str, Any]) -> Delivery:
        envelope = {"version": 1, "application_id": self._platform.application_id, **told}
        return self._outbox.add(self._platform.slug, 0, kind, None, msgspec.json.encode(envelope))

    # -- how it is sent ------------------------------------------------------------------------------
    def _request_for(self, delivery: Delivery) -> HTTPRequest | None:
        if not self.door.open and delivery.event not in TRIALS:
            return None
        stamp = str(int(self._platform.now()))
        signed = stamp.encode() + delivery.body
        if delivery.event == WRONGLY_SIGNED:
            signed += b" "
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "Discord-Webhook/1.0 (+https://discord.com)",
            "X-Signature-Ed25519": self._private_key.sign(signed).hex(),
            "X-Signature-Timestamp": stamp,
        }
        return HTTPRequest(
            self.door.url, method="POST", headers=headers, body=delivery.body, follow_redirects=False,
            connect_timeout=ANSWER_WITHIN, request_timeout=ANSWER_WITHIN,
        )  # fmt: skip

    def _again_in(self, delivery: Delivery, attempts: int, code: int) -> float | None:
        if 200 <= code < 300 or delivery.event in TRIALS or attempts > len(RETRY_AFTER):
            return None
        return RETRY_AFTER[attempts - 1]

    def _answered(self, delivery: Delivery, reply: Reply) -> None:
        if delivery.event not in TRIALS:
            return
        passed = reply.code == 401 if delivery.event == WRONGLY_SIGNED else _is_taken(reply)
        if self.door.open and not passed:
            self.door.shut(f"{delivery.event} was answered {reply.code}")
        else:
            self.door.tried(delivery, passed)


def _is_taken(reply: Reply) -> bool:
    """Nothing in it, and yet what it is of."""
    return reply.code == 204 and not reply.body and reply.content_type is not None
