"""Reading: who one is, one's repositories, one's events, and the object behind an event."""

import math
from typing import Any

from deploy.sandbox import people
from deploy.sandbox.happenings import Happening
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import Route, SandboxPlatform
from deploy.sandbox.platforms.github import shapes
from deploy.sandbox.platforms.github.feed import event
from deploy.sandbox.platforms.github.repositories import Repository, account, find, repositories
from deploy.sandbox.platforms.github.requests import GitHubHandler, SignedIn, profile

TIMELINE = 300
THIRTY_DAYS = 30 * 86_400_000
POLL_INTERVAL = 60


def routes(platform: SandboxPlatform) -> list[Route]:
    given = {"platform": platform}
    return [
        (r"/github/api/user", User, given),
        (r"/github/api/user/repos", UserRepositories, given),
        (r"/github/api/users/([^/]+)/events", UserEvents, given),
        (r"/github/api/repos/([^/]+/[^/]+)", OneRepository, given),
        (r"/github/api/repos/([^/]+/[^/]+)/(pulls|issues)/(\d+)", PullOrIssue, given),
        (r"/github/.*", Nowhere, given),
    ]


class User(SignedIn):
    def get(self) -> None:
        if not self.unchanged():
            self.answer(200, profile(self.person, self.platform.api))


class UserRepositories(SignedIn):
    """By name, or with `sort=pushed` the most recently pushed first."""

    def get(self) -> None:
        platform = self.platform
        shown = [(platform.pushed_at(repo), repo) for repo in repositories(self.person)]
        if self.get_argument("sort", "full_name") == "pushed":
            shown.sort(key=lambda each: (-each[0], each[1].full_name))
        else:
            shown.sort(key=lambda each: each[1].full_name)
        page, per_page = self.page(100)
        self.link_pages(page, math.ceil(len(shown) / per_page))
        shown = shown[(page - 1) * per_page : page * per_page]
        if not self.unchanged(shown):
            self.answer(200, [show(repo, platform.api, at) for at, repo in shown])


def show(repo: Repository, api: str, pushed_at: float) -> dict[str, Any]:
    rights = {"admin": repo.admin, "maintain": repo.admin, "push": True, "triage": True, "pull": True}
    return {**shapes.repository(repo, api, pushed_at), "permissions": rights}


class UserEvents(SignedIn):
    """What somebody did, newest first; private repositories only for themselves."""

    def get(self, login: str) -> None:
        whose = people.find(login.lower().removesuffix("-sandbox"))
        if whose is None or account(whose).login != login.lower():
            self.not_found()
            return
        self.platform.person(whose.name)
        self.set_header("X-Poll-Interval", str(POLL_INTERVAL))
        page, per_page = self.page(100)
        newest = self.platform.happenings.newest(whose.name)
        if self.unchanged(newest, page, per_page):
            return
        timeline = self._timeline(whose)
        self.link_pages(page, math.ceil(len(timeline) / per_page))
        shown = timeline[(page - 1) * per_page : page * per_page]
        self.answer(200, [event(each, account(whose), repo, self.platform.api) for each, repo in shown])

    def _timeline(self, whose: Person) -> list[tuple[Happening, Repository]]:
        since = int(self.platform.now() * 1000) - THIRTY_DAYS
        found = []
        for each in self.platform.happenings.latest(whose.name, TIMELINE, since=since):
            repo = find(whose, each.body["repo"])
            if repo is not None and (whose == self.person or not repo.private):
                found.append((each, repo))
        return found


class OneRepository(SignedIn):
    def get(self, full_name: str) -> None:
        repo = find(self.person, full_name)
        if repo is None:
            self.not_found()
            return
        pushed_at = self.platform.pushed_at(repo)
        if not self.unchanged(pushed_at):
            self.answer(200, show(repo, self.platform.api, pushed_at))


class PullOrIssue(SignedIn):
    """The full object, which events since October 2025 only name."""

    def get(self, full_name: str, what: str, number: str) -> None:
        repo = find(self.person, full_name)
        found = self._latest(repo, "pull" if what == "pulls" else "issue", int(number)) if repo else None
        if repo is None or found is None:
            self.not_found()
            return
        if self.unchanged(found.id):
            return
        me, at, api = account(self.person), found.at / 1000, self.platform.api
        if what == "pulls":
            self.answer(200, shapes.pull_request(repo, me, found.body["pull"], at, api))
        else:
            self.answer(200, shapes.issue(repo, me, found.body["issue"], at, api))

    def _latest(self, repo: Repository, part: str, number: int) -> Happening | None:
        for each in self.platform.happenings.latest(self.person.name, TIMELINE):
            if each.body["repo"] == repo.full_name and each.body.get(part, {}).get("number") == number:
                return each
        return None


class Nowhere(GitHubHandler):
    def get(self) -> None:
        self.not_found()

    post = patch = put = delete = get
