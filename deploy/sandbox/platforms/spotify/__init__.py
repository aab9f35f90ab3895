"""Spotify as the sandbox plays it. It pushes nothing."""

from collections.abc import Callable
from typing import Any, ClassVar

from deploy.sandbox import calls
from deploy.sandbox.outbox import Outbox
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import Happened, Route, SandboxPlatform
from deploy.sandbox.platforms.spotify import requests
from deploy.sandbox.platforms.spotify.catalogue import made_up_id
from deploy.sandbox.platforms.spotify.player import Player
from deploy.sandbox.state import State
from deploy.sandbox.tokens import TokenRules

SIX_MONTHS = 183 * 86_400


class Spotify(SandboxPlatform):
    slug = "spotify"
    credentials = "SPOTIFY"
    kinds = ("play", "local", "now_playing", "episode", "ad", "stop")
    rules: ClassVar[TokenRules] = TokenRules(
        access=3_600,
        refresh=SIX_MONTHS,
        scope="user-read-recently-played user-read-currently-playing user-read-private",
        access_prefix="BQ",
        refresh_prefix="AQ",
        ends_from_consent=True,
    )

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        super().__init__(state, outbox, now, root)
        self.player = Player(state, self.slug)

    def routes(self) -> list[Route]:
        return requests.routes(self)

    def begin(self, person: Person) -> None:
        self.player.begin(person, self._now_ms())

    def act(self, person: Person, kind: str, where: str | None) -> Happened:
        if where is not None:
            raise LookupError(where)
        user, now = person.name, self._now_ms()
        if kind in ("play", "local"):
            play = self.player.play(user, now, local=kind == "local")
            return Happened(f"{calls.iso(play.at / 1000)}:{requests.track_of(play).key}")
        if kind == "stop":
            self.player.stop(user, now)
            return Happened(f"stop:{now}")
        on = self.player.start(user, {"now_playing": "track"}.get(kind, kind), now)
        return Happened(f"{kind}:{on.since}")

    def lose_cursors(self, user: str | None) -> None:
        """50 plays at once, for those who have been here: what a cursor pointed at is no longer remembered."""
        known = self.state.all("SELECT user FROM accounts WHERE platform = ?", self.slug)
        with self.state.change():
            for (name,) in known:
                if user in (None, name):
                    self.player.overrun(name, self._now_ms())

    def profile(self, person: Person) -> dict[str, Any]:
        own = f"{person.name}_listens"
        return {
            "account_id": made_up_id("account", person.name),
            "id": own,
            "display_name": person.shown,
            "uri": f"spotify:user:{own}",
            "href": f"https://api.spotify.com/v1/users/{own}",
            "external_urls": {"spotify": f"https://open.spotify.com/user/{own}"},
            "images": [],
            "type": "user",
        }

    def _now_ms(self) -> int:
        return int(self.now() * 1000)
