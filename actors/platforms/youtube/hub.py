"""Subscriptions at the hub, for some days each: one for each channel, shared by all who follow it here.

The hub knows a subscription by the feed and our address, so a second one replaces the first together with
its secret. That is why the secret follows from the channel: whoever renews it, it stays the same.

The hub takes subscriptions from anybody, for any address: a stranger's, with a secret of theirs, would take the place
of ours. So the address that is ours holds a key, which the hub's question brings back and no stranger knows.
"""

import hmac
from collections.abc import Generator, Sequence
from typing import NamedTuple

from actors.platforms.base import RENEW_WITHIN, Answer, Call, NewSecret, SoFar
from actors.platforms.failures import (
    BadAnswer,
    Forbidden,
    HookRefused,
    NotFound,
    PlatformError,
    Unauthorized,
    data_answer,
)
from storage.records import Hook, Secret

LEASE = 432_000
"""Seconds; what the hub usually grants."""
TOPIC = "https://www.youtube.com/xml/feeds/videos.xml?channel_id="


class Hub(NamedTuple):
    url: str
    key: Secret
    """From which the secrets follow: the app's own."""

    def secret(self, channel: str) -> Secret:
        return Secret(self._made_of("youtube websub", channel))

    def callback(self, url: str, channel: str) -> str:
        """Where the hub asks and tells about this channel."""
        return f"{url}?key={self._made_of('youtube websub address', channel)[:32]}"

    def is_ours(self, given: str, channel: str) -> bool:
        """Whether the hub was told this address's key by us. In constant time."""
        key = self.callback("", channel).partition("=")[2]
        return hmac.compare_digest(key.encode(), given.encode("utf-8", "replace"))

    def _made_of(self, what: str, channel: str) -> str:
        return hmac.digest(self.key.reveal().encode(), f"{what} {channel}".encode(), "sha256").hex()


def wanted(own: str | None, followed: Sequence[str], known: Sequence[Hook], limit: int) -> list[str]:
    """The user's own channel, and of those they follow the ones that stand already before others."""
    standing = {hook.where for hook in known}
    others = sorted((one for one in followed if one != own), key=lambda one: one not in standing)
    return ([own] if own else []) + others[:limit]


def register(
    hub: Hub, channels: Sequence[str], url: str, known: Sequence[Hook], new_secret: NewSecret, now: float
) -> Generator[Call, Answer, Sequence[Hook]]:
    """What goes wrong half-way leaves what stands. A channel that is no longer wanted runs out by itself."""
    if not channels:
        raise HookRefused("There is no channel to hear of at YouTube.")
    live = {hook.where: hook for hook in known if hook.where in channels and (hook.expires_at or 0) > now}
    refused: list[str] = []
    unconfirmed = False
    try:
        for channel in channels:
            standing = live.get(channel)
            if standing and (standing.expires_at or 0) - now > RENEW_WITHIN:
                continue
            try:
                live[channel] = yield from _subscribed(hub, channel, url, new_secret, now)
            except (BadAnswer, Forbidden, NotFound, Unauthorized) as trouble:
                refused.append(f"{channel} ({trouble.detail})")
                unconfirmed |= trouble.detail.startswith("409")
    except PlatformError:
        if not live:
            raise
        return SoFar(live.values())
    if not live:
        raise HookRefused(f"YouTube's hub takes none of {len(channels)} subscriptions: {'; '.join(refused)[:300]}")
    return SoFar(live.values()) if unconfirmed else list(live.values())


def unsubscribed(hub: Hub, channel: str, url: str) -> Generator[Call, Answer, None]:
    """The hub asks back whether we mean it, and is told no while somebody else here follows that channel."""
    form: dict[str, str | Secret] = {"hub.mode": "unsubscribe", "hub.verify": "async"}
    form |= {"hub.topic": f"{TOPIC}{channel}", "hub.callback": hub.callback(url, channel)}
    data_answer((yield Call("POST", hub.url, form=form, auth="none", cost=0)))


def _subscribed(hub: Hub, channel: str, url: str, new_secret: NewSecret, now: float) -> Generator[Call, Answer, Hook]:
    """The hub asks back before it answers: by then the channel has to be known. A hub that asks later, as it may,
    answers 202; one that couldn't reach us says so now, and not by silence until the lease would have ended."""
    secret = new_secret(address=channel, secret=hub.secret(channel))
    form: dict[str, str | Secret] = {
        "hub.mode": "subscribe",
        "hub.topic": f"{TOPIC}{channel}",
        "hub.callback": hub.callback(url, channel),
        "hub.verify": "sync",
        "hub.secret": secret,
        "hub.lease_seconds": str(LEASE),
    }
    data_answer((yield Call("POST", hub.url, form=form, auth="none", cost=0)), now)
    return Hook(channel, channel, secret, now + LEASE, channel)
