"""What can be done to an issue, a pull request or a release, in the past tense. `it` is the thing in words."""

from typing import Any

from actors.platforms.fields import dig, text

PLAIN = {
    "opened": "opened",
    "edited": "edited",
    "deleted": "deleted",
    "reopened": "reopened",
    "pinned": "pinned",
    "unpinned": "unpinned",
    "locked": "locked",
    "unlocked": "unlocked",
    "transferred": "transferred",
}
"""Deeds that need no more words than the verb."""


def with_issue(action: str, it: str, payload: Any, who: str) -> str:
    if action == "closed":
        return f"closed {it}{_why_closed(payload)}"
    if action == "typed":
        kind = text(payload, "type", "name")
        return f"set the type of {it} to {kind}" if kind else f"set the type of {it}"
    if action == "untyped":
        return f"removed the type of {it}"
    return _with_either(action, it, payload, who)


def _why_closed(payload: Any) -> str:
    reasons = {"not_planned": " as not planned", "duplicate": " as a duplicate"}
    return reasons.get(text(payload, "issue", "state_reason") or "", "")


def with_pull_request(action: str, it: str, payload: Any, who: str) -> str:
    match action:
        case "opened" if dig(payload, "pull_request", "draft") is True:
            return f"opened {it} as a draft"
        case "closed" if dig(payload, "pull_request", "merged") is True:
            into = text(payload, "pull_request", "base", "ref")
            return f"merged {it} into {into}" if into else f"merged {it}"
        case "closed":
            return f"closed {it} without merging"
        case "synchronize":
            return f"pushed to {it}"
        case "ready_for_review":
            return f"marked {it} as ready for review"
        case "converted_to_draft":
            return f"turned {it} back into a draft"
        case "review_requested":
            return f"asked {_reviewer(payload)} to review {it}"
        case "review_request_removed":
            return f"no longer asks {_reviewer(payload)} to review {it}"
        case "auto_merge_enabled" | "auto_merge_disabled":
            return f"turned auto-merge {'on' if action.endswith('enabled') else 'off'} for {it}"
        case "enqueued":
            return f"put {it} into the merge queue"
        case "dequeued":
            return f"took {it} out of the merge queue"
    return _with_either(action, it, payload, who)


def _reviewer(payload: Any) -> str:
    person, team = text(payload, "requested_reviewer", "login"), text(payload, "requested_team", "name")
    return person or (f"the team {team}" if team else "somebody")


def with_release(action: str, name: str, payload: Any) -> str:
    noun = "pre-release" if dig(payload, "release", "prerelease") is True else "release"
    match action:
        case "created" if dig(payload, "release", "draft") is True:
            return f"drafted the release {name}"
        case "created" | "edited" | "deleted" | "unpublished":
            return f"{action} the {noun} {name}"
        case "published" | "prereleased":
            return f"published the {noun} {name}"
        case "released":
            return f"released {name}"
    return f"changed the {noun} {name} ({action.replace('_', ' ')})"


def _with_either(action: str, it: str, payload: Any, who: str) -> str:
    """What issues and pull requests have in common."""
    match action:
        case "assigned" | "unassigned":
            return _assigned(action, it, text(payload, "assignee", "login"), who)
        case "labeled" | "unlabeled":
            label = text(payload, "label", "name")
            named = f"the label “{label}”" if label else "a label"
            return f"put {named} on {it}" if action == "labeled" else f"took {named} off {it}"
        case "milestoned" | "demilestoned":
            title = text(payload, "milestone", "title")
            named = f"the milestone “{title}”" if title else "a milestone"
            return f"added {it} to {named}" if action == "milestoned" else f"took {it} out of {named}"
    if action in PLAIN:
        return f"{PLAIN[action]} {it}"
    return f"changed {it} ({action.replace('_', ' ')})"


def _assigned(action: str, it: str, whom: str | None, who: str) -> str:
    person = "themselves" if whom == who else whom or "somebody"
    return f"assigned {it} to {person}" if action == "assigned" else f"took {it} off {person}"
