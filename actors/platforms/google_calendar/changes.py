"""Polling: what has changed in each calendar since its sync token.

Each version of an event is an item of its own, for an event's change is what there is to tell. Recurring
events are read as such and not one by one: to move a series is one change.
"""

import hashlib
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from actors.platforms.base import Answer, Call, Page, Reading, Reads, asked
from actors.platforms.failures import BadAnswer, Forbidden, NotFound, PlatformError
from actors.platforms.fields import moment
from actors.platforms.google.answers import checked, listed, opaque, whole
from actors.platforms.google_calendar.calendars import address, chosen
from storage.records import Item

BACK = 30 * 86_400.0
"""A first read begins with what was on so many seconds ago."""
PAGES = 400
"""Of 250 events each. One that has more is no calendar of a person's, and its end, where the sync token stands, is
not to be waited for."""
LIST_AGE = 6 * 3600.0
"""Seconds after which it is looked whether there are other calendars, and into all of them, whichever rang."""

CALENDARS, NAMES, LOOKED_AT = "calendars", "calendars:names", "calendars:at"
"""The cursors, beside one `events:{calendar}` each and one `rang:{calendar}` where a push named that: which calendars,
what they are called, and when that was looked up."""


class TokenGone(Exception):
    """The sync token is too old, or the calendar's readers have changed."""


class TooLarge(BadAnswer):
    """Its last page, and with it a sync token, was not reached."""


def read(api: str, limit: int, cursors: Mapping[str, str], now: float) -> Reads:
    ids = _ids(cursors)[:limit]
    after: dict[str, str] = {}
    if not ids or _is_old(whole(dict(cursors), LOOKED_AT), now):
        names = yield from _listed(api, limit, now)
        ids = list(names)
        after = {CALENDARS: _json(ids), NAMES: _json(names), LOOKED_AT: str(int(now))}
    is_first = not any(_cursor(id_) in cursors for id_ in ids)
    named = [id_ for id_ in ids if cursors.get(rang(id_))]
    if named and not after:
        ids = named  # only these have changed, or the others' pushes are still to come
    lost: list[PlatformError] = []
    for place, id_ in enumerate(ids, 1):
        bar = (place, len(ids)) if is_first else (0, None)
        try:
            yield from _synced(api, id_, cursors.get(_cursor(id_)), bar, now)
        except (NotFound, Forbidden, TooLarge) as trouble:  # one that was taken back, as a rule; the others go on
            lost.append(trouble)
    if lost and len(lost) == len(ids) and ids != named:
        raise lost[0]
    after |= {rang(id_): "" for id_ in named} | ({LOOKED_AT: "0"} if lost else {})
    return Reading(after)


def _is_old(looked_at: int | None, now: float) -> bool:
    return looked_at is None or not 0 <= now - looked_at < LIST_AGE


def _listed(api: str, limit: int, now: float) -> Generator[Call | Page, Answer | None, dict[str, str]]:
    conversation = chosen(api, limit, now)
    call = next(conversation)
    while True:
        answer = yield from asked(call)
        try:
            call = conversation.send(answer)
        except StopIteration as end:
            return dict(end.value)


def _ids(cursors: Mapping[str, str]) -> list[str]:
    try:
        return msgspec.json.decode(cursors.get(CALENDARS, "[]"), type=list[str])
    except msgspec.DecodeError:
        return []


def name_of(calendar: str, cursors: Mapping[str, str]) -> str | None:
    """Empty for the user's own; None while nobody has looked."""
    try:
        return msgspec.json.decode(cursors.get(NAMES, "{}"), type=dict[str, str]).get(calendar)
    except msgspec.DecodeError:
        return None


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def rang(calendar: str) -> str:
    return f"rang:{calendar}"


def _cursor(calendar: str) -> str:
    return f"events:{calendar}"


def _synced(
    api: str, calendar: str, sync_token: str | None, bar: tuple[int, int | None], now: float
) -> Generator[Call | Page, Answer | None, None]:
    try:
        yield from _events(api, calendar, sync_token, bar, now)
    except TokenGone:
        yield from _events(api, calendar, None, bar, now)


def _events(
    api: str, calendar: str, sync_token: str | None, bar: tuple[int, int | None], now: float
) -> Generator[Call | Page, Answer | None, None]:
    """With a sync token nothing may be asked for but what was asked for the first time, and no time at all."""
    since = {"syncToken": sync_token} if sync_token else {"timeMin": _iso(now - BACK)}
    page_token = None
    for _ in range(PAGES):
        params = {"maxResults": 250} | since | ({"pageToken": page_token} if page_token else {})
        answer = yield from asked(Call("GET", f"{address(api, calendar)}/events", params=params))
        if sync_token and answer.status in (400, 410):
            raise TokenGone
        said = checked(answer, now).json()
        if not isinstance(said, dict):
            raise BadAnswer("the calendar's events are not an object")
        items = [item for one in listed(said, "items") if (item := _item(calendar, one))]
        page_token, following = opaque(said, "nextPageToken"), opaque(said, "nextSyncToken")
        is_last = page_token is None
        place, total = bar
        done = place if is_last else max(place - 1, 0)
        yield Page(items, {_cursor(calendar): following} if is_last and following else {}, done, total, "calendars")
        if is_last:
            return
    raise TooLarge(f"a calendar of more than {PAGES * 250:,} events")


def _item(calendar: str, event: Any) -> Item | None:
    """A cancelled event may have nothing but its id, its status and its version."""
    id_ = opaque(event, "id", longest=1024)
    version = opaque(event, "etag", longest=255) or opaque(event, "updated", longest=64)
    if id_ is None or version is None:
        return None
    return Item("events", _shortened(f"{calendar}:{id_}:{version}"), event, moment(event, "updated"))


def _shortened(name: str) -> str:
    return name if len(name) <= 250 else hashlib.sha256(name.encode()).hexdigest()


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
