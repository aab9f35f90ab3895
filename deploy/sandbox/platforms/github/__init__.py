"""GitHub as the sandbox plays it."""

import hashlib
import hmac
from collections.abc import Callable
from random import Random
from typing import ClassVar
from urllib.parse import urlencode

from tornado.httpclient import HTTPRequest

from deploy.sandbox.happenings import Happening
from deploy.sandbox.outbox import Delivery, Outbox
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import Happened, Route, SandboxPlatform
from deploy.sandbox.platforms.github import api, hook_requests, hooks, oauth
from deploy.sandbox.platforms.github.feed import TYPES
from deploy.sandbox.platforms.github.payloads import Payload, payloads
from deploy.sandbox.platforms.github.repositories import Repository, account, find, repositories
from deploy.sandbox.platforms.github.stories import Stories
from deploy.sandbox.state import State
from deploy.sandbox.tokens import TokenRules

ANSWER_WITHIN = 10.0
LARGEST_PAYLOAD = 25 << 20
DAY_MS = 86_400_000

BEFORE_TODAY = (
    # kind, which of the person's repositories, finished
    ("create", 0, False), ("push", 0, False), ("issues", 2, False), ("star", 3, False), ("push", 2, False),
    ("pull_request", 3, False), ("issues", 0, True), ("pull_request", 2, True), ("push", 0, False),
    ("release", 0, False),
)  # fmt: skip


class GitHub(SandboxPlatform):
    slug = "github"
    credentials = "GITHUB"
    kinds = tuple(TYPES)
    rules: ClassVar[TokenRules] = TokenRules(
        access=28_800,
        refresh=15_811_200,
        scope="read:user,user:email,repo,admin:repo_hook,offline_access",
        access_prefix="gho_",
        refresh_prefix="ghr_",
        rotates=True,
        rotation_ends_access=True,
        may_not_expire=True,
        live_grants=10,
    )

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        super().__init__(state, outbox, now, root)
        self.allowance: dict[str, tuple[int, float]] = {}
        """Per person: calls made in this hour, and when the hour ends."""
        outbox.open(self.slug, self.request_for)

    @property
    def api(self) -> str:
        return f"{self.root}/api"

    def routes(self) -> list[Route]:
        return [*oauth.routes(self), *hook_requests.routes(self), *api.routes(self)]

    # -- what happens there --------------------------------------------------------------------------
    def begin(self, person: Person) -> None:
        dice = Random(f"github {person.name}")
        doings = BEFORE_TODAY[-dice.randrange(7, len(BEFORE_TODAY) + 1) :]
        now = int(self.now() * 1000)
        days = sorted((dice.uniform(0.05, 6.0) for _ in doings), reverse=True)
        for (kind, which, finished), ago in zip(doings, days, strict=True):
            self._happened(person, kind, repositories(person)[which], now - int(ago * DAY_MS), finished)

    def act(self, person: Person, kind: str, where: str | None) -> Happened:
        repo = self._place(person, kind, where)
        happening = self._happened(person, kind, repo, int(self.now() * 1000))
        return Happened(str(happening.id), hooks.push(self, happening, person, repo))

    def _place(self, person: Person, kind: str, where: str | None) -> Repository:
        if where is not None:
            repo = find(person, where)
            if repo is None:
                raise LookupError(where)
            return repo
        own = [repo for repo in repositories(person) if repo.admin]
        if kind == "fork":
            return own[-1]  # nobody forks what is theirs alone
        return own[self.state.count_up(self.slug, person.name, "turn", 0) % len(own)]

    def _happened(self, person: Person, kind: str, repo: Repository, at: int, finished: bool = False) -> Happening:
        facts = Stories(self.state, self.slug).tell(kind, account(person), repo, at, finished)
        return self.happenings.add(person.name, kind, at, {"repo": repo.full_name, **facts})

    def pushed_at(self, repo: Repository) -> float:
        return float(self.state.fact(self.slug, "", f"pushed {repo.full_name}") or repo.created_at)

    def payloads(self, happening: Happening, person: Person, repo: Repository) -> list[Payload]:
        return payloads(happening, account(person), repo, self.api, self.pushed_at(repo))

    def lose_cursors(self, user: str | None) -> None:
        """The ETags given out so far match nothing any more: the next poll is answered in full."""
        self.state.count_up(self.slug, user or "", "etags")

    def etags(self, user: str) -> str:
        """What every ETag of this person's answers depends on, besides the answer."""
        of_all, own = self.state.fact(self.slug, "", "etags"), self.state.fact(self.slug, user, "etags")
        return f"{of_all}.{own}"

    # -- webhooks ------------------------------------------------------------------------------------
    def request_for(self, delivery: Delivery) -> HTTPRequest | None:
        hook = hooks.hook_of(self.state, delivery.hook_id)
        if hook is None or len(delivery.body) > LARGEST_PAYLOAD:
            return None
        body, content_type = delivery.body, "application/json"
        if hook.form == "form":
            body, content_type = urlencode({"payload": body.decode()}).encode(), "application/x-www-form-urlencoded"
        headers = {
            "Accept": "*/*",
            "Content-Type": content_type,
            "User-Agent": f"GitHub-Hookshot/{hook.id:07x}"[:23],
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Hook-ID": str(hook.id),
            "X-GitHub-Hook-Installation-Target-ID": str(hook.repository.id),
            "X-GitHub-Hook-Installation-Target-Type": "repository",
        }
        if hook.secret:
            key = hook.secret.encode()
            headers["X-Hub-Signature"] = "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest()
            headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        return HTTPRequest(
            hook.url, method="POST", headers=headers, body=body, follow_redirects=False,
            connect_timeout=ANSWER_WITHIN, request_timeout=ANSWER_WITHIN,
        )  # fmt: skip
