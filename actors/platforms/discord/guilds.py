"""The servers that a user is in. Discord tells neither when somebody joined nor that they left: what happened is the
difference between two looks, and its time that of the second."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from actors.platforms.base import Call, Page, Reading, Reads, asked
from actors.platforms.discord import api
from actors.platforms.failures import BadAnswer
from actors.platforms.fields import decode, dig, text
from storage.records import Item

LIMIT = 200
"""The most that anybody can be in, so that one page is all."""
SNOWFLAKE_DIGITS = 20
SEEN = "guilds"
"""The cursor: the names at the last look, by id."""


def read(root: str, cursors: Mapping[str, str], now: float) -> Reads:
    answer = yield from asked(Call("GET", f"{root}/users/@me/guilds", params={"limit": LIMIT}))
    there = _guilds(api.data(answer, now).json())
    before = _seen(cursors.get(SEEN))
    seen = {id_: _name(guild) for id_, guild in there.items()}
    items = list(_changes(there, before, now) if before is not None else _first(there, now))
    yield Page(items, {SEEN: _written(seen)} if seen != before else {})
    return Reading(not_before=api.rest(answer))


def is_snowflake(value: Any) -> bool:
    """A number too large for JavaScript's, and so a text."""
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= SNOWFLAKE_DIGITS


def _guilds(listed: Any) -> dict[str, dict[str, Any]]:
    """Of a list that can't be read in full nothing is believed: what is missing would be taken for left."""
    if not isinstance(listed, list):
        raise BadAnswer("Discord's servers are not a list")
    if not all(is_snowflake(dig(guild, "id")) for guild in listed):
        raise BadAnswer("Discord listed a server without its id")
    return {guild["id"]: guild for guild in listed}


def _first(there: Mapping[str, dict[str, Any]], now: float) -> Iterator[Item]:
    """The same each time, so that a first look that has to be taken again adds nothing."""
    for id_, guild in there.items():
        yield Item("guilds", f"guild:{id_}", {**guild, "change": "found"}, now)


def _changes(there: Mapping[str, dict[str, Any]], before: Mapping[str, str], now: float) -> Iterator[Item]:
    for id_, guild in there.items():
        if id_ not in before:
            yield _item(id_, "joined", guild, now)
        elif _name(guild) != before[id_]:
            yield _item(id_, "renamed", {**guild, "was": before[id_]}, now)
    for id_, name in before.items():
        if id_ not in there:
            yield _item(id_, "left", {"id": id_, "name": name}, now)


def _item(id_: str, change: str, raw: Mapping[str, Any], now: float) -> Item:
    """Joined again after leaving is another event: the time of the look tells them apart."""
    return Item("guilds", f"guild:{id_}:{change}:{int(now)}", {**raw, "change": change}, now)


def line(guild: Any) -> Mapping[str, str | None]:
    """That somebody left may be their own doing or not: Discord doesn't say."""
    change, name, was = text(guild, "change"), text(guild, "name"), text(guild, "was")
    server = f"the server “{name}”" if name else "a server"
    if change == "renamed":
        what = f"the server “{was}” is now called “{name}”" if was and name else f"{server} has another name"
        return _said(None, what, guild)
    return _said("You", f"joined {server}" if change == "joined" else f"are no longer in {server}", guild)


def _said(who: str | None, what: str, guild: Any) -> Mapping[str, str | None]:
    message = f"{who} {what}" if who else what[:1].upper() + what[1:]
    id_ = dig(guild, "id")
    stays = text(guild, "change") != "left" and is_snowflake(id_)
    url = f"https://discord.com/channels/{id_}" if stays else None
    return {"who": who, "what": what, "where": "Discord", "url": url, "message": message}


def _name(guild: Any) -> str:
    return text(guild, "name") or ""


def _seen(cursor: str | None) -> dict[str, str] | None:
    """None when there was no look yet, or what is left of it makes no sense."""
    try:
        found = decode(cursor.encode("utf-8", "replace")) if cursor else None
    except ValueError:
        return None
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        return None
    return found


def _written(seen: Mapping[str, str]) -> str:
    return json.dumps(seen, ensure_ascii=False, separators=(",", ":"))
