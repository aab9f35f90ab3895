"""A platform that is described in words alone: plain OAuth, and lists of things to be read over REST.

`described` makes a `Platform` of a `Description`; nothing else in the service knows one from one that has a file.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from actors.platforms.base import Answer, Call, Endpoints, Page, Platform, Reading, Reads, asked
from actors.platforms.failures import BadAnswer, NotFound, data_answer
from actors.platforms.fields import dig, moment, number, text
from storage.records import Account, Item, Token

PAGES = 100
"""Pages of one list in one poll: a cursor that never ends doesn't keep a lane for ever."""


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the platform says whose account it is. Fields inside others are written `user.id`."""

    path: str
    id: str = "id"
    name: str | None = None


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One list to be read at each poll."""

    path: str
    data_type: str
    items: str = ""
    """Where in the answer the list is; empty when the answer is the list."""
    id: str = "id"
    time: str | None = None
    params: dict[str, str | int] = {}
    cursor: str | None = None
    """Where in the answer the next cursor is."""
    cursor_param: str | None = None
    """The parameter in which it is sent."""
    etag: bool = False
    sentence: str | None = None
    """For people; `{count}` is how many are new."""


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: str
    authorize_url: str
    token_url: str
    api_url: str
    identity: Identity
    endpoints: list[Listing]
    revoke_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    client_secret_file: str | None = None
    client_auth: Literal["form", "basic"] = "form"
    scopes: list[str] = []
    pkce: bool = True
    refresh_rotates: bool = False
    interval: str = "1h"

    def __repr__(self) -> str:
        return f"Description({self.title!r})"  # a secret may stand in it


class PlainPlatform(Platform):
    """Complete once it has a slug."""

    identity: Identity
    listings: Sequence[Listing]
    revoke_url: str | None

    def identify(self) -> Generator[Call, Answer, Account]:
        answer = yield Call("GET", f"{self.urls.api_url}{self.identity.path}")
        me = data_answer(answer).json()
        id_ = _label(me, self.identity.id)
        if id_ is None:
            raise BadAnswer(f"{self.title} did not say whose account this is")
        name = _label(me, self.identity.name) if self.identity.name else None
        return Account(id=id_, name=name or id_)

    def revoke(self, token: Token) -> Generator[Call, Answer, None]:
        if self.revoke_url is None:
            return
        form = {"token": token.refresh or token.access}
        if self.client_auth == "form":
            form |= {"client_id": self.client.id, "client_secret": self.client.secret}  # type: ignore[dict-item]
        auth: Literal["basic", "none"] = "basic" if self.client_auth == "basic" else "none"
        data_answer((yield Call("POST", self.revoke_url, form=form, auth=auth)))

    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        for listing in self.listings:
            try:
                yield from self._read(listing, cursors, now)
            except NotFound:
                if not _known(listing, cursors):
                    raise
                yield from self._read(listing, {}, now)  # the cursor has become too old
        return Reading()

    def found(self, data_type: str, count: int) -> str:
        sentence = next((one.sentence for one in self.listings if one.data_type == data_type), None)
        return sentence.replace("{count}", str(count)) if sentence else super().found(data_type, count)

    def _read(self, listing: Listing, cursors: Mapping[str, str], now: float) -> Generator[Any, Any, None]:
        kept, tag = _names(listing)
        at = cursors.get(kept)
        headers = {"If-None-Match": cursors[tag]} if listing.etag and tag in cursors else {}
        for _ in range(PAGES):
            params = dict(listing.params) | ({listing.cursor_param: at} if listing.cursor_param and at else {})
            url = f"{self.urls.api_url}{listing.path}"
            answer = data_answer((yield from asked(Call("GET", url, params=params, headers=headers))), now)
            if answer.status == 304:
                return
            said = answer.json()
            items = [item for one in self._list(listing, said) if (item := _item(listing, one))]
            following = _label(said, listing.cursor) if listing.cursor else None
            news = {kept: following} if following else {}
            if listing.etag and (etag := answer.headers.get("etag")):
                news[tag] = etag
            yield Page(items, news)
            if not items or following is None or following == at:
                return
            at, headers = following, {}

    def _list(self, listing: Listing, said: Any) -> list[Any]:
        found = dig(said, *listing.items.split(".")) if listing.items else said
        if not isinstance(found, list):
            raise BadAnswer(f"{self.title}'s {listing.data_type} are not a list")
        return found


def described(slug: str, said: Description) -> type[Platform]:
    return type(
        f"Plain_{slug}",
        (PlainPlatform,),
        {
            "slug": slug,
            "title": said.title,
            "endpoints": Endpoints(said.authorize_url, said.token_url, said.api_url),
            "poll_every": said.interval,
            "scopes": tuple(said.scopes),
            "pkce": said.pkce,
            "client_auth": said.client_auth,
            "refresh_rotates": said.refresh_rotates,
            "identity": said.identity,
            "listings": tuple(said.endpoints),
            "revoke_url": said.revoke_url,
        },
    )


def _names(listing: Listing) -> tuple[str, str]:
    return f"{listing.data_type}:cursor", f"{listing.data_type}:etag"


def _known(listing: Listing, cursors: Mapping[str, str]) -> bool:
    return any(name in cursors for name in _names(listing))


def _item(listing: Listing, one: Any) -> Item | None:
    id_ = _label(one, listing.id)
    at = moment(one, *listing.time.split(".")) if listing.time else None
    return Item(listing.data_type, id_, one, at) if id_ else None


def _label(value: Any, path: str) -> str | None:
    """Text, or a whole number as text: ids and cursors come as either."""
    names = path.split(".")
    whole = number(value, *names)
    return text(value, *names) or (str(whole) if whole is not None else None)
