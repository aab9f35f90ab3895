"""Polling: the newest likes each time; subscriptions and own uploads a few times a day, for each page costs a unit
of ten thousand that all users share."""

from collections.abc import Callable, Generator, Mapping
from typing import Any

from actors.platforms.base import Answer, Call, Page, Reading, Reads, asked
from actors.platforms.failures import BadAnswer
from actors.platforms.fields import moment, number
from actors.platforms.google.answers import listed, opaque, whole
from actors.platforms.youtube import api as youtube
from storage.records import Account, Item

PER_PAGE = 50
PAGES = 5
"""Of a playlist, the newest first; the rest is too old to be news."""
SUBSCRIPTION_PAGES = 20
REMEMBERED = 10
SELDOM = 6 * 3600.0 - 900.0
"""Every third poll of two hours each, and not every fourth because of a little jitter."""
DAILY = 86_400.0 - 900.0
"""For the uploads of those who never uploaded anything; the hub tells of the first one, too."""

Reader = Generator[Call | Page, Answer | None, None]
Named = Callable[[Any], str | None]


def read(api: str, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
    likes = account.details.get("likes", "LL")
    yield from _playlist(api, likes, "liked_videos", _liked, cursors, {}, now)
    uploads = account.details.get("uploads")
    if uploads and _is_due("uploads", cursors, now, SELDOM if cursors.get("uploads:seen") else DAILY):
        yield from _playlist(api, uploads, "uploads", _video, cursors, _done("uploads", now), now)
    if _is_due("subscriptions", cursors, now):
        yield from _subscriptions(api, now)
    return Reading()


def _is_due(what: str, cursors: Mapping[str, str], now: float, every: float = SELDOM) -> bool:
    last = whole(dict(cursors), f"{what}:at")
    return last is None or not 0 <= now - last < every


def _done(what: str, now: float) -> dict[str, str]:
    return {f"{what}:at": str(int(now))}


def _playlist(
    api: str, playlist: str, data_type: str, named: Named, cursors: Mapping[str, str], done: dict[str, str], now: float
) -> Reader:
    """Until the page with one that is known. The first few are remembered: one alone may have been taken back."""
    is_first = f"{data_type}:seen" not in cursors
    seen = set(filter(None, cursors.get(f"{data_type}:seen", "").split(",")))
    after = dict(done)
    count, token = 0, None
    for page in range(1, PAGES + 1):
        params = {"part": "snippet,contentDetails", "playlistId": playlist, "maxResults": PER_PAGE}
        answer = yield from asked(youtube.call(api, "playlistItems", params | ({"pageToken": token} if token else {})))
        if answer.status == 404:
            yield Page([], done)  # a list in which there never was anything
            return
        said = _page(youtube.data(answer, now))
        items = [_item(data_type, id_, one) for one in listed(said, "items") if (id_ := named(one))]
        names = [item.external_id for item in items]
        if page == 1 and (names or is_first):
            after[f"{data_type}:seen"] = ",".join(names[:REMEMBERED])
        token = opaque(said, "nextPageToken")
        is_last = token is None or page == PAGES or not seen.isdisjoint(names)
        count += len(items)
        total = max(count, min(number(said, "pageInfo", "totalResults") or 0, PAGES * PER_PAGE))
        yield Page(items, after if is_last else {}, count, (count if is_last else total) if is_first else None)
        if is_last:
            return


def _subscriptions(api: str, now: float) -> Reader:
    """All of them, for they come in no order of time."""
    token = None
    for page in range(1, SUBSCRIPTION_PAGES + 1):
        params = {"part": "snippet,contentDetails", "mine": "true", "order": "alphabetical", "maxResults": PER_PAGE}
        answer = yield from asked(youtube.call(api, "subscriptions", params | ({"pageToken": token} if token else {})))
        said = _page(youtube.data(answer, now))
        items = [_item("subscriptions", id_, one) for one in listed(said, "items") if (id_ := _id(one))]
        token = opaque(said, "nextPageToken")
        is_last = token is None or page == SUBSCRIPTION_PAGES
        yield Page(items, _done("subscriptions", now) if is_last else {})
        if is_last:
            return


def followed(api: str, now: float) -> Generator[Call, Answer, list[str]]:
    """The channels that the user follows, those that concern them most first."""
    params = {"part": "snippet", "mine": "true", "order": "relevance", "maxResults": PER_PAGE}
    answer = yield youtube.call(api, "subscriptions", params)
    said = _page(youtube.data(answer, now))
    names = [opaque(one, "snippet", "resourceId", "channelId", longest=100) for one in listed(said, "items")]
    return list(dict.fromkeys(name for name in names if name))


def _page(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise BadAnswer("YouTube's list is not an object")
    return said


def _item(data_type: str, id_: str, one: Any) -> Item:
    return Item(data_type, id_, one, moment(one, "snippet", "publishedAt"))


def _id(one: Any) -> str | None:
    id_ = opaque(one, "id", longest=250)
    return id_ if id_ and "," not in id_ else None


def _video(one: Any) -> str | None:
    """By which a push names it, too."""
    id_ = opaque(one, "contentDetails", "videoId", longest=250) or opaque(
        one, "snippet", "resourceId", "videoId", longest=250
    )
    return id_ if id_ and "," not in id_ else None


def _liked(one: Any) -> str | None:
    return _id(one) or _video(one)
