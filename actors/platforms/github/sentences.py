"""A webhook as a line that a person understands: who, what, where, and a link.

Each of the kinds that we register for has a function here; `None` from it means that the payload lacks
what the sentence needs, and then, as for all other kinds, the plain sentence serves.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from actors.platforms.fields import dig, link, number, text
from actors.platforms.github import deeds

SOMEBODY, ONE = "Somebody", "1 commit"


class Told(NamedTuple):
    what: str
    url: str | None
    message: str | None = None
    """The whole sentence, where `who what in where` would be no English."""


def line(kind: str, payload: Any) -> Mapping[str, str | None]:
    who = text(payload, "sender", "login") or text(payload, "pusher", "name") or SOMEBODY
    where = text(payload, "repository", "full_name") or text(payload, "organization", "login")
    teller = TELLERS.get(kind)
    told = (teller(payload, who, where) if teller else None) or _plain(kind, payload, who, where)
    message = told.message or _sentence(who, told.what, where)
    url = told.url or link(payload, "repository", "html_url")
    return {"who": who, "what": told.what, "where": where, "url": url, "message": message}


def _sentence(who: str, what: str, where: str | None) -> str:
    return f"{who} {what} in {where}" if where else f"{who} {what}"


def _push(payload: Any, who: str, where: str | None) -> Told | None:
    ref = text(payload, "ref")
    if ref is None:
        return None
    is_tag = ref.startswith("refs/tags/")
    name = ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
    url = link(payload, "compare")
    created, forced = dig(payload, "created") is True, dig(payload, "forced") is True
    if dig(payload, "deleted") is True:
        return Told(f"deleted the {'tag' if is_tag else 'branch'} {name}", None)
    if is_tag:
        return Told(f"{'pushed' if created else 'moved'} the tag {name}", url)
    commits = _commits(payload)
    if created:
        return _pushed(payload, f"created the branch {name}" + (f" with {commits}" if commits else ""), who, where)
    pushed = "force-pushed" if forced else "pushed"
    return _pushed(payload, f"{pushed} {commits} to {name}" if commits else f"{pushed} to {name}", who, where)


def _pushed(payload: Any, what: str, who: str, where: str | None) -> Told:
    """With the first line of the last commit, which is what GitHub itself shows of a push."""
    said, commits = dig(payload, "head_commit", "message"), _commits(payload)
    title = text(said.strip().partition("\n")[0]) if isinstance(said, str) and commits else None
    end = f"{':' if commits == ONE else ', the last'} “{title}”" if title else ""
    return Told(what, link(payload, "compare"), _sentence(who, what, where) + end)


def _commits(payload: Any) -> str:
    commits = dig(payload, "commits")
    count = len(commits) if isinstance(commits, list) else 0
    return "" if count == 0 else ONE if count == 1 else f"{count} commits"


def _issue(payload: Any, who: str, where: str | None) -> Told | None:
    it = _numbered("issue", payload, "issue")
    action = text(payload, "action")
    if it is None or action is None:
        return None
    return Told(deeds.with_issue(action, it, payload, who), _page_left(action, payload, "issue"))


def _comment(payload: Any, who: str, where: str | None) -> Told | None:
    is_pull = dig(payload, "issue", "pull_request") is not None
    it = _numbered("pull request" if is_pull else "issue", payload, "issue")
    action = text(payload, "action") or ""
    verb = {"created": "commented on", "edited": "edited a comment on", "deleted": "deleted a comment on"}.get(action)
    if it is None or verb is None:
        return None
    page = _page_left(action, payload, "comment") or link(payload, "issue", "html_url")
    return Told(f"{verb} {it}", page)


def _pull_request(payload: Any, who: str, where: str | None) -> Told | None:
    it = _numbered("pull request", payload, "pull_request")
    action = text(payload, "action")
    if it is None or action is None:
        return None
    return Told(deeds.with_pull_request(action, it, payload, who), link(payload, "pull_request", "html_url"))


def _numbered(noun: str, payload: Any, name: str) -> str | None:
    """`issue #7 “Spelling error”`"""
    number_, title = number(payload, name, "number"), text(payload, name, "title")
    if number_ is None:
        return None
    return f"{noun} #{number_} “{title}”" if title else f"{noun} #{number_}"


def _release(payload: Any, who: str, where: str | None) -> Told | None:
    name = text(payload, "release", "name") or text(payload, "release", "tag_name")
    action = text(payload, "action")
    if name is None or action is None:
        return None
    return Told(deeds.with_release(action, name, payload), _page_left(action, payload, "release"))


def _page_left(action: str, payload: Any, name: str) -> str | None:
    """Of what is deleted there is no page."""
    return None if action == "deleted" else link(payload, name, "html_url")


def _star(payload: Any, who: str, where: str | None) -> Told | None:
    action = text(payload, "action")
    if where is None or action not in ("created", "started", "deleted"):
        return None
    if action == "deleted":
        return Told("unstarred", None, f"{who} unstarred {where}")
    return Told("starred", None, f"{who} starred {where}")


def _fork(payload: Any, who: str, where: str | None) -> Told | None:
    copy = text(payload, "forkee", "full_name")
    if where is None or copy is None:
        return None
    return Told(f"forked to {copy}", link(payload, "forkee", "html_url"), f"{who} forked {where} to {copy}")


def _ping(payload: Any, who: str, where: str | None) -> Told | None:
    told = f"GitHub tells of what happens in {where} from now on" if where else "GitHub's webhook works"
    return Told("connected a webhook", None, told)


def _create(payload: Any, who: str, where: str | None) -> Told | None:
    return _of_ref("created", payload)


def _delete(payload: Any, who: str, where: str | None) -> Told | None:
    return _of_ref("deleted", payload)


def _of_ref(verb: str, payload: Any) -> Told | None:
    """The same words as a push has for it."""
    noun, name = text(payload, "ref_type"), text(payload, "ref")
    return Told(f"{verb} the {noun} {name}", None) if noun in ("branch", "tag") and name else None


def _plain(kind: str, payload: Any, who: str, where: str | None) -> Told:
    """`octocat: issue comment (created) in octocat/Hello-World`: a kind's own verb can't be known."""
    noun = (text(kind) or "event").replace("_", " ")
    action = (text(payload, "action") or "").replace("_", " ")
    message = f"{noun} ({action})" if action else noun
    message = f"{who}: {message}" if who != SOMEBODY else message[:1].upper() + message[1:]
    return Told(f"{noun} {action}".rstrip(), _page_of(kind, payload), _sentence_end(message, where))


def _sentence_end(message: str, where: str | None) -> str:
    return f"{message} in {where}" if where else message


def _page_of(kind: str, payload: Any) -> str | None:
    """The page of what it is about: `issue_comment` carries a `comment`, `workflow_run` one of its own name."""
    for name in (kind, kind.rpartition("_")[2], "issue", "pull_request"):
        if url := link(payload, name, "html_url"):
            return url
    return None


TELLERS: Mapping[str, Callable[[Any, str, str | None], Told | None]] = {
    "ping": _ping,
    "push": _push,
    "issues": _issue,
    "issue_comment": _comment,
    "pull_request": _pull_request,
    "release": _release,
    "star": _star,
    "watch": _star,
    "fork": _fork,
    "create": _create,
    "delete": _delete,
}
