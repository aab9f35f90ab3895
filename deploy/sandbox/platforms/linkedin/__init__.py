"""LinkedIn as the sandbox plays it: it says who somebody is, and pushes nothing."""

from collections.abc import Callable
from typing import ClassVar

from deploy.sandbox.outbox import Outbox
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import Happened, Route, SandboxPlatform
from deploy.sandbox.platforms.linkedin import requests
from deploy.sandbox.platforms.linkedin.profiles import Profiles
from deploy.sandbox.signing import SigningKey
from deploy.sandbox.state import State
from deploy.sandbox.tokens import TokenRules

SIXTY_DAYS = 60 * 86_400
HOUR = 3_600


class LinkedIn(SandboxPlatform):
    """The app is everybody's, without refresh tokens. An order of `lifetime` with `refresh` makes it a partner's."""

    slug = "linkedin"
    credentials = "LINKEDIN"
    kinds = ("profile_changed",)
    denial = "user_cancelled_authorize"
    rules: ClassVar[TokenRules] = TokenRules(
        access=SIXTY_DAYS,
        refresh=None,
        scope="email,openid,profile",
        access_prefix="AQX",
        refresh_prefix="AQW",
        ends_from_consent=True,
        endless_refresh=False,
        access_bytes=520,
    )

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        super().__init__(state, outbox, now, root)
        self.profiles = Profiles(state, self.slug)
        self.key = SigningKey(state, self.slug, f"{self.root}/oauth")

    def routes(self) -> list[Route]:
        return requests.routes(self)

    def begin(self, person: Person) -> None:
        """Nobody has a history here: a profile is only what it is."""

    def act(self, person: Person, kind: str, where: str | None) -> Happened:
        if where is not None:
            raise LookupError(where)
        return Happened(f"{self.profiles.change(person)}:{int(self.now())}")

    def lose_cursors(self, user: str | None) -> None:
        """There are none."""

    def identity_token(self, person: Person) -> str:
        now = int(self.now())
        times = {"aud": self.client_id, "iat": now, "exp": now + HOUR}
        return self.key.sign({**self.profiles.shown(person, now), **times})
