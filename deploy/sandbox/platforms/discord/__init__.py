"""Discord as the sandbox plays it: what a user's token opens, and the events of the app's own standing."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from deploy.sandbox import people
from deploy.sandbox.outbox import Delivery, Outbox
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import Happened, Route, SandboxPlatform
from deploy.sandbox.platforms.discord import api, oauth
from deploy.sandbox.platforms.discord.events import Events
from deploy.sandbox.platforms.discord.limits import Buckets, Refusals
from deploy.sandbox.platforms.discord.servers import Servers, guild_id, profile
from deploy.sandbox.state import State
from deploy.sandbox.tokens import TokenRules

APPLICATION_ID = "1234560123453231555"


class Discord(SandboxPlatform):
    slug = "discord"
    credentials = "DISCORD"
    kinds = ("guild_joined", "guild_left", "guild_renamed", "wrong_signature")
    rules: ClassVar[TokenRules] = TokenRules(
        access=604_800, refresh=None, scope="identify guilds", access_prefix="", refresh_prefix="", rotates=True
    )

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        super().__init__(state, outbox, now, root)
        self.application_id = APPLICATION_ID
        self.servers = Servers(state, self.slug)
        self.events = Events(self)
        self.buckets = Buckets(now)
        self.refusals = Refusals(now)

    def routes(self) -> list[Route]:
        return [*oauth.routes(self), *api.routes(self)]

    def begin(self, person: Person) -> None:
        self.servers.begin(person)

    # -- what happens there --------------------------------------------------------------------------
    def act(self, person: Person, kind: str, where: str | None) -> Happened:
        """The poll's own names for these carry the time of the poll: all that there is here is the server's id."""
        if kind in ("guild_joined", "wrong_signature") and where is not None:
            raise LookupError(where)
        match kind:
            case "wrong_signature":
                return Happened(f"wrong_signature:{int(self.now())}", self.events.probe())
            case "guild_joined":
                number = self.servers.join(person)
            case "guild_left":
                number = self._place(person, where, own=False)
                self.servers.leave(person, number)
            case _:
                number = self._place(person, where, own=True)
                self.servers.rename(number)
        return Happened(guild_id(number))

    def _place(self, person: Person, where: str | None, own: bool) -> int:
        """One that somebody is in, in turn; nobody leaves what is theirs."""
        if where is not None:
            found = self.servers.find(person, where)
            if found is None:
                raise LookupError(where)
            return found
        numbers = [one.number for one in self.servers.of(person) if own or not one.owner]
        if not numbers:
            raise LookupError("any server that they could leave")
        return numbers[self.state.count_up(self.slug, person.name, "turn", 0) % len(numbers)]

    def withdraw(self, name: str | None) -> None:
        sql = "SELECT DISTINCT user FROM grants WHERE platform = ? AND live AND (? IS NULL OR user = ?)"
        who = [people.known(one) for (one,) in self.state.all(sql, self.slug, name, name)]
        with self.state.change():
            super().withdraw(name)
            deliveries = [one for person in who for one in self.events.deauthorized(profile(person))]
        self.dispatch(deliveries)

    def dispatch(self, deliveries: Sequence[Delivery]) -> None:
        self.events.door.send(deliveries)

    def lose_cursors(self, user: str | None) -> None:
        """There are none: who reads here compares what they see with what they saw."""
