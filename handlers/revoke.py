"""`POST /api/users/{user}/revoke`: tokens that the app wants refused from now on, and what they opened closed."""

from datetime import datetime
from typing import Annotated

import msgspec
import structlog

from handlers.errors import BadRequest
from handlers.parts import Parts
from handlers.users import UserHandler
from storage import revocations
from storage.records import iso

log = structlog.get_logger()

CLOCKS_APART = 300.0
"""Seconds that the app's clock may be ahead of ours."""


class Revoking(msgspec.Struct, forbid_unknown_fields=True):
    """One of the two."""

    before: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    jti: Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[^\0]*$")] | None = None


class Revoke(UserHandler):
    async def post(self, user: str) -> None:
        """Stored first, so that a restart refuses them too."""
        user, asked = self.user(user), self.json_body(Revoking)
        if asked.before is not None and asked.jti is None:
            told = {"before": iso(await self._refuse_before(user, asked.before))}
        elif asked.jti is not None and asked.before is None:
            told = {"jti": await self._refuse_token(user, asked.jti)}
        else:
            raise BadRequest("bad_body", "The body says before, or jti.")
        closed = self._end_streams(user)
        log.info("tokens_revoked", user=user, closed=closed, **told)
        self.reply({"user": user, **told, "closed": closed})

    async def _refuse_before(self, user: str, before: datetime) -> float:
        at = before.timestamp()
        if not 0 <= at <= self.parts.clock.now() + CLOCKS_APART:
            raise BadRequest("bad_before", "before lies in the future, or before there were any tokens.")
        await refuse_before(self.parts, user, at)
        return at

    async def _refuse_token(self, user: str, jti: str) -> str:
        authenticator = self.parts.authenticator
        expires_at = authenticator.expiry_of(user, jti)
        await self.parts.bridge.write(lambda tx: revocations.revoke_token(tx, user, jti, expires_at))
        authenticator.revocations.refuse_token(user, jti, expires_at, self.parts.clock.now())
        return jti

    def _end_streams(self, user: str) -> int:
        cover = self.parts.authenticator.revocations.cover
        return self.parts.hub.end_refused(user, lambda one: cover(one.user, one.jti, one.issued_at, one.expires_at))


async def refuse_before(parts: Parts, user: str, at: float) -> None:
    await parts.bridge.write(lambda tx: revocations.revoke_before(tx, user, at))
    parts.authenticator.revocations.refuse_before(user, at)
