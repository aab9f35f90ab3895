"""Gmail as a platform: what it is, whose mailbox it is, the watch. Reading and pushes are in the files beside it."""

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
from actors.platforms.failures import BadAnswer
from actors.platforms.fields import text
from actors.platforms.gmail import letters, mailbox, pushes, watch
from actors.platforms.gmail.pushes import Subscription
from actors.platforms.google import AUTHORIZE_URL, TOKEN_URL, Google
from actors.platforms.google.answers import checked
from actors.platforms.google.platform import CERTS_URL
from storage.records import Account, Delivery, Hook, Item

READ = "https://www.googleapis.com/auth/gmail.readonly"


class Gmail(Google):
    """`topic` is Pub/Sub's name in full, `projects/…/topics/…`; `audience` and `service_account` are what its push
    subscription was made with. Without all three Gmail is polled."""

    slug = "gmail"
    title = "Gmail"
    hook_per_account = True
    hooks_daily = True
    sends_again_for = 600.0
    """Pub/Sub keeps what it couldn't push for ten minutes at least, and for a week if nothing else was set."""
    endpoints = Endpoints(AUTHORIZE_URL, TOKEN_URL, "https://gmail.googleapis.com")
    poll_every = "1h"
    scopes = ("openid", "email", READ)
    needs = {READ: "reading your mail"}  # noqa: RUF012 (a ClassVar, in the base)
    pace = Pacing(rate=10_000, burst=20_000, concurrency=8)

    def __init__(
        self,
        client: Client,
        endpoints: Endpoints | None = None,
        *,
        topic: str | None = None,
        audience: str | None = None,
        service_account: str | None = None,
        certs_url: str | None = None,
        userinfo_url: str | None = None,
        revoke_url: str | None = None,
    ) -> None:
        super().__init__(client, endpoints, userinfo_url=userinfo_url, revoke_url=revoke_url)
        certs = certs_url or self.beside_token("certs", CERTS_URL)
        self.subscription = Subscription(topic, audience, service_account, certs)

    def identify(self) -> Generator[Call, Answer, Account]:
        """The mailbox's address can change: it is what pushes name, and read anew with each consent."""
        account = yield from super().identify()
        answer = yield mailbox.profile(self.urls.api_url)
        address = text(checked(answer).json(), "emailAddress")
        if address is None:
            raise BadAnswer("Gmail did not say which mailbox this is")
        details = {"address": address.lower()}
        return msgspec.structs.replace(account, name=address, details=details, addresses=(address.lower(),))

    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        return mailbox.read(self.urls.api_url, cursors, now)

    def found(self, data_type: str, count: int) -> str:
        return "1 new mail" if count == 1 else f"{count} new mails"

    def found_first(self, data_type: str, count: int) -> str:
        return "1 mail" if count == 1 else f"{count} mails"

    def line(self, item: Item) -> Mapping[str, str | None]:
        return letters.line(item.raw)

    def receive(self, request: Inbound) -> Receives:
        return pushes.receive(self.subscription, request)

    def parse(self, delivery: Delivery) -> Happening:
        return pushes.parse(delivery)

    def parse_for(self, delivery: Delivery, account: Account, cursors: Mapping[str, str]) -> Happening:
        return pushes.parse(delivery, mailbox.reached(cursors))

    def register(
        self, account: Account, url: str, known: Sequence[Hook], new_secret: NewSecret, now: float
    ) -> Generator[Call, Answer, Sequence[Hook]]:
        return watch.register(self.urls.api_url, self.subscription, account, now)

    def unregister(self, hook: Hook, url: str) -> Generator[Call, Answer, None]:
        return watch.unregister(self.urls.api_url)
