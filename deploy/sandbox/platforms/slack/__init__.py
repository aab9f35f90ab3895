"""Slack as the sandbox plays it: one workspace with everybody in it."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from deploy.sandbox import people
from deploy.sandbox.outbox import Delivery, Outbox
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import Happened, Route, SandboxPlatform
from deploy.sandbox.platforms.slack import methods, oauth, workspace
from deploy.sandbox.platforms.slack.conversations import Conversations, timestamp
from deploy.sandbox.platforms.slack.events import Events
from deploy.sandbox.platforms.slack.requests import Allowance
from deploy.sandbox.platforms.slack.workspace import Channel, Member
from deploy.sandbox.state import State
from deploy.sandbox.tokens import TokenRules

SCOPES = (
    "channels:read,groups:read,im:read,mpim:read,channels:history,groups:history,im:history,mpim:history,"
    "reactions:read,users:read"
)


class Slack(SandboxPlatform):
    slug = "slack"
    credentials = "SLACK"
    kinds = ("message", "dm", "reaction", "channel_created", "member_joined", "message_twice", "app_uninstalled")
    rules: ClassVar[TokenRules] = TokenRules(
        access=43_200,
        refresh=None,
        scope=SCOPES,
        access_prefix="xoxe.xoxp-1-",
        refresh_prefix="xoxe-1-",
        rotates=True,
        may_not_expire=True,
        lasting_prefix="xoxp-",
    )

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        super().__init__(state, outbox, now, root)
        self.conversations = Conversations(state, self.slug)
        self.events = Events(self)
        self.allowance = Allowance(now)

    def routes(self) -> list[Route]:
        return [*oauth.routes(self), *methods.routes(self)]

    def begin(self, person: Person) -> None:
        self.conversations.begin(person, self._now_ms())

    def connected(self) -> list[str]:
        """Who has given the app access, and not taken it away."""
        sql = "SELECT DISTINCT user FROM grants WHERE platform = ? AND live ORDER BY id"
        return [name for (name,) in self.state.all(sql, self.slug)]

    # -- what happens there --------------------------------------------------------------------------
    def act(self, person: Person, kind: str, where: str | None) -> Happened:
        now = self._now_ms()
        match kind:
            case "message" | "message_twice":
                channel = self._place(person, where)
                return self._say(channel, self._other(channel, person), 2 if kind == "message_twice" else 1)
            case "dm":
                other = self._partner(person, where)
                return self._say(workspace.direct(workspace.member(person), other), other)
            case "reaction":
                return self._react(person, self._place(person, where), now)
            case "channel_created":
                _nowhere(where)
                channel = self.conversations.make(person, now)
                return Happened(channel.id, self.events.made(channel, now))
            case "member_joined":
                channel = self._place(person, where)
                note = self.conversations.join(channel, now)
                return Happened(f"{channel.id}:{timestamp(note)}", self.events.joined(channel, note))
        _nowhere(where)
        return self._uninstall(now)

    def _say(self, channel: Channel, author: Member, times: int = 1) -> Happened:
        message = self.conversations.say(channel, author, self._now_ms())
        return Happened(f"{channel.id}:{timestamp(message)}", self.events.said(channel, message, times))

    def _react(self, person: Person, channel: Channel, now: int) -> Happened:
        own = workspace.member(person)
        on = self.conversations.latest_of(channel, own)
        if on is None:  # a channel that was just made
            on = self.conversations.say(channel, own, now)
        other = self._other(channel, person)
        name = self.conversations.react(channel, other, on)
        return Happened(f"{channel.id}:{timestamp(on)}", self.events.reacted(channel, other, name, on, now))

    def _uninstall(self, now: int) -> Happened:
        """An administrator removes the app from the workspace. Which of the two events comes first isn't certain."""
        who = [workspace.member(people.known(name)) for name in self.connected()]
        self.tokens.revoke(None)
        told = [*self.events.withdrawn(who, now), *self.events.uninstalled(now)]
        if self.state.count_up(self.slug, "", "uninstalled") % 2:
            told.reverse()
        if told:
            self.events.in_turn(*told)
        return Happened(f"uninstalled:{now}", told)

    def withdraw(self, name: str | None) -> None:
        who = [workspace.member(people.known(one)) for one in self.connected() if name in (None, one)]
        with self.state.change():
            super().withdraw(name)
            deliveries = self.events.withdrawn(who, self._now_ms()) if who else ()
        self.dispatch(deliveries)

    def dispatch(self, deliveries: Sequence[Delivery]) -> None:
        self.events.send(deliveries)

    def lose_cursors(self, user: str | None) -> None:
        """The pages' cursors given out so far are not taken any more."""
        self.state.count_up(self.slug, user or "", "cursors")

    def cursors(self, user: str) -> str:
        """What every cursor of this person's carries, so that it can be lost."""
        return f"{self.state.fact(self.slug, '', 'cursors')}.{self.state.fact(self.slug, user, 'cursors')}"

    # -- where, and with whom ------------------------------------------------------------------------
    def _place(self, person: Person, where: str | None) -> Channel:
        """A channel by name or id; in turn one of theirs. What is of everybody is left to those with a name."""
        own = [channel for channel in self.conversations.of(person) if channel.kind != "im"]
        if where is not None:
            found = next((one for one in own if where.lstrip("#") in (one.name, one.id)), None)
            if found is None:
                raise LookupError(where)
            return found
        if person.name not in people.NAMED:
            own = [channel for channel in own if channel.id not in (workspace.GENERAL.id, workspace.RANDOM.id)]
        return own[self.state.count_up(self.slug, person.name, "turn", 0) % len(own)]

    def _partner(self, person: Person, where: str | None) -> Member:
        partners = workspace.partners(person)
        if where is not None:
            found = next((one for one in partners if where.lstrip("@") in (one.resident, one.id)), None)
            if found is None:
                raise LookupError(where)
            return found
        return partners[self.state.count_up(self.slug, person.name, "letters", 0) % len(partners)]

    def _other(self, channel: Channel, person: Person) -> Member:
        """In turn one of the others there; where there is nobody else, a colleague who looks in."""
        own = workspace.member(person).id
        others = [one for one in channel.known_members() if one.id != own] or list(workspace.COLLEAGUES)
        return others[self.state.count_up(self.slug, channel.id, "speakers", 0) % len(others)]

    def _now_ms(self) -> int:
        return int(self.now() * 1000)


def _nowhere(where: str | None) -> None:
    if where is not None:
        raise LookupError(where)
