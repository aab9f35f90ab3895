"""What a platform is.

A platform file makes no calls and keeps no state: it says what to call and what the answer means.
Its conversations are generators that yield a `Call`, are sent the `Answer`, and return what they
learned, so that a test needs neither network nor thread, and the actor that drives them can hear
other messages while a call is under way.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from typing import ClassVar, Literal, Protocol
from urllib.parse import quote, urlencode

from actors.platforms.failures import GrantRefused, by_age, token_answer
from actors.platforms.values import (
    RENEW_WITHIN,
    Answer,
    Budget,
    Call,
    Client,
    Ended,
    Endpoints,
    Grant,
    Handshake,
    Happening,
    Inbound,
    Limit,
    Pacing,
    Page,
    Parcel,
    PublicKey,
    Reading,
    Reads,
    Receives,
    Refused,
    Resident,
    SoFar,
    Taken,
    Verified,
    Whose,
    asked,
)
from storage.records import Account, Delivery, Hook, Item, Secret, Token

# A platform file finds everything here, whichever of the two files it stands in.
__all__ = [
    "RENEW_WITHIN",
    "Answer",
    "Budget",
    "Call",
    "Client",
    "Ended",
    "Endpoints",
    "Grant",
    "Handshake",
    "Happening",
    "Inbound",
    "Limit",
    "NewSecret",
    "Pacing",
    "Page",
    "Parcel",
    "Platform",
    "PublicKey",
    "Reading",
    "Reads",
    "Receives",
    "Refused",
    "Resident",
    "SoFar",
    "Taken",
    "Verified",
    "Whose",
    "asked",
]


class NewSecret(Protocol):
    """A hook's secret that is stored before the platform hears of it: it may send at once, signed with that.

    `address`: where what it sends comes to a shared door, by what that names the hook; those who ask there find it
    before the hook itself is recorded. `secret`: this one instead of a random one.
    """

    def __call__(self, address: str | None = None, secret: Secret | None = None) -> Secret: ...


class Platform(ABC):
    slug: ClassVar[str]
    title: ClassVar[str]
    endpoints: ClassVar[Endpoints]
    poll_every: ClassVar[str]
    """Cron line or duration, when nothing pushes."""
    scopes: ClassVar[Sequence[str]] = ()
    """What is asked of the user."""
    pkce: ClassVar[bool] = True
    """Whether a proof key helps here; where it does harm, it isn't sent."""
    pushes: ClassVar[bool] = False
    hook_per_account: ClassVar[bool] = False
    """One hook there serves all connections to an account, so that it stays while any of them does."""
    shared_door: ClassVar[bool] = False
    """Its webhooks for all users come to one address, `/api/webhooks/{slug}`, and say whom they concern."""
    push_suffices: ClassVar[bool] = True
    """A healthy webhook stands in for the poll; where it tells of a part only, the poll keeps its pace."""
    hooks_daily: ClassVar[bool] = False
    """Hooks are looked at each day also while they ring: the platform wants them renewed so often, or nothing else
    tells of what needs one."""
    hooks_follow: ClassVar[frozenset[str]] = frozenset()
    """Data types of which each new item wants a hook of its own: once such came, hooks are looked at."""
    sends_again_for: ClassVar[float] = 0.0
    """Seconds for which it tries again by itself to deliver a webhook: an absence of the service that was no longer
    lost none."""
    sparing: ClassVar[frozenset[str]] = frozenset()
    """Cursors by which a poll spares itself calls; one that somebody asks for goes without them."""
    rounds: ClassVar[frozenset[str]] = frozenset()
    """Cursors of a round under way; the first poll after an absence goes without them, and so begins anew."""
    limit_scope: ClassVar[Literal["user", "app"]] = "user"
    """Whose limit a 429 speaks of."""
    refused_budget: ClassVar[Budget | None] = None
    """How many refusals the platform takes from us before it takes nothing any more."""
    refresh_rotates: ClassVar[bool] = False
    """A refresh kills the old refresh token, so that an answer lost in a crash loses the grant."""
    client_auth: ClassVar[Literal["form", "basic"]] = "form"
    """How the app shows the token endpoint who it is."""
    grant_lifetime: ClassVar[float | None] = None
    """Seconds from consent to the end of the grant, where the platform fixes it and doesn't say so in its answers."""
    grant_family: ClassVar[str | None] = None
    """Platforms of one family share an account's grant: `revoke` ends all of it, so it is only called when no other
    connection of the family has the same account."""
    pace: ClassVar[Pacing] = Pacing()

    def __init__(self, client: Client, endpoints: Endpoints | None = None) -> None:
        self.client = client
        self.urls = endpoints or self.endpoints

    # -- consent --------------------------------------------------------------------------------
    def authorize_params(self) -> Mapping[str, str]:
        """What this platform wants besides the parameters that all of them take."""
        return {"scope": " ".join(self.scopes)}

    def authorize_url(self, state: str, redirect_uri: str, challenge: str | None = None) -> str:
        """Where the user is sent to say yes."""
        params: dict[str, str] = {"response_type": "code", "client_id": self.client.id}
        params |= {"redirect_uri": redirect_uri, "state": state}
        if challenge is not None and self.pkce:
            params |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        params |= self.authorize_params()
        return f"{self.urls.authorize_url}?{urlencode(params, quote_via=quote)}"

    def missing(self, scope: str) -> Sequence[str]:
        """What the user did not grant of that without which nothing works. `scope` is as the platform gave it."""
        return ()

    # -- tokens: as RFC 6749 has them, which is how most platforms do -----------------------------
    def exchange(
        self, code: Secret, redirect_uri: str, verifier: Secret | None = None
    ) -> Generator[Call, Answer, Grant]:
        """A code for a grant. Raises `GrantRefused`, `AppMisconfigured` or what else `token_answer` does."""
        form: dict[str, str | Secret] = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if verifier is not None:
            form["code_verifier"] = verifier
        answer = yield self._ask_for_token(form)
        return Grant.from_answer(token_answer(answer, exchanging=True))

    def refresh(self, token: Token) -> Generator[Call, Answer, Grant]:
        """A new grant. Raises `GrantRefused` when the platform says that the old one is gone."""
        if token.refresh is None:
            raise ValueError("a token without a refresh token is never refreshed")
        answer = yield self._ask_for_token({"grant_type": "refresh_token", "refresh_token": token.refresh})
        return Grant.from_answer(token_answer(answer))

    def explain(
        self, refused: GrantRefused, now: float, reauth_due_at: float | None, granted_at: float | None = None
    ) -> GrantRefused:
        """The same refusal, told for what it is by the age of the grant. `granted_at`: when the user said yes."""
        return by_age(refused, now, reauth_due_at)

    def _ask_for_token(self, form: dict[str, str | Secret]) -> Call:
        headers = {"Accept": "application/json"}
        if self.client_auth == "basic":
            return Call("POST", self.urls.token_url, headers=headers, form=form, auth="basic")
        form |= {"client_id": self.client.id, "client_secret": self.client.secret}
        return Call("POST", self.urls.token_url, headers=headers, form=form, auth="none")

    @abstractmethod
    def identify(self) -> Generator[Call, Answer, Account]: ...

    def revoke(self, token: Token) -> Generator[Call, Answer, None]:
        """End the grant there. Where a platform has no way to, nothing is called."""
        yield from ()

    def rejects_token(self, answer: Answer) -> bool:
        """The API says that it doesn't take the access token, which a refresh may cure."""
        return answer.status == 401

    def refused_after(self, rejection: Answer, refused: GrantRefused) -> GrantRefused:
        """The same refusal of a refresh, told for what it is by the API's rejection that led to it."""
        return refused

    # -- reading --------------------------------------------------------------------------------
    @abstractmethod
    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        """Everything new since `cursors`."""

    def found(self, data_type: str, count: int) -> str:
        """A line for people about what a poll found."""
        return f"{count} new in {self.title}: {data_type.replace('_', ' ')}"

    def found_first(self, data_type: str, count: int) -> str:
        """The same of the first read, which finds what has long been there; to be said where that sounds like news."""
        return self.found(data_type, count)

    def line(self, item: Item) -> Mapping[str, str | None]:
        """Fields of the line for people about the one thing that was new in a poll, as of a webhook's: who, what,
        where, url, message. Empty where `found` says all there is to say."""
        return {}

    def line_for(self, item: Item, account: Account, cursors: Mapping[str, str]) -> Mapping[str, str | None]:
        """As `line`, with what is known of the account, where names that an item lacks can be had from that."""
        return self.line(item)

    # -- pushes; only where `pushes` ------------------------------------------------------------
    def receive(self, request: Inbound) -> Receives:
        """A request at the shared door, or with `request.user` at one user's of a platform that has both."""
        yield from ()
        raise LookupError(f"{self.slug} has no shared door")

    def verify(self, request: Inbound, secrets: Sequence[Secret]) -> Verified | Refused:
        raise LookupError(f"{self.slug} has no webhooks")

    def parse(self, delivery: Delivery) -> Happening:
        raise LookupError(f"{self.slug} has no webhooks")

    def parse_for(self, delivery: Delivery, account: Account, cursors: Mapping[str, str]) -> Happening:
        """As `parse`, with what is known of the account, where names that a payload lacks can be had from that."""
        return self.parse(delivery)

    def register(
        self, account: Account, url: str, known: Sequence[Hook], new_secret: NewSecret, now: float
    ) -> Generator[Call, Answer, Sequence[Hook]]:
        """See to it that hooks exist; the ones to be recorded, `SoFar` where it has to be gone on with soon. Raises
        `HookRefused`.

        It is called each day, every third while hooks ring, and when one of `known` has used up four fifths of its
        time: what ends within `RENEW_WITHIN` is renewed.
        """
        yield from ()
        raise LookupError(f"{self.slug} has no webhooks")

    def take_back(self, left: Sequence[Hook], made: Sequence[Hook]) -> Generator[Call, Answer, None]:
        """End hooks that may stand there although no answer of theirs was heard: `left` have nothing but the address
        that they were announced with, `made` are those of now. Where a registration finds or replaces earlier ones
        by itself, there is nothing to do."""
        yield from ()

    def ask_again(self, hook: Hook, since: float) -> Generator[Call, Answer, int]:
        """Have it send again what it could not deliver since then; how many. Most send again by themselves, or tell
        the next poll."""
        yield from ()
        return 0

    def unregister(self, hook: Hook, url: str) -> Generator[Call, Answer, None]:
        """End it there; `url` is what it was registered with. Its user counts as gone by then."""
        yield from ()
        raise LookupError(f"{self.slug} has no webhooks")
