"""The objects that GitHub's answers, events and webhooks are made of."""

from typing import Any

from deploy.sandbox.calls import iso_seconds
from deploy.sandbox.platforms.github.repositories import Account, Repository

WEB = "https://github.com"


def user(account: Account, api: str) -> dict[str, Any]:
    return {
        "login": account.login,
        "id": account.id,
        "node_id": f"U_kgDO{account.id:x}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{account.id}?v=4",
        "gravatar_id": "",
        "url": f"{api}/users/{account.login}",
        "html_url": f"{WEB}/{account.login}",
        "type": account.type,
        "site_admin": False,
    }


def repository(repo: Repository, api: str, pushed_at: float) -> dict[str, Any]:
    """As in the REST API and in every webhook but `push`."""
    root = f"{api}/repos/{repo.full_name}"
    return {
        "id": repo.id,
        "node_id": f"R_kgDO{repo.id:x}",
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(repo.owner, api),
        "html_url": f"{WEB}/{repo.full_name}",
        "description": repo.description,
        "fork": False,
        "url": root,
        "hooks_url": f"{root}/hooks",
        "events_url": f"{root}/events",
        "created_at": iso_seconds(repo.created_at),
        "updated_at": iso_seconds(pushed_at),
        "pushed_at": iso_seconds(pushed_at),
        "stargazers_count": repo.id % 97,
        "watchers_count": repo.id % 97,
        "forks_count": repo.id % 7,
        "open_issues_count": repo.id % 5,
        "language": repo.language,
        "archived": False,
        "disabled": False,
        "visibility": "private" if repo.private else "public",
        "default_branch": "main",
    }


def repository_in_push(repo: Repository, api: str, pushed_at: float) -> dict[str, Any]:
    """In `push` alone the times are whole seconds, and the owner has a `name`."""
    shown = repository(repo, api, pushed_at)
    shown["created_at"] = repo.created_at
    shown["pushed_at"] = int(pushed_at)
    shown["owner"] = {"name": repo.owner.login, "email": None, **shown["owner"]}
    shown["master_branch"] = "main"
    return shown


def issue(repo: Repository, sender: Account, facts: dict[str, Any], at: float, api: str) -> dict[str, Any]:
    number = facts["number"]
    closed = facts["state"] == "closed"
    return {
        "url": f"{api}/repos/{repo.full_name}/issues/{number}",
        "html_url": f"{WEB}/{repo.full_name}/issues/{number}",
        "id": facts["id"],
        "node_id": f"I_kwDO{facts['id']:x}",
        "number": number,
        "title": facts["title"],
        "user": user(sender, api),
        "labels": [],
        "state": facts["state"],
        "state_reason": "completed" if closed else None,
        "locked": False,
        "assignee": None,
        "assignees": [],
        "comments": 0,
        "created_at": iso_seconds(facts["created_at"]),
        "updated_at": iso_seconds(at),
        "closed_at": iso_seconds(at) if closed else None,
        "body": facts["text"],
    }


def comment(repo: Repository, sender: Account, facts: dict[str, Any], at: float, api: str) -> dict[str, Any]:
    number, own = facts["issue"]["number"], facts["comment_id"]
    return {
        "url": f"{api}/repos/{repo.full_name}/issues/comments/{own}",
        "html_url": f"{WEB}/{repo.full_name}/issues/{number}#issuecomment-{own}",
        "id": own,
        "user": user(sender, api),
        "created_at": iso_seconds(at),
        "updated_at": iso_seconds(at),
        "body": facts["text"],
    }


def pull_request(repo: Repository, sender: Account, facts: dict[str, Any], at: float, api: str) -> dict[str, Any]:
    """In full, as webhooks and `/pulls/{number}` have it."""
    number, merged = facts["number"], facts["merged"]
    closed = facts["state"] == "closed"
    ended = iso_seconds(at) if closed else None
    return {
        "url": f"{api}/repos/{repo.full_name}/pulls/{number}",
        "id": facts["id"],
        "node_id": f"PR_kwDO{facts['id']:x}",
        "html_url": f"{WEB}/{repo.full_name}/pull/{number}",
        "number": number,
        "state": facts["state"],
        "locked": False,
        "title": facts["title"],
        "user": user(sender, api),
        "body": facts["text"],
        "created_at": iso_seconds(facts["created_at"]),
        "updated_at": iso_seconds(at),
        "closed_at": ended,
        "merged_at": ended if merged else None,
        "merged": merged,
        "draft": False,
        "head": {"ref": facts["branch"], "sha": facts["head"], "label": f"{sender.login}:{facts['branch']}"},
        "base": {"ref": "main", "sha": facts["base"], "label": f"{repo.owner.login}:main"},
        "additions": 40,
        "deletions": 7,
        "changed_files": 3,
        "commits": 2,
    }


def release(repo: Repository, sender: Account, facts: dict[str, Any], at: float, api: str) -> dict[str, Any]:
    return {
        "url": f"{api}/repos/{repo.full_name}/releases/{facts['id']}",
        "html_url": f"{WEB}/{repo.full_name}/releases/tag/{facts['tag']}",
        "id": facts["id"],
        "author": user(sender, api),
        "tag_name": facts["tag"],
        "target_commitish": "main",
        "name": facts["name"],
        "draft": False,
        "prerelease": False,
        "created_at": iso_seconds(at),
        "published_at": iso_seconds(at),
        "assets": [],
        "body": facts["text"],
    }


def fork(repo: Repository, sender: Account, facts: dict[str, Any], at: float, api: str) -> dict[str, Any]:
    copy = Repository(facts["id"], sender, facts["name"], repo.description, repo.language)
    return {**repository(copy, api, at), "fork": True, "created_at": iso_seconds(at)}
