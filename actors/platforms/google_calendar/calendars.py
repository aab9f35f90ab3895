"""Which of a user's calendars are read."""

from collections.abc import Generator
from typing import Any
from urllib.parse import quote

from actors.platforms.base import Answer, Call
from actors.platforms.failures import BadAnswer
from actors.platforms.fields import dig, text
from actors.platforms.google.answers import checked, listed, opaque

READABLE = ("owner", "writer", "reader")
PAGES = 4


def address(api: str, calendar: str) -> str:
    return f"{api}/calendar/v3/calendars/{quote(calendar, safe='')}"


def chosen(api: str, limit: int, now: float) -> Generator[Call, Answer, dict[str, str]]:
    """By id what they are called, the user's own without a name. That comes first, then those they show, then the
    others."""
    found: list[Any] = []
    token = None
    for _ in range(PAGES):
        params: dict[str, Any] = {"maxResults": 250} | ({"pageToken": token} if token else {})
        answer = yield Call("GET", f"{api}/calendar/v3/users/me/calendarList", params=params)
        said = checked(answer, now).json()
        found += [one for one in listed(said, "items") if _is_readable(one)]
        token = opaque(said, "nextPageToken")
        if token is None:
            break
    found.sort(key=lambda one: (dig(one, "primary") is not True, dig(one, "selected") is not True))
    names: dict[str, str] = {}
    for one in found:
        names.setdefault(one["id"], _name(one))
    if not names:
        raise BadAnswer("Google Calendar did not name any calendar")
    return dict(list(names.items())[:limit])


def _name(one: Any) -> str:
    """As the user calls it."""
    if dig(one, "primary") is True:
        return ""
    return text(one, "summaryOverride") or text(one, "summary") or one["id"]


def _is_readable(one: Any) -> bool:
    """Birthdays and holidays are made by Google (`…#holiday@group.v.calendar.google.com`), and push nothing."""
    id_ = opaque(one, "id", longest=1024)
    if id_ is None or "#" in id_ or dig(one, "deleted") is True:
        return False
    return dig(one, "accessRole") in READABLE
