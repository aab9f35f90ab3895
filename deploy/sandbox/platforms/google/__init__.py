"""What the sandbox's Gmail, Google Calendar and YouTube share: accounts, consent, tokens, keys, quotas."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from deploy.sandbox.outbox import Outbox
from deploy.sandbox.platforms.base import Route, SandboxPlatform
from deploy.sandbox.platforms.google import oauth
from deploy.sandbox.platforms.google.keys import SigningKey
from deploy.sandbox.platforms.google.requests import Nowhere
from deploy.sandbox.platforms.google.tokens import GoogleTokens
from deploy.sandbox.state import State

Refusal = tuple[str, str, str]
"""Message, reason and domain of a 403."""


class GooglePlatform(SandboxPlatform):
    credentials = "GOOGLE"
    needs: ClassVar[str]
    """The scope without which its API shows nothing."""
    names_statuses: ClassVar[bool] = False
    """Its refusals have a `status` in words."""

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        super().__init__(state, outbox, now, root)
        self.tokens: GoogleTokens = GoogleTokens(state, self.slug, self.rules, now)
        self.key = SigningKey(state)

    def routes(self) -> list[Route]:
        return [*oauth.routes(self), *self.own_routes(), (rf"/{self.slug}/.*", Nowhere, {"platform": self})]

    @abstractmethod
    def own_routes(self) -> list[Route]: ...

    @abstractmethod
    def spend(self, user: str, cost: int) -> Refusal | None:
        """Takes units off the quota, or says how the call is refused."""
