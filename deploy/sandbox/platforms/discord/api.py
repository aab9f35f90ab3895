"""Discord's API as far as users' tokens open it: who somebody is, and which servers they are in."""

from typing import Any, ClassVar

from deploy.sandbox.calls import iso_seconds
from deploy.sandbox.platforms.base import Route, SandboxPlatform
from deploy.sandbox.platforms.discord.limits import Rate
from deploy.sandbox.platforms.discord.requests import DiscordHandler, SignedIn
from deploy.sandbox.platforms.discord.servers import guild_id, profile

MOST = 200


def routes(platform: SandboxPlatform) -> list[Route]:
    given = {"platform": platform}
    return [
        (r"/discord/api/v10/users/@me", Me, given),
        (r"/discord/api/v10/users/@me/guilds", Guilds, given),
        (r"/discord/api/v10/oauth2/@me", Standing, given),
        (r"/discord/.*", Nowhere, given),
    ]


class Nowhere(DiscordHandler):
    def get(self) -> None:
        self.refuse(404, "404: Not Found")

    post = patch = put = delete = get


class Me(SignedIn):
    rate: ClassVar[Rate] = Rate(5, 5.0)

    def get(self) -> None:
        self.answer(200, profile(self.person))


class Standing(SignedIn):
    """What the token is good for."""

    rate: ClassVar[Rate] = Rate(5, 5.0)

    def get(self) -> None:
        assert self.held is not None
        assert self.held.ends_at is not None
        application: dict[str, Any] = {"id": self.platform.application_id, "name": "Soulwire", "icon": None}
        application |= {"description": "", "bot_public": False, "verify_key": self.platform.events.key}
        expires = iso_seconds(self.held.ends_at).replace("Z", ".000000+00:00")
        told = {"application": application, "scopes": self.held.scope.split(), "expires": expires}
        self.answer(200, {**told, "user": profile(self.person)})


class Guilds(SignedIn):
    """By id, one way or the other from a given one. One call a second is all that there is."""

    rate: ClassVar[Rate] = Rate(1, 1.0)

    def get(self) -> None:
        limit, before, after = (self._number(name) for name in ("limit", "before", "after"))
        if "limit" in self.request.query_arguments and (limit is None or not 1 <= limit <= MOST):
            self._malformed("limit", "NUMBER_TYPE_MAX", f"int value should be between 1 and {MOST}.")
            return
        for name, value in (("before", before), ("after", after)):
            if name in self.request.query_arguments and value is None:
                self._malformed(name, "NUMBER_TYPE_COERCE", f'Value "{name}" is not snowflake.')
                return
        listed = [one for one in self.platform.servers.of(self.person) if _inside(guild_id(one.number), before, after)]
        page = listed[-(limit or MOST) :] if before and not after else listed[: limit or MOST]
        counts = self.get_query_argument("with_counts", "") in ("true", "1")
        self.answer(200, [self.platform.servers.shown(one, counts) for one in page])

    def _number(self, name: str) -> int | None:
        told = self.get_query_argument(name, "")
        return int(told) if told.isascii() and told.isdecimal() and len(told) <= 20 else None

    def _malformed(self, name: str, code: str, message: str) -> None:
        errors: dict[str, Any] = {name: {"_errors": [{"code": code, "message": message}]}}
        self.refuse(400, "Invalid Form Body", 50035, errors=errors)


def _inside(id_: str, before: int | None, after: int | None) -> bool:
    return (before is None or int(id_) < before) and (after is None or int(id_) > after)
