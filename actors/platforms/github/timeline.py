"""Polling: what a user did, newest first, at most 300 events of 30 days.

The numbers of events neither grow steadily nor are they all there at once (GitHub adds some up to six
hours late), so that no number is a cursor. The first few of the last poll are remembered; reading
stops at the page that has one of them, and that page is kept whole, for a late one may stand in it.
"""

import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from actors.platforms.base import Answer, Call, Page, Reading, Reads, asked
from actors.platforms.failures import BadAnswer, NotFound, data_answer
from actors.platforms.fields import dig, moment, number, text
from actors.platforms.github import keys, sentences
from actors.platforms.github.api import call, has_next
from storage.records import Account, Item

PER_PAGE = 100
PAGES = 3
REMEMBERED = 10

ETAG, SEEN, LOGIN = "events:etag", "events:seen", "login"
"""The cursors. `login` is kept here once it differs from the account's own."""


class NotTheirs(BadAnswer):
    """These are somebody else's events: the login was given up, and taken by another."""


def read(api: str, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
    login = cursors.get(LOGIN) or account.details.get("login") or account.name
    try:
        return (yield from _pages(api, login, account.id, cursors, now))
    except (NotFound, NotTheirs):
        renamed = yield from _login_now(api, account, now)
        if renamed == login:
            raise
    reading = yield from _pages(api, renamed, account.id, {**cursors, ETAG: ""}, now)
    return Reading({**reading.cursors, LOGIN: renamed}, reading.not_before)


def _login_now(api: str, account: Account, now: float) -> Generator[Call | Page, Answer | None, str]:
    answer = yield from asked(call("GET", f"{api}/user"))
    user = data_answer(answer, now).json()
    login = text(user, "login")
    if login is None or str(number(user, "id")) != account.id:
        raise BadAnswer("GitHub did not say what this account is called now")
    return login


def _pages(api: str, login: str, owner: str, cursors: Mapping[str, str], now: float) -> Reads:
    seen = set(filter(None, cursors.get(SEEN, "").split(",")))
    etag = cursors.get(ETAG)
    after: dict[str, str] = {}
    done, pages, not_before = 0, 1, 0.0
    for page in range(1, PAGES + 1):
        answer = yield from asked(_page_call(api, login, page, etag))
        data_answer(answer, now)
        if page == 1:
            not_before = _poll_interval(answer)
            if answer.status == 304:
                return Reading(not_before=not_before)
            pages = min(_last_page(answer), PAGES)
        events = list(_events(answer, owner))
        if page == 1:
            after = {ETAG: answer.headers.get("etag", ""), SEEN: _remembered(events)}
        done += len(events)
        last = page == PAGES or not has_next(answer) or any(_id(event) in seen for event in events)
        total = done if last else max(done, pages * PER_PAGE)
        items = [_item(event) for event in events]
        yield Page(items, after if last else {}, done, None if SEEN in cursors else total)
        if last:
            break
    return Reading(not_before=not_before)


def _page_call(api: str, login: str, page: int, etag: str | None) -> Call:
    url = f"{api}/users/{quote(login, safe='')}/events"
    if page > 1:
        return call("GET", url, params={"per_page": PER_PAGE, "page": page})
    return call("GET", url, params={"per_page": PER_PAGE}, headers={"If-None-Match": etag} if etag else None)


def _events(answer: Answer, owner: str) -> Iterator[dict[str, Any]]:
    listed = answer.json()
    if not isinstance(listed, list):
        raise BadAnswer("GitHub's timeline is not a list")
    for event in listed:
        actor = number(event, "actor", "id")
        if actor is not None and str(actor) != owner:
            raise NotTheirs("GitHub shows the timeline of another account under this login")
        if _id(event):
            yield event


def _id(event: Any) -> str:
    """Digits, as text on the wire and as a number in the documentation."""
    return text(event, "id") or str(number(event, "id") or "")


def _item(event: dict[str, Any]) -> Item:
    return Item("events", keys.of_event(event) or f"event:{_id(event)}", event, moment(event, "created_at"))


def _remembered(events: list[dict[str, Any]]) -> str:
    return ",".join(map(_id, events[:REMEMBERED]))


def _poll_interval(answer: Answer) -> float:
    value = answer.headers.get("x-poll-interval", "")
    return min(float(value), 86_400.0) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else 0.0


def _last_page(answer: Answer) -> int:
    match = re.search(r'[?&]page=(\d{1,4})[^>]*>; rel="last"', answer.headers.get("link", ""))
    return int(match[1]) if match else 1


def line(web: str, event: Any) -> Mapping[str, str | None]:
    """As the webhook of the same thing would say it. `web`: where pages of GitHub are, which events hardly name."""
    type_, payload = text(event, "type") or "", dig(event, "payload")
    kind = keys.KINDS.get(type_) or re.sub(r"(?<!^)(?=[A-Z])", "_", type_.removesuffix("Event")).lower()
    said = dict(payload) if isinstance(payload, dict) else {}
    repository = text(event, "repo", "name")
    page = f"{web}/{quote(repository)}" if repository else None
    if kind == "push":
        said["compare"] = f"{page}/compare/{text(said, 'before')}...{text(said, 'head')}"
    pull = said.get("pull_request")
    if isinstance(pull, dict):
        said["pull_request"] = {"html_url": f"{page}/pull/{number(pull, 'number')}", **pull}
        if said.get("action") == "merged":
            said["action"] = "closed"
            said["pull_request"]["merged"] = True
    said |= {"repository": {"full_name": repository, "html_url": page}, "sender": dig(event, "actor")}
    return sentences.line(kind, said)
