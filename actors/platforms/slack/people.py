"""What the people of a workspace are called. Events and messages name them by number; names are asked for one by
one, in polls, and the latest are remembered in a cursor. An event waits for no call: it uses what is known, and leaves
word of whom the next poll should ask for."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any

import msgspec

from actors.platforms.base import Answer, Call, Page, asked
from actors.platforms.failures import BadAnswer, Forbidden, NotFound
from actors.platforms.fields import decode, dig, text
from actors.platforms.slack import messages
from actors.platforms.slack.api import get, said

PEOPLE, WANTED = "people:names", "people:wanted"
"""The cursors: names by number, and the numbers that are still to be asked for."""
REMEMBERED = 200
AT_ONCE = 15
"""Calls in one poll. Slack takes a hundred a minute in a workspace."""


def known(cursors: Mapping[str, str]) -> dict[str, str]:
    """The latest last. An empty name is of somebody who can't be looked up."""
    try:
        names = decode(cursors.get(PEOPLE, "{}").encode("utf-8", "replace"))
    except ValueError:
        return {}
    found = names.items() if isinstance(names, dict) else ()
    return {id_: name for id_, name in found if messages.is_id(id_) and isinstance(name, str)}


def wanted(cursors: Mapping[str, str]) -> list[str]:
    return list(filter(messages.is_id, cursors.get(WANTED, "").split(",")))


def also_wanted(cursors: Mapping[str, str], id_: str) -> dict[str, str]:
    others = [one for one in wanted(cursors) if one != id_]
    return {WANTED: ",".join([*others[1 - AT_ONCE :], id_])}


def is_person(id_: Any) -> bool:
    return messages.is_id(id_) and id_[0] in "UW"


def look_up(
    api: str, ids: Iterable[str], names: dict[str, str], now: float
) -> Generator[Call | Page, Answer | None, None]:
    """Adds to `names`, one by one: where it is interrupted, those found until then are in it."""
    unknown = [id_ for id_ in dict.fromkeys(ids) if id_ not in names]
    for id_ in unknown[:AT_ONCE]:
        answer = yield from asked(get(api, "users.info", {"user": id_}))
        try:
            names[id_] = _name(said(answer, now))
        except (NotFound, Forbidden, BadAnswer):
            names[id_] = ""  # not to be asked for at each message of theirs


def _name(found: Mapping[str, Any]) -> str:
    user = dig(found, "user")
    profile = dig(user, "profile")
    names = (text(profile, "display_name"), text(profile, "real_name"), text(user, "real_name"), text(user, "name"))
    return next(filter(None, names), "")


def written(names: Mapping[str, str]) -> dict[str, str]:
    return {PEOPLE: msgspec.json.encode(dict(list(names.items())[-REMEMBERED:])).decode()}
