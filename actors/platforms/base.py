"""What a platform is.

A platform file makes no calls and keeps no state: it says what to call and what the answer means.
Its conversations are generators that yield a `Call`, are sent the `Answer`, and return what they
learned, so that a test needs neither network nor thread, and the actor that drives them can hear
other messages while a call is under way.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol
from urllib.parse import quote, urlencode

import msgspec

from actors.platforms.failures import BadAnswer, GrantRefused, by_age, token_answer
from actors.platforms.fields import decode
from storage.records import Account, Delivery, Hook, Item, Secret, Token


class Limit(msgspec.Struct, frozen=True):
    """A limit of the platform's own below its pace: one call in `every` seconds among all that bear this name."""

    name: str
    """With whatever it is counted by, such as the method and the workspace."""
    every: float


class Call(msgspec.Struct, frozen=True):
    """One HTTP request to a platform. Whoever sends it adds the credentials that `auth` names."""

    method: str
    url: str
    params: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    form: Mapping[str, str | Secret] | None = None
    json: Any = None
    """May hold a `Secret` where a string belongs, as `form` may: whoever sends it reveals them."""
    content: bytes | None = None
    """A body as it is, in place of `form` and `json`; what it is stands in `headers`."""
    auth: Literal["bearer", "basic", "none"] = "bearer"
    """`bearer`: the connection's access token; `basic`: the app's client id and secret."""
    limit: Limit | None = None
    after: float = 0
    """Seconds to wait before it is made."""
    cost: float = 1
    """What it takes of the platform's allowance, in the units of its `Pacing`; 0 for what isn't counted there."""


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        """The decoded body; raises `BadAnswer` when it is not JSON."""
        try:
            return decode(self.body)
        except ValueError:
            raise BadAnswer(f"{self.status}: the answer is not JSON") from None


class Grant(msgspec.Struct, frozen=True):
    """What the token endpoint gave. The keeper works out times and keeps an old refresh token when none came."""

    access: Secret
    refresh: Secret | None = None
    expires_in: float | None = None
    refresh_expires_in: float | None = None
    scope: str | None = None

    @classmethod
    def from_answer(cls, said: Mapping[str, Any]) -> "Grant":
        """From the token endpoint's object. Numbers may come as text, where the answer was a form."""
        access = said.get("access_token")
        if not isinstance(access, str) or not access.isascii() or not access.isprintable() or not access.strip():
            raise BadAnswer("the token endpoint answered without an access token")
        refresh, scope = said.get("refresh_token"), said.get("scope")
        return cls(
            access=Secret(access),
            refresh=Secret(refresh) if isinstance(refresh, str) and refresh else None,
            expires_in=_seconds(said.get("expires_in")),
            refresh_expires_in=_seconds(said.get("refresh_token_expires_in")),
            scope=scope if isinstance(scope, str) else None,
        )


def _seconds(value: Any) -> float | None:
    """None for what is no usable life: rather use a token without knowing its end than lose it."""
    try:
        seconds = float(value) if not isinstance(value, bool) else 0.0
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, LONGEST_LIFE) if seconds > 0 else None


LONGEST_LIFE = 10 * 365 * 86_400.0


RENEW_WITHIN = 36 * 3600.0
"""Seconds before its end at which a hook is renewed: a look that falls out still leaves another."""


class Page(msgspec.Struct, frozen=True):
    """Something to store now: items, and the cursors that are true once these are stored."""

    items: Sequence[Item]
    cursors: Mapping[str, str] = {}
    done: int = 0
    total: int | None = None
    """With `done`, how far a long first read has come; None when nobody knows."""


class Reading(msgspec.Struct, frozen=True):
    """How a poll ended."""

    cursors: Mapping[str, str] = {}
    not_before: float = 0
    """Seconds that the platform asks us to wait at least before the next poll."""
    rest_in: float | None = None
    """Not everything was looked at: seconds after which the rest may be. Under a healthy webhook it waits for the
    next poll, which is a safety net, unless `unread`."""
    unread: bool = False
    """Of the rest nothing was ever read."""


Reads = Generator[Call | Page, Answer | None, Reading]
"""A poll: a `Call` is sent its `Answer`, a `Page` is sent None once it is stored."""


def asked(call: Call) -> Generator[Call | Page, Answer | None, Answer]:
    """One call in the midst of a poll: `answer = yield from asked(Call(…))`."""
    answer = yield call
    if answer is None:
        raise TypeError("a call is sent its answer")
    return answer


class Inbound(msgspec.Struct, frozen=True):
    """A webhook request as it came in. Header names in lower case."""

    headers: Mapping[str, str]
    body: bytes
    at: float
    method: str = "POST"
    params: Mapping[str, str] = {}
    """Of the query."""
    user: str | None = None
    """Whom the path names, where it names anybody."""


class Verified(msgspec.Struct, frozen=True):
    delivery_id: str
    kind: str


class Refused(msgspec.Struct, frozen=True):
    """Why a webhook isn't taken; `status` is what the sender is answered."""

    status: int
    code: str
    message: str


class Whose(msgspec.Struct, frozen=True):
    """Asked of the service: who stands behind these addresses? It is sent a list of `Resident`s for each."""

    addresses: Sequence[str]


class Resident(msgspec.Struct, frozen=True):
    user: str
    secret: Secret | None = None
    """The hook's, where the address is one of a hook."""
    where: str = ""
    """What that hook watches."""


class PublicKey(msgspec.Struct, frozen=True):
    """Asked of the service: the key of this id, published as a JWKS at this address. It is sent the key, or None."""

    url: str
    kid: str


class Parcel(msgspec.Struct, frozen=True):
    """A delivery for one user, out of a request that may concern several."""

    user: str
    delivery_id: str
    kind: str
    body: bytes | None = None
    """Stored in place of the request's body, where what there is to say stands in the headers."""


class Taken(msgspec.Struct, frozen=True):
    """A request that is in order: answered with `status` once its parcels are stored, of which there may be none."""

    status: int
    parcels: Sequence[Parcel] = ()
    dropped: str | None = None
    """Why there are none, as a code to be counted."""


class Handshake(msgspec.Struct, frozen=True):
    """The platform only wants to see that we are here."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"


Receives = Generator[Whose | PublicKey, Any, Taken | Handshake | Refused]
"""A request at a platform's shared door, from its bytes to what is to be stored and answered."""


class Ended(msgspec.Struct, frozen=True):
    """A webhook says that the grant is gone."""

    reason: str
    hint: str


class Happening(msgspec.Struct, frozen=True):
    """A webhook made readable, and the items it carried."""

    fields: Mapping[str, str | None]
    """who, what, where, url, message"""
    items: Sequence[Item] = ()
    fetch: bool = False
    """It only says that there is something new: the poll knows what."""
    ended: Ended | None = None


class Budget(msgspec.Struct, frozen=True):
    """So many answers of these statuses within so many seconds, and the platform shuts out everybody here."""

    statuses: frozenset[int]
    answers: int
    seconds: float


class Endpoints(msgspec.Struct, frozen=True):
    authorize_url: str
    token_url: str
    api_url: str


class Client(msgspec.Struct, frozen=True):
    """The app as the platform knows it."""

    id: str
    secret: Secret


class Pacing(msgspec.Struct, frozen=True):
    """What a platform allows all users of the app together, where it is known."""

    rate: float = 20.0
    """Units in a second; a call takes as many as its `cost`."""
    burst: float = 20.0
    concurrency: int = 6
    daily: int | None = None
    """Units in a day, where these are counted."""
    zone: str = "UTC"
    """Whose midnight begins that day."""


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

    # -- reading --------------------------------------------------------------------------------
    @abstractmethod
    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        """Everything new since `cursors`."""

    def found(self, data_type: str, count: int) -> str:
        """A line for people about what a poll found."""
        return f"{count} new in {self.title}: {data_type.replace('_', ' ')}"

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
        """See to it that hooks exist; the ones to be recorded. Raises `HookRefused`.

        It is called each day, and when one of `known` has used up four fifths of its time: what ends within
        `RENEW_WITHIN` is renewed.
        """
        yield from ()
        raise LookupError(f"{self.slug} has no webhooks")

    def unregister(self, hook: Hook) -> Generator[Call, Answer, None]:
        yield from ()
        raise LookupError(f"{self.slug} has no webhooks")
