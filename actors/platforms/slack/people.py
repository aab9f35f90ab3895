"""What the people of a workspace are called. Events and messages name them by number; names are asked for one by
one, in polls, and the latest are remembered in a cursor. An event waits for no call: it uses what is known, and leaves
word of whom the next poll should ask for."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any

import msgspec

from actors.platforms.base import Answer, Call, Limit, Page, asked
from actors.platforms.failures import BadAnswer, Forbidden, NotFound, PlatformDown, PlatformError, RateLimited
from actors.platforms.fields import decode, dig, text
from actors.platforms.slack import messages
from actors.platforms.slack.api import get, said

PEOPLE, WANTED = "people:names", "people:wanted"
"""The cursors: names by number, and the numbers that are still to be asked for."""
REMEMBERED = 200
AT_ONCE = 15
"""Calls in one poll."""
EVERY, APART = 0.6, 0.7
"""Seconds between two calls in a workspace, of which Slack takes a hundred a minute; and between two of one poll, so
that alone it has to wait for nobody."""


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
    api: str, team: str, ids: Iterable[str], names: dict[str, str], now: float
) -> Generator[Call | Page, Answer | None, None]:
    """Adds to `names`, one by one: where it is interrupted, those found until then are in it."""
    unknown = [id_ for id_ in dict.fromkeys(ids) if id_ not in names]
    for place, id_ in enumerate(unknown[:AT_ONCE]):
        call = get(api, "users.info", {"user": id_}, Limit(f"users.info:{team}", EVERY))
        answer = yield from asked(msgspec.structs.replace(call, after=APART if place else 0))
        try:
            names[id_] = _name(said(answer, now))
        except (NotFound, Forbidden, BadAnswer):
            names[id_] = ""  # not to be asked for at each message of theirs


def is_for_later(trouble: PlatformError) -> bool:
    """Others have used up what Slack allows for now, or it is in trouble: no reason to lose what is there."""
    return isinstance(trouble, RateLimited | PlatformDown) or trouble.kind in ("paused", "busy")


def _name(found: Mapping[str, Any]) -> str:
    user = dig(found, "user")
    profile = dig(user, "profile")
    names = (text(profile, "display_name"), text(profile, "real_name"), text(user, "real_name"), text(user, "name"))
    return next(filter(None, names), "")


def written(names: Mapping[str, str]) -> dict[str, str]:
    return {PEOPLE: msgspec.json.encode(dict(list(names.items())[-REMEMBERED:])).decode()}
