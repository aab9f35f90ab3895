"""A happening as the Events API shows it: trimmed, as it has been since October 2025."""

from typing import Any

from deploy.sandbox.calls import iso_seconds
from deploy.sandbox.happenings import Happening
from deploy.sandbox.platforms.github import shapes
from deploy.sandbox.platforms.github.repositories import Account, Repository

TYPES = {
    "push": "PushEvent",
    "issues": "IssuesEvent",
    "pull_request": "PullRequestEvent",
    "release": "ReleaseEvent",
    "star": "WatchEvent",
    "fork": "ForkEvent",
    "issue_comment": "IssueCommentEvent",
    "create": "CreateEvent",
}


def event(happening: Happening, sender: Account, repo: Repository, api: str) -> dict[str, Any]:
    return {
        "id": str(happening.id),
        "type": TYPES[happening.kind],
        "actor": {
            "id": sender.id,
            "login": sender.login,
            "display_login": sender.login,
            "gravatar_id": "",
            "url": f"{api}/users/{sender.login}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{sender.id}?",
        },
        "repo": {"id": repo.id, "name": repo.full_name, "url": f"{api}/repos/{repo.full_name}"},
        "payload": _payload(happening, sender, repo, api),
        "public": not repo.private,
        "created_at": iso_seconds(happening.at / 1000),
    }


def _payload(happening: Happening, sender: Account, repo: Repository, api: str) -> dict[str, Any]:
    facts, at = happening.body, happening.at / 1000
    match happening.kind:
        case "push":
            kept = {name: facts[name] for name in ("push_id", "ref", "head", "before")}
            return {"repository_id": repo.id, **kept}
        case "issues":
            return {"action": facts["action"], "issue": shapes.issue(repo, sender, facts["issue"], at, api)}
        case "issue_comment":
            return {
                "action": "created",
                "issue": shapes.issue(repo, sender, facts["issue"], at, api),
                "comment": shapes.comment(repo, sender, facts, at, api),
            }
        case "pull_request":
            return _pull_request(facts, repo, api)
        case "release":
            return {"action": "published", "release": shapes.release(repo, sender, facts, at, api)}
        case "fork":
            return {"action": "forked", "forkee": shapes.fork(repo, sender, facts, at, api)}
        case "create":
            return {
                "ref": facts["ref"],
                "ref_type": facts["ref_type"],
                "full_ref": f"refs/heads/{facts['ref']}",
                "master_branch": "main",
                "description": repo.description,
                "pusher_type": "user",
            }
    return {"action": "started"}


def _pull_request(facts: dict[str, Any], repo: Repository, api: str) -> dict[str, Any]:
    """No title and no page's address: who wants these asks for `url`."""
    pull = facts["pull"]
    side = {"id": repo.id, "url": f"{api}/repos/{repo.full_name}", "name": repo.name}
    return {
        "action": "merged" if pull["merged"] else facts["action"],
        "number": pull["number"],
        "pull_request": {
            "id": pull["id"],
            "number": pull["number"],
            "url": f"{api}/repos/{repo.full_name}/pulls/{pull['number']}",
            "head": {"ref": pull["branch"], "sha": pull["head"], "repo": side},
            "base": {"ref": "main", "sha": pull["base"], "repo": side},
        },
        "assignees": [],
        "labels": [],
    }
