"""The values that go into a platform and come out of it. Frozen structs, no decisions."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from actors.platforms.failures import BadAnswer
from actors.platforms.fields import decode
from storage.records import Hook, Item, Secret


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
    redirects: bool = True
    """Whether one to the same host is followed."""


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


class SoFar(tuple[Hook, ...]):
    """Hooks that stand where trouble kept others from being made: the rest isn't left until the next day's look."""

    __slots__ = ()


class Page(msgspec.Struct, frozen=True):
    """Something to store now: items, and the cursors that are true once these are stored."""

    items: Sequence[Item]
    cursors: Mapping[str, str] = {}
    done: int = 0
    total: int | None = None
    """With `done`, how far a long first read has come; None when nobody knows, or when it is none."""
    counted: str = ""
    """What these two count, in words, where it isn't the items."""


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
    aside: bool = False
    """Nothing new was looked for: it is no sync, and not told as one."""


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
    heard_at: float | None = None
    """When a webhook or a handshake last reached their connection."""


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
    reaches: Sequence[Resident] = ()
    """Whose hooks have shown by it that they reach us."""
    reaches_all: bool = False
    """It shows so for everybody at this platform: one subscription of the app's own serves them all."""


Receives = Generator[Whose | PublicKey, Any, Taken | Handshake | Refused]
"""A request at a platform's shared door, from its bytes to what is to be stored and answered."""


class Ended(msgspec.Struct, frozen=True):
    """A webhook says that the grant is gone."""

    reason: str
    hint: str
    at: float | None = None
    """When it ended, as the platform says: what is told late doesn't end the grant that came after."""


class Happening(msgspec.Struct, frozen=True):
    """A webhook made readable, and the items it carried."""

    fields: Mapping[str, str | None]
    """who, what, where, url, message"""
    items: Sequence[Item] = ()
    fetch: bool = False
    """It only says that there is something new: the poll knows what."""
    ended: Ended | None = None
    cursors: Mapping[str, str] = {}
    """Kept with it: where the poll that it sets off should look."""
    about: str | None = None
    """How the ids of all deliveries begin, up to a colon, that tell of the same thing."""
    again: Mapping[str, str | None] = {}
    """Fields that are others where such a one came before: it tells of a change then, not of news. That a poll has
    stored the thing meanwhile makes no change of it."""


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
