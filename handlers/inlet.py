"""What all webhook addresses share: what they take, and how a refused request is answered and counted."""

from typing import ClassVar
from urllib.parse import unquote

from tornado.httputil import HTTPServerRequest

from actors.platforms.base import Verified
from handlers.addresses import counted_as
from handlers.base import Handler
from handlers.errors import ApiError, TooMany
from handlers.intake import MIB, SMALL
from handlers.parts import Parts
from storage.records import ConnectionKey

ROOT = "/api/webhooks/"


class Inlet(Handler):
    body_limit: ClassVar[int] = 25 * MIB
    quiet: ClassVar[bool] = True

    @classmethod
    def early(cls, parts: Parts, request: HTTPServerRequest, size: int) -> ApiError | None:
        address = counted_as(parts.proxies.client(request)) if size > SMALL else ""
        return too_many(parts, address) if address and parts.limits.refused.is_used_up(address) else None

    @classmethod
    def turned_down(cls, parts: Parts, request: HTTPServerRequest, error: ApiError) -> None:
        if error.status < 500:
            parts.limits.refused.hit(counted_as(parts.proxies.client(request)))
        slug, _, user = unquote(request.path.removeprefix(ROOT)).partition("/")
        note(parts, ConnectionKey(user, slug), error.code)

    def prepare(self) -> None:  # type: ignore[override]
        """Nobody signs in here, and nothing is logged for each of them."""

    def has_used_up_refusals(self) -> bool:
        return self.parts.limits.refused.is_used_up(counted_as(self.parts.proxies.client(self.request)))

    def refused(self, key: ConnectionKey, error: ApiError) -> ApiError:
        """What to answer: the error itself, or after too many of them that there were too many."""
        address = counted_as(self.parts.proxies.client(self.request))
        if self.parts.limits.refused.hit(address):
            note(self.parts, key, error.code)
            return error
        note(self.parts, key, "rate_limited")
        return too_many(self.parts, address)


def too_many(parts: Parts, address: str) -> ApiError:
    standing = parts.limits.refused.standing(address, allowed=False)
    return TooMany("rate_limited", "Too many refused webhooks from this address.", headers=standing.headers())


def note(parts: Parts, key: ConnectionKey, reason: str, verified: Verified | None = None) -> None:
    platform = key.platform if key.platform in parts.platforms else "unknown"
    delivery_id, kind = (verified.delivery_id, verified.kind) if verified else ("", "")
    parts.refusals.refused(platform, key.user, delivery_id, kind, reason)
