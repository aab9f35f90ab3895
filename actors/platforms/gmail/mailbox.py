"""Polling: what was added to a mailbox since the last history id, or its newest messages where there is none.

The history tells only which messages were added, or taken out of the spam, so each is fetched, without its body. What
was read is kept in small pages, each with the history id that is true once it is stored: a read that is cut off goes
on from there. A mailbox that got very many is read at the pace that Gmail allows each user.
"""

from collections.abc import Generator, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from actors.platforms.base import Answer, Call, Page, Reading, Reads, asked
from actors.platforms.failures import BadAnswer
from actors.platforms.fields import dig
from actors.platforms.google.answers import checked, listed, opaque, whole
from storage.records import Item

FIRST = 100
"""Messages of a first read."""
MOST = 1500
"""Messages of one poll: with its pauses it ends before the token does. After a history id that has grown too old these
are all; else the next poll goes on."""
A_MINUTES, MINUTE = 250, 60.0
"""Messages that may be fetched in a minute: 5,000 of a user's 6,000 units."""
CHUNK = 25
PAGES = 40
"""Pages of history in one poll; what is beyond them waits for the next."""
HEADERS = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To")
PASSED_OVER = frozenset({"DRAFT", "SPAM", "TRASH"})
TYPES = ("messageAdded", "labelRemoved")

HISTORY, LATEST = "messages:history", "messages:latest"
"""The cursors: the history id up to which all is stored, and milliseconds of the newest message known."""

Cursors = dict[str, str]


class Fetches:
    """Of one poll."""

    def __init__(self) -> None:
        self.made = 0

    def wait(self) -> float:
        """Seconds before the next."""
        self.made += 1
        return MINUTE if self.made > 1 and self.made % A_MINUTES == 1 else 0.0


def profile(api: str) -> Call:
    return Call("GET", f"{api}/gmail/v1/users/me/profile")


def reached(cursors: Mapping[str, str]) -> int | None:
    return whole(dict(cursors), HISTORY)


def read(api: str, cursors: Mapping[str, str], now: float) -> Reads:
    start, latest = reached(cursors), whole(dict(cursors), LATEST)
    if start is not None:
        reading = yield from _added(api, start, latest or 0, now)
        if reading is not None:
            return reading
    return (yield from _newest(api, latest, now))


# -- since a history id -----------------------------------------------------------------------------


def _added(api: str, start: int, latest: int, now: float) -> Generator[Call | Page, Answer | None, Reading | None]:
    """None when the history doesn't reach back so far."""
    seen: set[str] = set()
    fetches = Fetches()
    token = None
    stand = start
    for _ in range(PAGES):
        params: dict[str, Any] = {"startHistoryId": str(start), "historyTypes": list(TYPES), "maxResults": 500}
        params |= {"pageToken": token} if token else {}
        answer = yield from asked(Call("GET", f"{api}/gmail/v1/users/me/history", params=params, cost=2))
        if answer.status == 404:
            return None
        said = checked(answer, now).json()
        if not isinstance(said, dict):
            raise BadAnswer("Gmail's history is not an object")
        for upto, ids in _chunks(said, seen):
            items = yield from _fetched(api, ids, fetches, now)
            stand, latest = max(stand, upto), max(latest, _latest(items))
            yield Page(items, _cursors(stand, latest))
            if fetches.made >= MOST:
                return Reading(_cursors(stand, latest), rest_in=MINUTE, unread=True)
        token = opaque(said, "nextPageToken")
        if token is None:
            stand = max(stand, whole(said, "historyId") or 0)
            break
    return Reading(_cursors(stand, latest))


def _chunks(said: Any, seen: set[str]) -> Iterator[tuple[int, list[str]]]:
    """Whole records, so that the last one's id is true for all that came before."""
    ids: list[str] = []
    upto = 0
    for record in listed(said, "history"):
        upto = max(upto, whole(record, "id") or 0)
        saved = [one for one in listed(record, "labelsRemoved") if _is_passed_over(one)]
        for one in (*listed(record, "messagesAdded"), *saved):
            id_ = opaque(one, "message", "id", longest=255)
            if id_ and id_ not in seen and not _is_passed_over(dig(one, "message")):
                seen.add(id_)
                ids.append(id_)
        if len(ids) >= CHUNK:
            yield upto, ids
            ids = []
    if ids:
        yield upto, ids


# -- the newest -------------------------------------------------------------------------------------


def _newest(api: str, latest: int | None, now: float) -> Reads:
    """Where the history begins is asked first: what comes in meanwhile is then read twice rather than never."""
    answer = yield from asked(profile(api))
    history = whole(checked(answer, now).json(), "historyId")
    if history is None:
        raise BadAnswer("Gmail did not say where the mailbox's history stands")
    ids = yield from _listed(api, FIRST if latest is None else MOST, now)
    fetches = Fetches()
    newest = latest or 0
    for begin in range(0, len(ids), CHUNK):
        chunk = ids[begin : begin + CHUNK]
        items = yield from _fetched(api, chunk, fetches, now)
        newest = max(newest, _latest(items))
        yield Page(items, {}, begin + len(chunk), len(ids) if latest is None else None)
        if latest is not None and _latest(items) < latest:
            break  # all older than what was known before
    return Reading(_cursors(history, newest))


def _listed(api: str, limit: int, now: float) -> Generator[Call | Page, Answer | None, list[str]]:
    ids: dict[str, None] = {}
    token = None
    while True:
        params: dict[str, Any] = {"maxResults": min(100, limit - len(ids))} | ({"pageToken": token} if token else {})
        answer = yield from asked(Call("GET", f"{api}/gmail/v1/users/me/messages", params=params, cost=5))
        said = checked(answer, now).json()
        if not isinstance(said, dict):
            raise BadAnswer("Gmail's list of messages is not an object")
        before = len(ids)
        ids |= {id_: None for one in listed(said, "messages") if (id_ := opaque(one, "id", longest=255))}
        token = opaque(said, "nextPageToken")
        if token is None or len(ids) >= limit or len(ids) == before:
            return list(ids)[:limit]


# -- messages ---------------------------------------------------------------------------------------


def _fetched(
    api: str, ids: list[str], fetches: Fetches, now: float
) -> Generator[Call | Page, Answer | None, list[Item]]:
    items = []
    params = {"format": "metadata", "metadataHeaders": list(HEADERS)}
    for id_ in ids:
        url = f"{api}/gmail/v1/users/me/messages/{quote(id_, safe='')}"
        answer = yield from asked(Call("GET", url, params=params, cost=20, after=fetches.wait()))
        if answer.status == 404:
            continue  # deleted in the meantime
        message = checked(answer, now).json()
        if isinstance(message, dict) and not _is_passed_over(message):
            at = whole(message, "internalDate")
            items.append(Item("messages", id_, message, at / 1000 if at is not None else None))
    return items


def _is_passed_over(message: Any) -> bool:
    return not PASSED_OVER.isdisjoint(one for one in listed(message, "labelIds") if isinstance(one, str))


def _latest(items: list[Item]) -> int:
    return max((whole(item.raw, "internalDate") or 0 for item in items), default=0)


def _cursors(history: int, latest: int) -> Cursors:
    return {HISTORY: str(history)} | ({LATEST: str(latest)} if latest else {})
