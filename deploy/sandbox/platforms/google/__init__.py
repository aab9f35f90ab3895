"""What the sandbox's Gmail, Google Calendar and YouTube share: accounts, consent, tokens, keys, quotas."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from deploy.sandbox.outbox import Outbox
from deploy.sandbox.platforms.base import Route, SandboxPlatform
from deploy.sandbox.platforms.google import oauth
from deploy.sandbox.platforms.google.requests import Nowhere
from deploy.sandbox.platforms.google.tokens import ALIASES, GoogleTokens, Wishes
from deploy.sandbox.signing import SigningKey
from deploy.sandbox.state import State

ISSUER = "https://accounts.google.com"

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
        self.key = SigningKey(state, "google", ISSUER)

    def routes(self) -> list[Route]:
        return [*oauth.routes(self), *self.own_routes(), (rf"/{self.slug}/.*", Nowhere, {"platform": self})]

    # -- consent -------------------------------------------------------------------------------------
    def optional_scopes(self, scope: str) -> Sequence[str]:
        return [self.needs] if self.needs in scope.split() else []

    def consented(self, name: str, asked: Mapping[str, str], left_out: Collection[str]) -> str:
        """A refresh token only for who wants lasting access, and a second one only after being asked anew."""
        named = asked["scope"].split()
        wanted = {ALIASES.get(scope, scope) for scope in named or self.rules.scope.split()} - set(left_out)
        scopes = [scope for scope in self.rules.scope.split() if scope in wanted]
        if asked["include_granted_scopes"] == "true":
            before = [scope for scope in self.tokens.granted(name) if scope not in left_out]
            scopes = list(dict.fromkeys([*scopes, *before]))
        is_asked_anew = "consent" in asked["prompt"].split() or not self.tokens.has_consented(name)
        wishes = Wishes(" ".join(scopes), asked["access_type"] == "offline" and is_asked_anew)
        return self.tokens.consent_to(name, asked["redirect_uri"], asked["code_challenge"] or None, wishes)

    @abstractmethod
    def own_routes(self) -> list[Route]: ...

    @abstractmethod
    def spend(self, user: str, cost: int) -> Refusal | None:
        """Takes units off the quota, or says how the call is refused."""
