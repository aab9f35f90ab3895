"""What GitHub could not deliver while we were away: it never tries again by itself, but does when it is asked."""

import re
from collections.abc import Generator
from typing import Any
from urllib.parse import quote

import msgspec

from actors.platforms.base import Answer, Call
from actors.platforms.failures import BadAnswer, Forbidden, NotFound, data_answer
from actors.platforms.fields import moment, number, text
from actors.platforms.github.api import call, has_next
from storage.records import Hook

PER_PAGE, PAGES = 100, 10
MOST = 200
"""Asked for again of one hook at once; what lies further back the timeline tells, as far as it reaches."""
EVERY = 0.75
"""Seconds between two of them: GitHub takes eighty such requests a minute."""


def ask_again(api: str, hook: Hook, since: float) -> Generator[Call, Answer, int]:
    """Those after `since` that never arrived, the oldest first; how many there were."""
    url = f"{api}/repos/{quote(hook.where)}/hooks/{quote(hook.external_id, safe='')}/deliveries"
    try:
        lost = yield from _lost(url, since)
    except (NotFound, Forbidden):
        return 0  # gone, or no longer ours to see: the next look at the hook finds out
    asked = 0
    for id_ in reversed(lost[:MOST]):
        again = msgspec.structs.replace(call("POST", f"{url}/{id_}/attempts"), after=EVERY if asked else 0)
        try:
            data_answer((yield again))
            asked += 1
        except (NotFound, Forbidden, BadAnswer):
            continue  # too old by now; the others may not be
    return asked


def _lost(url: str, since: float) -> Generator[Call, Answer, list[int]]:
    """The last try of each that has none that went well, newest first."""
    arrived: set[str] = set()
    failed: dict[str, int] = {}
    params: dict[str, Any] = {"per_page": PER_PAGE}
    for _ in range(PAGES):
        answer = data_answer((yield call("GET", url, params=params)))
        listed = answer.json()
        if not isinstance(listed, list):
            raise BadAnswer("GitHub's deliveries are not a list")
        for one in listed:
            guid, id_ = text(one, "guid"), number(one, "id")
            if guid is None or id_ is None or (moment(one, "delivered_at") or 0.0) < since:
                continue
            if text(one, "status") == "OK":
                arrived.add(guid)
            else:
                failed.setdefault(guid, id_)
        cursor = re.search(r"[?&]cursor=([\w.%-]{1,200})", answer.headers.get("link", ""))
        old = any((moment(one, "delivered_at") or since) < since for one in listed)
        if old or cursor is None or not has_next(answer):
            break
        params = {"per_page": PER_PAGE, "cursor": cursor[1]}
    return [id_ for guid, id_ in failed.items() if guid not in arrived]
