"""A happening as webhooks carry it: in full, and several deliveries for one happening where GitHub does so."""

from typing import Any

from deploy.sandbox.calls import iso_seconds
from deploy.sandbox.happenings import Happening
from deploy.sandbox.platforms.github import shapes
from deploy.sandbox.platforms.github.repositories import Account, Repository

Payload = tuple[str, str | None, dict[str, Any]]
"""Event, action, body."""


def payloads(happening: Happening, sender: Account, repo: Repository, api: str, pushed_at: float) -> list[Payload]:
    facts, at = happening.body, happening.at / 1000
    about = {"repository": shapes.repository(repo, api, pushed_at), "sender": shapes.user(sender, api)}
    match happening.kind:
        case "push":
            return [("push", None, _push(facts, sender, repo, at, api))]
        case "issues":
            body = {"issue": shapes.issue(repo, sender, facts["issue"], at, api)}
            return [_acted("issues", facts["action"], body, about)]
        case "issue_comment":
            body = {
                "issue": shapes.issue(repo, sender, facts["issue"], at, api),
                "comment": shapes.comment(repo, sender, facts, at, api),
            }
            return [_acted("issue_comment", "created", body, about)]
        case "pull_request":
            pull = shapes.pull_request(repo, sender, facts["pull"], at, api)
            return [_acted("pull_request", facts["action"], {"number": pull["number"], "pull_request": pull}, about)]
        case "release":
            body = {"release": shapes.release(repo, sender, facts, at, api)}
            return [_acted("release", action, body, about) for action in ("created", "published", "released")]
        case "star":
            starred = _acted("star", "created", {"starred_at": iso_seconds(at)}, about)
            return [starred, _acted("watch", "started", {}, about)]
        case "fork":
            return [("fork", None, {"forkee": shapes.fork(repo, sender, facts, at, api), **about})]
    created = {"ref": facts["ref"], "ref_type": facts["ref_type"], "master_branch": "main", "pusher_type": "user"}
    return [("create", None, {**created, "description": repo.description, **about})]


def ping(hook: dict[str, Any], sender: Account, repo: Repository, api: str, pushed_at: float) -> dict[str, Any]:
    return {
        "zen": "Keep it logically awesome.",
        "hook_id": hook["id"],
        "hook": hook,
        "repository": shapes.repository(repo, api, pushed_at),
        "sender": shapes.user(sender, api),
    }


def _acted(event: str, action: str, body: dict[str, Any], about: dict[str, Any]) -> Payload:
    return event, action, {"action": action, **body, **about}


def _push(facts: dict[str, Any], sender: Account, repo: Repository, at: float, api: str) -> dict[str, Any]:
    who = {"name": sender.login, "email": f"{sender.id}+{sender.login}@users.noreply.github.com"}
    author = {**who, "name": sender.name, "username": sender.login}
    page = f"{shapes.WEB}/{repo.full_name}"
    commits = [
        {
            "id": commit["id"],
            "tree_id": commit["id"][::-1],
            "distinct": True,
            "message": commit["message"],
            "timestamp": iso_seconds(at).replace("Z", "+00:00"),
            "url": f"{page}/commit/{commit['id']}",
            "author": author,
            "committer": author,
            "added": [],
            "removed": [],
            "modified": [commit["file"]],
        }
        for commit in facts["commits"]
    ]
    return {
        "ref": facts["ref"],
        "before": facts["before"],
        "after": facts["head"],
        "repository": shapes.repository_in_push(repo, api, at),
        "pusher": who,
        "sender": shapes.user(sender, api),
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{page}/compare/{facts['before'][:12]}...{facts['head'][:12]}",
        "commits": commits,
        "head_commit": commits[-1],
    }
