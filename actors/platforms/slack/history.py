"""Polling Slack: one conversation at each poll, in turn.

Slack lets an app that is sold outside its Marketplace read one page of fifteen messages a minute in each
workspace, whoever it is for. So a poll makes one such call and remembers where it was: a *round* begins with
the list of conversations and goes through all of them, and `Reading.rest_in` says when the next may be asked
for. Without events a round runs off minute by minute, and a new one begins with the next poll due. Under healthy
events a poll is the safety net: it looks into one conversation each time, so that a day costs a user as many calls
as it has polls, however many conversations they have. What happens in threads comes by events alone; a poll sees
what began them. Whoever is new in a page is looked up by name; when an event has left word of somebody unknown, the
poll that it sets off asks for their name alone, and leaves the messages' budget as it is.
"""

import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import msgspec

from actors.platforms.base import Answer, Call, Limit, Page, Reading, Reads, asked
from actors.platforms.failures import BadAnswer, NotFound, PlatformError
from actors.platforms.fields import dig, number, text
from actors.platforms.slack import messages, people
from actors.platforms.slack.api import error_of, get, said
from storage.records import Account, Item

PER_PAGE = 15
"""The most that the strictest of Slack's limits gives."""
EVERY = 60.0
"""Seconds between two calls for messages in one workspace."""
SOON = 1.0
SAFE = 6 * 3600.0
"""Seconds for which polls for names alone may follow each other: each puts off the next one for messages."""
LIST_PAGES = 5
LIST_PER_PAGE = 200
CURSOR = re.compile(r"[\x21-\x7e]{1,500}")
TYPES = "public_channel,private_channel,mpim,im"

ROUND, NAMES, READ_AT = "round", "conversations:names", "history:at"
"""The cursors: what is left of the round, what the conversations are called, when we last looked. Beside them
`read:{id}`: the newest message known."""
BACK = "page:"
"""`page:{id}`: how far back a conversation with more than a page of news was read, and its newest."""


class Round(msgspec.Struct, frozen=True):
    """What is left of the conversations to look into, and how many there were."""

    left: tuple[str, ...]
    of: int


def read(api: str, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
    round_ = _stored(cursors.get(ROUND, ""))
    last = cursors.get(READ_AT, "")
    if people.wanted(cursors) and last.isdecimal() and 0 <= now - int(last[:12]) < SAFE:
        return (yield from _named(api, account, round_, cursors, now))
    return (yield from (_one(api, account, round_, cursors, now) if round_.left else _begun(api, cursors, now)))


def _named(api: str, account: Account, round_: Round, cursors: Mapping[str, str], now: float) -> Reads:
    """Only the names that an event left word of; those that can't be had now are asked for soon."""
    names, wanted = people.known(cursors), people.wanted(cursors)
    before = len(names)
    try:
        yield from people.look_up(api, _team(account), wanted, names, now)
    except PlatformError as trouble:
        if len(names) == before or not people.is_for_later(trouble):
            raise
    left = [id_ for id_ in wanted if id_ not in names]
    rest_in = SOON if left else EVERY if round_.left else None
    after = people.written(names) | {people.WANTED: ",".join(left)}
    return Reading(after, rest_in=rest_in, unread=bool(left) or _unread(round_.left, cursors), aside=True)


def _team(account: Account) -> str:
    return account.details.get("team") or account.id


def _names_of(
    api: str, account: Account, items: Sequence[Item], cursors: Mapping[str, str], now: float
) -> Generator[Call | Page, Answer | None, dict[str, str]]:
    """Of those who wrote these. The page is not to be read once more for want of a name."""
    names, wanted = people.known(cursors), people.wanted(cursors)
    before = len(names)
    authors = [id_ for item in items if people.is_person(id_ := dig(item.raw, "user"))]
    others = [id_ for id_ in (*wanted, *authors) if id_ != account.details.get("user")]
    try:
        yield from people.look_up(api, _team(account), others, names, now)
    except PlatformError as trouble:
        if not people.is_for_later(trouble):
            raise
    after = people.written(names) if len(names) > before else {}
    return after | ({people.WANTED: ",".join(one for one in wanted if one not in names)} if wanted else {})


def _begun(api: str, cursors: Mapping[str, str], now: float) -> Reads:
    """A new round. The first message is for the next poll: where its call has to wait, this isn't made again."""
    listed = yield from _listed(api, now)
    conversations = {id_: one for one in listed if (id_ := _id(one))}
    # Those never read come first: the safety net doesn't hurry for the others.
    turns = sorted(conversations, key=lambda id_: f"read:{id_}" in cursors)
    round_ = Round(tuple(turns), len(turns))
    items = [Item("conversations", id_, one, _created(one)) for id_, one in conversations.items()]
    after = {NAMES: _names(conversations), ROUND: _written(round_), READ_AT: str(int(now))}
    # A round that was broken off was in the midst of a conversation: its newest message is another by now.
    after |= {name: "" for name, value in cursors.items() if name.startswith(BACK) and value}
    yield Page(items, after)
    return Reading(rest_in=SOON if turns else None, unread=_unread(turns, cursors))


def _one(api: str, account: Account, round_: Round, cursors: Mapping[str, str], now: float) -> Reads:
    """One page of the conversation whose turn it is."""
    id_ = round_.left[0]
    known = messages.timestamp(cursors.get(f"read:{id_}"))
    back, _, newest = cursors.get(f"{BACK}{id_}", "").rpartition(" ")
    params: dict[str, Any] = {"channel": id_, "limit": PER_PAGE}
    params |= {"oldest": known, "inclusive": "false"} if known else {}
    params |= {"cursor": back} if back else {}
    limit = Limit(f"conversations.history:{_team(account)}", EVERY)
    answer = yield from asked(get(api, "conversations.history", params, limit))
    if back and error_of(answer) == "invalid_cursor":
        # How far we were is no longer known there: this conversation once more from its newest message on.
        return Reading({f"{BACK}{id_}": ""}, rest_in=EVERY)
    try:
        found = said(answer, now)
    except NotFound:
        found = {"messages": []}  # gone, or left: the others wait
    listed = dig(found, "messages")
    if not isinstance(listed, list):
        raise BadAnswer("Slack's messages are not a list")
    newest = newest or _newest(listed) or known or _since(now)
    following = _next(found) if known else ""
    rest = round_ if following else Round(round_.left[1:], round_.of)
    after = {ROUND: _written(rest), READ_AT: str(int(now))} | ({f"read:{id_}": newest} if not following else {})
    if following or back:
        after[f"{BACK}{id_}"] = f"{following} {newest}" if following else ""
    items = [item for one in listed if (item := messages.item_of(one, id_))]
    # The first time each conversation's last page is where we begin; people see how far that has come.
    total = None if known else round_.of
    yield Page(items, after, round_.of - len(rest.left), total, "conversations")
    names = yield from _names_of(api, account, items, cursors, now)
    return Reading(names, rest_in=EVERY if rest.left else None, unread=_unread(rest.left, cursors))


def _unread(ids: Sequence[str], cursors: Mapping[str, str]) -> bool:
    return any(f"read:{id_}" not in cursors for id_ in ids)


def _listed(api: str, now: float) -> Generator[Call | Page, Answer | None, list[Any]]:
    found: list[Any] = []
    cursor = ""
    for _ in range(LIST_PAGES):
        params = {"types": TYPES, "exclude_archived": "true", "limit": LIST_PER_PAGE}
        params |= {"cursor": cursor} if cursor else {}
        answer = said((yield from asked(get(api, "users.conversations", params))), now)
        channels = dig(answer, "channels")
        if not isinstance(channels, list):
            raise BadAnswer("Slack's conversations are not a list")
        found += channels
        cursor = _next(answer)
        if not cursor:
            break
    return found


def _next(answer: Any) -> str:
    """Where the next page begins; empty where there is none."""
    cursor = dig(answer, "response_metadata", "next_cursor")
    return cursor if isinstance(cursor, str) and CURSOR.fullmatch(cursor) else ""


def _newest(listed: list[Any]) -> str | None:
    """The timestamps have six digits after the point each, so that the longer, then the higher text is the later."""
    found = [ts for one in listed if (ts := messages.timestamp(dig(one, "ts")))]
    return max(found, key=lambda ts: (len(ts), ts), default=None)


def _since(now: float) -> str:
    """An empty conversation is read from now on."""
    return f"{int(now)}.000000"


def _id(conversation: Any) -> str | None:
    id_ = dig(conversation, "id")
    return id_ if messages.is_id(id_) and dig(conversation, "is_member") is not False else None


def _created(conversation: Any) -> float | None:
    at = number(conversation, "created")
    return float(at) if at and at < 10**11 else None


def _names(conversations: Mapping[str, Any]) -> str:
    named = {id_: name for id_, one in conversations.items() if (name := text(one, "name"))}
    return msgspec.json.encode(named).decode()


def _stored(cursor: str) -> Round:
    of, _, left = cursor.partition(" ")
    ids = tuple(filter(messages.is_id, left.split(",")))
    return Round(ids, max(int(of), len(ids))) if of.isdecimal() and len(of) < 7 else Round((), 0)


def _written(round_: Round) -> str:
    return f"{round_.of} {','.join(round_.left)}" if round_.left else ""
