"""YouTube as a platform. What is watched isn't to be had: the API gives no history of it to anybody."""

from collections.abc import Generator, Mapping, Sequence

import msgspec

from actors.platforms.base import (
    Answer,
    Call,
    Client,
    Endpoints,
    Happening,
    Inbound,
    NewSecret,
    Pacing,
    Reads,
    Receives,
)
from actors.platforms.google import AUTHORIZE_URL, TOKEN_URL, Google
from actors.platforms.youtube import api, hub, lists, pushes, sentences
from storage.records import Account, Delivery, Hook, Item

READ = "https://www.googleapis.com/auth/youtube.readonly"
HUB_URL = "https://pubsubhubbub.appspot.com/subscribe"


class YouTube(Google):
    """`hub_url` is where channels' feeds are subscribed to; `hook_channels` bounds how many of the channels that a
    user follows are."""

    slug = "youtube"
    title = "YouTube"
    endpoints = Endpoints(AUTHORIZE_URL, TOKEN_URL, "https://youtube.googleapis.com")
    poll_every = "2h"
    push_suffices = False
    """Nothing tells of a like."""
    hooks_follow = frozenset({"subscriptions"})
    limit_scope = "app"
    scopes = ("openid", "email", READ)
    needs = {READ: "seeing your YouTube account"}  # noqa: RUF012 (a ClassVar, in the base)
    pace = Pacing(rate=10, burst=20, concurrency=4, daily=10_000, zone="America/Los_Angeles")

    def __init__(
        self,
        client: Client,
        endpoints: Endpoints | None = None,
        *,
        hook_channels: int = 25,
        hub_url: str | None = None,
        userinfo_url: str | None = None,
        revoke_url: str | None = None,
    ) -> None:
        super().__init__(client, endpoints, userinfo_url=userinfo_url, revoke_url=revoke_url)
        self.hook_channels = hook_channels
        self.hub = hub.Hub(hub_url or HUB_URL, client.secret)

    def identify(self) -> Generator[Call, Answer, Account]:
        """A Google account without a channel has no likes and no subscriptions either: it is told so at once."""
        account = yield from super().identify()
        channel = yield from api.own_channel(self.urls.api_url)
        name = channel.pop("title", account.name)
        return msgspec.structs.replace(account, name=name, details=channel)

    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        return lists.read(self.urls.api_url, account, cursors, now)

    def found(self, data_type: str, count: int) -> str:
        one, many = {
            "liked_videos": ("1 new liked video", "new liked videos"),
            "subscriptions": ("1 new subscription", "new subscriptions"),
        }.get(data_type, ("1 new upload", "new uploads"))
        return one if count == 1 else f"{count} {many}"

    def found_first(self, data_type: str, count: int) -> str:
        return self.found(data_type, count).replace(" new ", " ")

    def line(self, item: Item) -> Mapping[str, str | None]:
        return sentences.line(item)

    def receive(self, request: Inbound) -> Receives:
        return pushes.receive(request, self.hub)

    def parse(self, delivery: Delivery) -> Happening:
        return pushes.parse(delivery)

    def register(
        self, account: Account, url: str, known: Sequence[Hook], new_secret: NewSecret, now: float
    ) -> Generator[Call, Answer, Sequence[Hook]]:
        followed = yield from lists.followed(self.urls.api_url, now) if self.hook_channels else _nobody()
        wanted = hub.wanted(account.details.get("channel"), followed, known, self.hook_channels)
        return (yield from hub.register(self.hub, wanted, url, known, new_secret, now))

    def unregister(self, hook: Hook, url: str) -> Generator[Call, Answer, None]:
        return hub.unsubscribed(self.hub, hook.where, url)


def _nobody() -> Generator[Call, Answer, list[str]]:
    yield from ()
    return []
