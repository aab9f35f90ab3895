"""What all requests to Slack share: 200 whatever is said, whose token it is, and how often a method may be called."""

import math
from collections import defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from deploy.sandbox.faults import Fault
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import PlatformHandler

if TYPE_CHECKING:
    from deploy.sandbox.platforms.slack import Slack

MINUTE = 60.0
ONE_A_MINUTE, TIERS = "one_a_minute", "tiers"
"""Reasons of a rate limit: these let calls pass, as many as Slack does."""
READS = ("conversations.history", "conversations.replies")
PER_MINUTE = {
    ONE_A_MINUTE: dict.fromkeys(READS, 1),
    TIERS: {"users.conversations": 50, "conversations.list": 20, "users.info": 100, **dict.fromkeys(READS, 50)},
}
"""Calls of a method in a workspace: of an app sold outside the Marketplace since 2025, and of all others."""
STRICT_PAGE = 15


class Allowance:
    """The calls of the past minute, by method. There is one workspace, so that its users share them."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def spend(self, method: str, most: int) -> float:
        """0: the call is in order. Else the seconds until the next one is."""
        calls, now = self._calls[method], self._now()
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        if len(calls) >= most:
            return calls[0] + MINUTE - now
        calls.append(now)
        return 0.0


class SlackHandler(PlatformHandler):
    platform: "Slack"
    strict = False
    """History comes in pages of 15."""

    def say(self, body: dict[str, Any]) -> None:
        self.answer(200, {"ok": True, **body})

    def refuse(self, error: str, status: int = 200, **more: Any) -> None:
        self.answer(status, {"ok": False, "error": error, **more})

    # -- faults --------------------------------------------------------------------------------------
    def say_down(self) -> None:
        self.refuse("service_unavailable", 503)

    def say_rate_limited(self, fault: Fault) -> None:
        method = self.request.path.rpartition("/")[2]
        if fault.reason not in PER_MINUTE:
            self._too_many(self.platform.faults.remaining(fault) or 30)
            return
        self.strict = fault.reason == ONE_A_MINUTE
        most = PER_MINUTE[fault.reason].get(method)
        wait = self.platform.allowance.spend(method, most) if most is not None else 0.0
        if wait:
            self._too_many(wait)

    def _too_many(self, wait: float) -> None:
        self.set_header("Retry-After", str(math.ceil(wait)))
        self.refuse("ratelimited", 429)

    def write_error(self, status_code: int, **_: Any) -> None:
        if status_code == 405:
            self.refuse("invalid_post_type")
        else:
            self.refuse("internal_error", 500)


class SignedIn(SlackHandler):
    """Needs a token that is good; in the header or, where there is one, in the form."""

    person: Person

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:
            return
        if self.held is None:
            self.refuse("invalid_auth" if self.bearer() else "not_authed")
        elif not self.held.live:
            self.refuse("token_expired" if self.held.state == "expired" else "token_revoked")
        else:
            self.person = self.platform.person(self.held.user)
            self.set_header("X-OAuth-Scopes", self.held.scope)

    def bearer(self) -> str | None:
        return super().bearer() or self.get_body_argument("token", "") or None
