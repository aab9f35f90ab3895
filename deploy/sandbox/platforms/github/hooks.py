"""A repository's webhooks: what one is, which are taken, and what happens on the way to them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from deploy.sandbox import people
from deploy.sandbox.calls import iso_seconds
from deploy.sandbox.happenings import Happening
from deploy.sandbox.here import is_here
from deploy.sandbox.outbox import Delivery
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.github.repositories import Repository, known
from deploy.sandbox.state import State

if TYPE_CHECKING:
    from deploy.sandbox.platforms.github import GitHub

MOST_HOOKS = 20
KNOWN_EVENTS = frozenset({
    "*", "push", "issues", "issue_comment", "pull_request", "pull_request_review", "release", "star", "watch", "fork",
    "create", "delete", "ping", "member", "public", "repository", "discussion", "workflow_run", "check_run", "status",
    "deployment", "label", "milestone", "commit_comment",
})  # fmt: skip


class Hook(msgspec.Struct, frozen=True):
    """A row of `hooks`, column by column."""

    id: int
    platform: str
    user: str
    place: str
    url: str
    secret: str
    events: str
    form: str
    active: int
    created_at: float
    updated_at: float
    last_status: str | None
    last_code: int | None

    @property
    def repository(self) -> Repository:
        return known(people.known(self.user), self.place)

    @property
    def subscribed(self) -> list[str]:
        return self.events.split()

    def wants(self, event: str) -> bool:
        return bool(self.active) and (event in self.subscribed or "*" in self.subscribed)


def hook_of(state: State, hook_id: int) -> Hook | None:
    row = state.one("SELECT * FROM hooks WHERE id = ?", hook_id)
    return Hook(*row) if row else None


def known_hook(state: State, hook_id: int) -> Hook:
    hook = hook_of(state, hook_id)
    if hook is None:
        raise LookupError(hook_id)
    return hook


def hooks_on(state: State, repo: Repository) -> list[Hook]:
    sql = "SELECT * FROM hooks WHERE platform = 'github' AND place = ? ORDER BY id"
    return [Hook(*row) for row in state.all(sql, repo.full_name)]


def push(platform: "GitHub", happening: Happening, person: Person, repo: Repository) -> Sequence[Delivery]:
    """A delivery for each hook on the repository that subscribed to it."""
    hooks = hooks_on(platform.state, repo)
    if not hooks:
        return ()
    return [
        platform.outbox.add(platform.slug, hook.id, event, action, msgspec.json.encode(body))
        for event, action, body in platform.payloads(happening, person, repo)
        for hook in hooks
        if hook.wants(event)
    ]


def show(hook: Hook, api: str) -> dict[str, Any]:
    root = f"{api}/repos/{hook.place}/hooks/{hook.id}"
    config = {"content_type": hook.form, "insecure_ssl": "0", "url": hook.url}
    if hook.secret:
        config["secret"] = "********"  # noqa: S105 (what GitHub shows in place of it)
    last = {"code": hook.last_code, "status": "unused", "message": None}
    if hook.last_code is not None:
        last.update(status="active" if hook.last_status == "OK" else "failed", message=hook.last_status)
    return {
        "type": "Repository",
        "id": hook.id,
        "name": "web",
        "active": bool(hook.active),
        "events": hook.subscribed,
        "config": config,
        "created_at": iso_seconds(hook.created_at),
        "updated_at": iso_seconds(hook.updated_at),
        "url": root,
        "test_url": f"{root}/test",
        "ping_url": f"{root}/pings",
        "deliveries_url": f"{root}/deliveries",
        "last_response": last,
    }


class Config(msgspec.Struct):
    url: str | None = None
    content_type: str | None = None
    secret: str | None = None
    insecure_ssl: Any = None


class HookOrder(msgspec.Struct):
    config: Config = msgspec.field(default_factory=Config)
    name: str = "web"
    active: bool | None = None
    events: list[str] | None = None


def refusal(order: HookOrder, others: list[Hook], url: str, events: list[str]) -> str | None:
    """Why GitHub doesn't take such a hook."""
    if order.name != "web":
        return "The name can only be 'web'"
    if not is_here(url):
        return "url is not supported because it isn't reachable from this sandbox, which only calls this machine"
    if order.config.content_type not in (None, "json", "form"):
        return "content_type must be json or form"
    if unknown := set(events) - KNOWN_EVENTS:
        return f"These events are not allowed for this hook: {', '.join(sorted(unknown))}"
    if any(other.url == url and set(other.subscribed) == set(events) for other in others):
        return "Hook already exists on this repository"
    if any(sum(event in other.subscribed for other in others) >= MOST_HOOKS for event in events):
        return f"The {events[0]} event cannot have more than {MOST_HOOKS} hooks"
    return None
