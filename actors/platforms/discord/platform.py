"""Discord as a platform: what it is, who an account is, how its token ends. The rest is in the files beside it."""

from collections.abc import Generator, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from actors.platforms.base import (
    Answer,
    Budget,
    Call,
    Client,
    Endpoints,
    Grant,
    Happening,
    Inbound,
    NewSecret,
    Pacing,
    Platform,
    Reads,
    Receives,
)
from actors.platforms.discord import guilds, inbound
from actors.platforms.discord.api import data
from actors.platforms.failures import GONE, BadAnswer, GrantRefused, HookRefused
from actors.platforms.fields import dig, text
from storage.records import Account, Delivery, Hook, Item, Secret, Token

EVENTS = "webhook-events"


class Discord(Platform):
    """A user's token opens neither messages nor presence: these are for bots in the servers themselves."""

    slug = "discord"
    title = "Discord"
    endpoints = Endpoints(
        "https://discord.com/oauth2/authorize",
        "https://discord.com/api/oauth2/token",
        "https://discord.com/api/v10",
    )
    poll_every = "4h"
    scopes = ("identify", "guilds")
    pushes = True
    shared_door = True
    push_suffices = False
    refresh_rotates = True
    grant_family = "discord"
    """Revoking any token ends all that the app has of this user."""
    pace = Pacing(rate=10.0, burst=10.0, concurrency=4)
    refused_budget = Budget(frozenset({401, 403, 429}), 10_000, 600.0)
    """Beyond it Cloudflare bans the address. A token that isn't taken twice is never tried again, so that the budget
    is only in danger where a great many tokens die at once."""

    def __init__(self, client: Client, endpoints: Endpoints | None = None, *, public_key: str | None = None) -> None:
        """`public_key`: the app's, 64 hexadecimal digits; ValueError when it is anything else."""
        super().__init__(client, endpoints)
        self.public_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)) if public_key else None

    def refresh(self, token: Token) -> Generator[Call, Answer, Grant]:
        """Some of Discord's servers call a dead refresh token an invalid request."""
        try:
            return (yield from super().refresh(token))
        except BadAnswer as trouble:
            if trouble.detail.startswith("400 invalid_request") and "refresh_token" in trouble.detail:
                gone = GONE["invalid_grant"]
                raise GrantRefused(gone.reason, gone.hint, trouble.detail) from None
            raise

    def identify(self) -> Generator[Call, Answer, Account]:
        answer = yield Call("GET", f"{self.urls.api_url}/users/@me")
        me = data(answer).json()
        id_ = dig(me, "id")
        if not guilds.is_snowflake(id_):
            raise BadAnswer("Discord did not say whose account this is")
        return Account(id_, text(me, "global_name") or text(me, "username") or id_, addresses=(id_,))

    def revoke(self, token: Token) -> Generator[Call, Answer, None]:
        form: dict[str, str | Secret] = {"token": token.refresh or token.access}
        form["token_type_hint"] = "refresh_token" if token.refresh else "access_token"
        form |= {"client_id": self.client.id, "client_secret": self.client.secret}
        data((yield Call("POST", f"{self.urls.token_url}/revoke", form=form, auth="none")))

    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        return guilds.read(self.urls.api_url, cursors, now)

    def found(self, data_type: str, count: int) -> str:
        return f"{count} change{'' if count == 1 else 's'} in your Discord servers"

    def found_first(self, data_type: str, count: int) -> str:
        return f"{count} Discord server{'' if count == 1 else 's'}"

    def line(self, item: Item) -> Mapping[str, str | None]:
        return guilds.line(item.raw)

    def receive(self, request: Inbound) -> Receives:
        return inbound.receive(request, self.public_key)

    def parse(self, delivery: Delivery) -> Happening:
        return inbound.parse(delivery)

    def register(
        self, account: Account, url: str, known: Sequence[Hook], new_secret: NewSecret, now: float
    ) -> Generator[Call, Answer, Sequence[Hook]]:
        """Events are subscribed to once, in the app's settings at Discord, for all users: nothing is called. The hook
        that is recorded stands for that subscription."""
        yield from ()
        if self.public_key is None:
            raise HookRefused("The public key of the Discord app is not set in this service (DISCORD_PUBLIC_KEY).")
        standing = [hook for hook in known if hook.external_id == EVENTS]
        return standing or [Hook(EVENTS, "the app's webhook events", new_secret())]

    def unregister(self, hook: Hook, url: str) -> Generator[Call, Answer, None]:
        """With the grant the events end, too."""
        yield from ()
