"""The methods of Slack's Web API that users' tokens are good for."""

import base64
import re
from collections.abc import Sequence
from typing import Any

from deploy.sandbox.platforms.base import Route, SandboxPlatform
from deploy.sandbox.platforms.slack import workspace
from deploy.sandbox.platforms.slack.conversations import shown
from deploy.sandbox.platforms.slack.requests import STRICT_PAGE, SignedIn, SlackHandler
from deploy.sandbox.platforms.slack.workspace import Channel, Member

MOST_CHANNELS, MOST_MESSAGES = 1000, 999
DEFAULT = 100
FAR = 1 << 60
"""Microseconds: beyond any message."""
KINDS = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}
_TIMESTAMP = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?", re.ASCII)


def routes(platform: SandboxPlatform) -> list[Route]:
    given = {"platform": platform}
    return [
        (r"/slack/api/auth\.test", Test, given),
        (r"/slack/api/auth\.revoke", Revoke, given),
        (r"/slack/api/(users\.conversations|conversations\.list)", Conversations, given),
        (r"/slack/api/conversations\.info", Info, given),
        (r"/slack/api/conversations\.history", History, given),
        (r"/slack/api/users\.info", User, given),
        (r"/slack/api/(.*)", Unknown, given),
    ]


class Unknown(SlackHandler):
    def get(self, method: str) -> None:
        self.refuse("unknown_method", req_method=method)

    post = get


class Test(SignedIn):
    def get(self) -> None:
        own = workspace.member(self.person)
        told: dict[str, Any] = {"url": workspace.URL, "team": workspace.TEAM_NAME, "user": own.handle}
        told |= {"team_id": workspace.TEAM, "user_id": own.id, "is_enterprise_install": False}
        if self.held is not None and self.held.ends_at is not None:
            told["expires_in"] = int(self.held.ends_at - self.platform.now())
        self.say(told)

    post = get


class Revoke(SignedIn):
    """`test=true` only says what would be."""

    def get(self) -> None:
        assert self.held is not None
        test = self.get_argument("test", "") in ("true", "1")
        if not test:
            self.platform.tokens.revoke_grant(self.held.grant)
        self.say({"revoked": not test})

    post = get


class Paged(SignedIn):
    """`limit`, and a cursor that is nobody's but Slack's; at the end it is an empty string."""

    def limit(self, most: int, default: int = DEFAULT) -> int | None:
        """None when it is refused."""
        told = self.get_argument("limit", "") or str(default)
        if not told.isdecimal() or len(told) > 6 or not 1 <= int(told) <= most:
            self.refuse("invalid_limit")
            return None
        return int(told)

    def cursor(self, name: str) -> str | None:
        """What the cursor carries; empty for none, None when it is refused."""
        given = self.get_argument("cursor", "")
        if not given:
            return ""
        try:
            kind, where, of = base64.b64decode(given, validate=True).decode().split(":")
        except ValueError:
            kind, where, of = "", "", ""
        if kind != name or of != self._mark():
            self.refuse("invalid_cursor")
            return None
        return where

    def following(self, name: str, where: object) -> str:
        return base64.b64encode(f"{name}:{where}:{self._mark()}".encode()).decode()

    def _mark(self) -> str:
        return self.platform.cursors(self.person.name)


class Conversations(Paged):
    """`users.conversations` has one's own, `conversations.list` the other public ones too."""

    def get(self, method: str) -> None:
        limit, after = self.limit(MOST_CHANNELS), None
        if limit is not None:
            after = self.cursor("team")
        if limit is None or after is None:
            return
        types = {KINDS.get(type_.strip()) for type_ in self.get_argument("types", "public_channel").split(",")}
        if None in types:
            self.refuse("invalid_types")
            return
        listed = sorted((one for one in self._all(method) if one.kind in types), key=lambda one: one.id)
        rest = [one for one in listed if one.id > after]
        page = rest[:limit]
        following = self.following("team", page[-1].id) if len(rest) > limit else ""
        own = workspace.member(self.person)
        channels = [_channel(one, own, mine=method == "users.conversations") for one in page]
        self.say({"channels": channels, "response_metadata": {"next_cursor": following}})

    post = get

    def _all(self, method: str) -> Sequence[Channel]:
        own = self.platform.conversations.of(self.person)
        if method == "users.conversations":
            return own
        return list({one.id: one for one in [*self.platform.conversations.public(), *own]}.values())


class Info(SignedIn):
    def get(self) -> None:
        channel = self.platform.conversations.find(self.person, self.get_argument("channel", ""))
        if channel is None:
            self.refuse("channel_not_found")
        else:
            self.say({"channel": _channel(channel, workspace.member(self.person), mine=False)})

    post = get


def _channel(channel: Channel, own: Member, mine: bool) -> dict[str, Any]:
    """`users.conversations` leaves out what all of its answers have in common: that one is a member."""
    created = {"created": channel.created, "updated": channel.created * 1000, "context_team_id": workspace.TEAM}
    common = {"id": channel.id, **created, "is_archived": False, "is_org_shared": False}
    if channel.kind == "im":
        other = next(id_ for id_ in channel.members or () if id_ != own.id)
        return {**common, "is_im": True, "user": other, "is_user_deleted": False, "priority": 0}
    told = {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.kind == "private",
        "is_general": channel.id == workspace.GENERAL.id,
        "is_shared": False,
        "creator": channel.creator,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": channel.creator, "last_set": channel.created},
    }
    return told if mine else {**told, "is_member": channel.has(own), "num_members": len(channel.known_members())}


class History(Paged):
    """Newest first. `oldest` and `latest` are exclusive unless `inclusive`."""

    def get(self) -> None:
        channel = self.platform.conversations.find(self.person, self.get_argument("channel", ""))
        if channel is None:
            self.refuse("channel_not_found")
            return
        limit = self.limit(MOST_MESSAGES)
        before = self.cursor("next_ts") if limit is not None else None
        if limit is None or before is None:
            return
        if self.strict:
            limit = min(limit, STRICT_PAGE)
        ends = self._ends()
        if ends is None:
            self.refuse("invalid_ts_oldest")
            return
        oldest, latest = ends
        found = self.platform.conversations.between(channel, oldest, min(latest, int(before or FAR)), limit + 1)
        self._show(channel, [shown(message) for message in found], limit)

    post = get

    def _ends(self) -> tuple[int, int] | None:
        """In microseconds, exclusive."""
        oldest, latest = (self.get_argument(name, "") for name in ("oldest", "latest"))
        if not all(_TIMESTAMP.fullmatch(ts) for ts in (oldest, latest) if ts):
            return None
        inclusive = 1 if self.get_argument("inclusive", "") in ("true", "1") else 0
        return (_micros(oldest) - inclusive if oldest else -1), (_micros(latest) + inclusive if latest else FAR)

    def _show(self, channel: Channel, messages: list[dict[str, Any]], limit: int) -> None:
        page, more = messages[:limit], len(messages) > limit
        following = self.following("next_ts", _micros(page[-1]["ts"])) if more else ""
        told = {"messages": page, "has_more": more, "pin_count": 0, "channel_actions_ts": None}
        self.say({**told, "channel_actions_count": 0, "response_metadata": {"next_cursor": following}})


def _micros(ts: str) -> int:
    match = _TIMESTAMP.fullmatch(ts)
    assert match is not None
    return int(match[1]) * 1_000_000 + int((match[2] or "0").ljust(6, "0"))


class User(SignedIn):
    def get(self) -> None:
        found = workspace.find_member(self.get_argument("user", ""))
        if found is None:
            self.refuse("user_not_found")
            return
        profile = {"real_name": found.shown, "display_name": found.handle, "team": workspace.TEAM}
        own = {"id": found.id, "team_id": workspace.TEAM, "name": found.handle, "deleted": False, "is_bot": False}
        self.say({"user": {**own, "real_name": found.shown, "tz": "Etc/UTC", "profile": profile}})

    post = get
