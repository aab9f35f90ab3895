"""What a thing at GitHub is called here, whichever way it came.

A webhook and the timeline show the same push or issue under ids that never match. So a thing gets its
name from what both carry: the object, what was done to it, and where that isn't enough the time of the
deed, exact where both have it, else its day. A deed that is done twice to the same object on the same
day (starred, unstarred, starred) is thereby one. Kinds that only one of the two shows, or that carry too
little, have no such name: None, and they go by the id that the delivery or the event itself has.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

from actors.platforms.fields import dig, number, text

KINDS = {
    "PushEvent": "push",
    "IssuesEvent": "issues",
    "PullRequestEvent": "pull_request",
    "ReleaseEvent": "release",
    "WatchEvent": "star",
    "ForkEvent": "fork",
}
ON_THE_TIMELINE = frozenset({"closed", "merged", "reopened", "assigned", "unassigned", "labeled", "unlabeled"})
"""What the timeline shows of a pull request's life, and shows without the time of its last change."""


def of_webhook(kind: str, payload: Any, at: float) -> str | None:
    """`at`: when it came, for the few that carry no time of their own."""
    repo, actor = number(payload, "repository", "id"), number(payload, "sender", "id")
    kind = "star" if kind == "watch" else kind  # GitHub tells of a star by both
    return _shortened(_key(kind, payload, repo, actor, _day_of_webhook(kind, payload, at)))


def of_event(event: Any) -> str | None:
    kind = KINDS.get(text(event, "type") or "", "")
    repo, actor = number(event, "repo", "id"), number(event, "actor", "id")
    day = (text(event, "created_at") or "")[:10]
    return _shortened(_key(kind, dig(event, "payload"), repo, actor, day))


def _day_of_webhook(kind: str, payload: Any, at: float) -> str:
    said = None
    if kind == "star":
        said = text(payload, "starred_at")
    elif kind == "pull_request":
        said = text(payload, "pull_request", "updated_at")
    return (said or datetime.fromtimestamp(at, UTC).isoformat())[:10]


def _key(kind: str, payload: Any, repo: int | None, actor: int | None, day: str) -> str | None:
    action = text(payload, "action")
    match kind:
        case "push":
            return _push(payload, repo)
        case "issues":
            return _issue(payload, action)
        case "pull_request":
            return _pull_request(payload, action, day)
        case "release":
            return _release(payload, action)
        case "star" if action in ("created", "started"):
            return _joined("star", repo, actor, day)
        case "fork":
            return _joined("fork", number(payload, "forkee", "id"))
    return None


def _push(payload: Any, repo: int | None) -> str | None:
    head = text(payload, "after") or text(payload, "head")
    return _joined("push", repo, text(payload, "ref"), text(payload, "before"), head)


def _issue(payload: Any, action: str | None) -> str | None:
    number_ = number(payload, "issue", "id")
    if action == "opened":
        return _joined("issue", number_, action)
    when = text(payload, "issue", "closed_at" if action == "closed" else "updated_at")
    return _joined("issue", number_, action, when, _to_whom(payload))


def _pull_request(payload: Any, action: str | None, day: str) -> str | None:
    number_, head = number(payload, "pull_request", "id"), text(payload, "pull_request", "head", "sha")
    if action == "opened":
        return _joined("pull", number_, action)
    if action in ON_THE_TIMELINE:
        # The timeline says `merged` where the webhook says `closed`.
        return _joined("pull", number_, "closed" if action == "merged" else action, head, day, _to_whom(payload))
    return _joined("pull", number_, action, text(payload, "pull_request", "updated_at"), head)


def _release(payload: Any, action: str | None) -> str | None:
    # One release is told of as created, published and released; the timeline knows `published` alone.
    told = action in ("published", "released", "prereleased", "created")
    if not told or dig(payload, "release", "draft") is True:
        return None
    return _joined("release", number(payload, "release", "id"), "published")


def _to_whom(payload: Any) -> str:
    """Two labels put on at once are two deeds in the same second."""
    named = number(payload, "label", "id") or number(payload, "assignee", "id")
    return str(named or "")


def _joined(kind: str, *parts: Any) -> str | None:
    """None when a part is missing; an empty one is left out."""
    if any(part is None for part in parts):
        return None
    return ":".join([kind, *(str(part) for part in parts if part != "")])


def _shortened(key: str | None) -> str | None:
    """A ref may be long; a column is not."""
    if key is None or len(key) <= 250:
        return key
    return f"{key.partition(':')[0]}:{hashlib.sha256(key.encode()).hexdigest()}"
