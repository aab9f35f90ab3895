"""What was said in the sandbox's Slack, and which conversations came to be. A message belongs to its conversation."""

import uuid
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from deploy.sandbox import people
from deploy.sandbox.happenings import Happening, Happenings
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.slack import talk, workspace
from deploy.sandbox.platforms.slack.workspace import Channel, Member
from deploy.sandbox.state import State

HOUR_MS = 3_600_000
MADE = "made"
"""Under this name the conversations that people made are kept."""


class Conversations:
    def __init__(self, state: State, platform: str) -> None:
        self._state = state
        self._platform = platform
        self._happenings = Happenings(state, platform)

    # -- which there are -----------------------------------------------------------------------------
    def of(self, person: Person) -> list[Channel]:
        """Those that somebody is in, the oldest first."""
        own = workspace.member(person)
        made = [channel for channel in self._made() if channel.has(own)]
        return [*workspace.standing(person), *made]

    def public(self) -> list[Channel]:
        residents = self._state.all("SELECT user FROM accounts WHERE platform = ?", self._platform)
        numbered = [people.known(name) for (name,) in residents if name not in people.NAMED]
        desks = {desk.id: desk for desk in map(workspace.desk, numbered)}
        made = [channel for channel in self._made() if channel.kind == "public"]
        return [workspace.GENERAL, workspace.RANDOM, workspace.READING_ROOM, *desks.values(), *made]

    def find(self, person: Person, id_: str) -> Channel | None:
        """One that somebody may look into: theirs, or a public one."""
        own = next((channel for channel in self.of(person) if channel.id == id_), None)
        return own or next((channel for channel in self.public() if channel.id == id_), None)

    def make(self, creator: Person, now: int) -> Channel:
        name = talk.new_name(self._state.count_up(self._platform, "", "channels made", 0))
        own = workspace.member(creator)
        id_ = workspace.made_up_id("C", "made", name)
        channel = Channel(id_, "public", name, own.id, now // 1000, members=(own.id,))
        self._happenings.add(MADE, "channel", now, msgspec.to_builtins(channel))
        return channel

    def _made(self) -> list[Channel]:
        rows = self._happenings.latest(MADE, 1 << 30)
        return [msgspec.convert(row.body, Channel) for row in reversed(rows)]

    # -- what was said -------------------------------------------------------------------------------
    def begin(self, person: Person, now: int) -> None:
        """Some days of talk in each of their conversations that is still silent."""
        for channel in workspace.standing(person):
            if self._newest(channel) == 0:
                self._fill(channel, now)

    def _fill(self, channel: Channel, now: int) -> None:
        dice = Random(f"slack {channel.id}")
        count = dice.randrange(4, 9) if channel.kind == "im" else dice.randrange(9, 22)
        times = sorted(now - int(dice.uniform(0.05, 140.0) * HOUR_MS) for _ in range(count))
        for at in times:
            self.say(channel, dice.choice(channel.known_members()), at)

    def say(self, channel: Channel, author: Member, now: int) -> Happening:
        turn = self._state.count_up(self._platform, channel.id, "said", Random(channel.id).randrange(8))
        return self._add(channel, now, {"user": author.id, "text": talk.text(channel, turn)})

    def join(self, channel: Channel, now: int) -> Happening:
        """Somebody new comes in. They are remembered by what the conversation says of it."""
        joined = workspace.newcomer(self._state.count_up(self._platform, "", "newcomers", 0))
        body = {"user": joined.id, "text": f"<@{joined.id}> has joined the channel", "subtype": "channel_join"}
        return self._add(channel, now, {**body, "inviter": channel.creator})

    def react(self, channel: Channel, reacting: Member, on: Happening) -> str:
        """The name of the reaction, one that this person hasn't given yet."""
        given: list[dict[str, Any]] = on.body.get("reactions", [])
        taken = [one["name"] for one in given if reacting.id in one["users"]]
        turn = self._state.count_up(self._platform, "", "reactions", 0)
        names = talk.REACTIONS[turn % len(talk.REACTIONS) :] + talk.REACTIONS
        name = next((name for name in names if name not in taken), names[0])
        kept = {one["name"]: one["users"] for one in given}
        kept[name] = [*kept.get(name, []), reacting.id]
        reactions = [{"name": name, "users": users, "count": len(users)} for name, users in kept.items()]
        text = msgspec.json.encode({**on.body, "reactions": reactions}).decode()
        self._state.run("UPDATE happenings SET body = ? WHERE id = ?", text, on.id)
        return name

    def _add(self, channel: Channel, now: int, body: dict[str, Any]) -> Happening:
        """No two messages of a conversation have the same time: it is their name."""
        at = max(now, self._newest(channel) + 1)
        own = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{channel.id} {at}"))
        return self._happenings.add(channel.id, "message", at, {**body, "client_msg_id": own})

    def _newest(self, channel: Channel) -> int:
        return self._happenings.newest(channel.id)[1]

    # -- reading -------------------------------------------------------------------------------------
    def between(self, channel: Channel, after: int, before: int, limit: int) -> list[Happening]:
        """Newest first; both ends exclusive, in microseconds."""
        tail = _tail(channel.id)
        rows = self._state.all(
            "SELECT id, user, kind, at, body FROM happenings WHERE platform = ? AND user = ?"
            " AND at > ? AND at < ? ORDER BY at DESC LIMIT ?",
            self._platform, channel.id, (after - tail) // 1000, -((tail - before) // 1000), limit,
        )  # fmt: skip
        return [Happening(row, user, kind, at, msgspec.json.decode(body)) for row, user, kind, at, body in rows]

    def latest_of(self, channel: Channel, author: Member) -> Happening | None:
        """Their own latest message there, or whoever's it is."""
        latest = [one for one in self._happenings.latest(channel.id, 200) if "subtype" not in one.body]
        return next((one for one in latest if one.body["user"] == author.id), latest[0] if latest else None)


# -- how it shows -----------------------------------------------------------------------------------


def _tail(channel_id: str) -> int:
    """The last three digits of a conversation's timestamps."""
    return int(channel_id[-4:], 36) % 1000


def timestamp(message: Happening) -> str:
    """`1795173600.000100`: when it was said, and its name in its conversation. `user` is the conversation's id."""
    return f"{message.at // 1000}.{message.at % 1000:03}{_tail(message.user):03}"


def shown(message: Happening) -> dict[str, Any]:
    """As `conversations.history` has it; an event has the same."""
    body = dict(message.body)
    own: dict[str, Any] = {"type": "message", "user": body["user"], "text": body["text"], "ts": timestamp(message)}
    if subtype := body.get("subtype"):
        return {**own, "subtype": subtype, "inviter": body["inviter"]}
    own |= {"client_msg_id": body["client_msg_id"], "team": workspace.TEAM, "blocks": list(_blocks(message))}
    return {**own, "reactions": body["reactions"]} if "reactions" in body else own


def _blocks(message: Happening) -> Iterator[dict[str, Any]]:
    elements = [{"type": "text", "text": message.body["text"]}]
    section = {"type": "rich_text_section", "elements": elements}
    yield {"type": "rich_text", "block_id": message.body["client_msg_id"][:5], "elements": [section]}
