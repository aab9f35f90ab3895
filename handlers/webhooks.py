"""What platforms push. A 2xx means that it is on disk; everything else is answered at once and leaves no row.

A stranger's request ends before anything much is done for it. An address that has used up its refusals is still
heard when what it sends is signed: strangers can send from a platform's own addresses too, by making hooks there
that point here, and must not silence its users. Only its large bodies aren't read, and nothing is looked up for it.
"""

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import unquote

import msgspec
from tornado.httputil import HTTPServerRequest

from actors.messages import WebhookArrived
from actors.platforms.base import Inbound, Platform, Refused, Verified
from handlers import errors
from handlers.addresses import counted_as
from handlers.base import Handler
from handlers.errors import ApiError, BadRequest, NotFound, TooMany
from handlers.intake import MIB, SMALL
from handlers.parts import Parts
from handlers.userids import is_user_id
from storage import deliveries
from storage.records import ConnectionKey, Delivery, Secret

LONGEST = 256
_ACCEPTED = msgspec.json.encode({"result": "accepted"})
_REPEATED = msgspec.json.encode({"result": "repeated"})


class Webhook(Handler):
    body_limit: ClassVar[int] = 25 * MIB
    quiet: ClassVar[bool] = True

    @classmethod
    def early(cls, parts: Parts, request: HTTPServerRequest, size: int) -> ApiError | None:
        address = counted_as(parts.proxies.client(request)) if size > SMALL else ""
        return _too_many(parts, address) if address and parts.limits.refused.is_used_up(address) else None

    @classmethod
    def turned_down(cls, parts: Parts, request: HTTPServerRequest, error: ApiError) -> None:
        slug, user = map(unquote, request.path.rsplit("/", 2)[-2:])
        if error.status < 500:
            parts.limits.refused.hit(counted_as(parts.proxies.client(request)))
        _note(parts, ConnectionKey(user, slug), error.code)

    def prepare(self) -> None:  # type: ignore[override]
        """Nobody signs in here, and nothing is logged for each of them."""

    async def post(self, slug: str, user: str) -> None:
        parts, key = self.parts, ConnectionKey(user, slug)
        platform = self._platform(key)
        secrets = parts.hook_secrets.cached(key)
        if secrets is None:
            secrets = await self._look_up(key)
        request = Inbound(self.request.headers, self.received, parts.clock.now())
        verified = await self._verify(platform, request, secrets, key)
        if not parts.limits.deliveries.hit(str(key)):
            _note(parts, key, "rate_limited", verified)
            standing = parts.limits.deliveries.standing(str(key), allowed=False)
            raise TooMany("rate_limited", "Too many webhooks for this connection.", headers=standing.headers())
        delivery = Delivery(key, verified.delivery_id, verified.kind, request.body, request.at)
        try:
            row = await parts.bridge.write(lambda tx: deliveries.add(tx, delivery))
        except ApiError as error:
            _note(parts, key, error.code, verified)
            raise
        if row is None:
            parts.refusals.duplicate(slug, user, delivery.delivery_id, delivery.kind)
        else:
            parts.refusals.accepted(slug)
            parts.directory.tell(key, WebhookArrived(row))
        self.set_status(202)
        self.finish(_REPEATED if row is None else _ACCEPTED)

    def _platform(self, key: ConnectionKey) -> Platform:
        platform = self.parts.platforms.get(key.platform)
        if platform is None or not platform.pushes or platform.shared_door:
            raise self._refused(key, NotFound("no_such_platform", "No such platform sends webhooks here."))
        if not is_user_id(key.user):
            raise self._refused(key, BadRequest("bad_user_id", "This is not a user id."))
        return platform

    async def _look_up(self, key: ConnectionKey) -> tuple[Secret, ...]:
        if self._has_used_up_refusals():
            raise self._refused(key, NotFound("unknown_user", "Nobody by this id is connected."))
        secrets = await self.parts.hook_secrets.read(key)
        if secrets is None:
            raise self._refused(key, NotFound("unknown_user", "Nobody by this id is connected."))
        return secrets

    async def _verify(
        self, platform: Platform, request: Inbound, secrets: Sequence[Secret], key: ConnectionKey
    ) -> Verified:
        outcome = await self._check(platform, request, secrets)
        if isinstance(outcome, Refused) and outcome.status == 401 and self._may_look_again(key):
            outcome = await self._check(platform, request, await self.parts.hook_secrets.read(key) or ())
        if isinstance(outcome, Refused):
            raise self._refused(key, errors.with_status(outcome.status, outcome.code, outcome.message))
        if len(outcome.delivery_id) > LONGEST or len(outcome.kind) > LONGEST:
            raise self._refused(key, BadRequest("malformed", "The delivery's id or kind is too long."))
        return outcome

    async def _check(self, platform: Platform, request: Inbound, secrets: Sequence[Secret]) -> Verified | Refused:
        if len(request.body) <= SMALL:
            return platform.verify(request, secrets)
        return await self.parts.bridge.work(lambda: platform.verify(request, secrets))

    def _may_look_again(self, key: ConnectionKey) -> bool:
        """A hook may be newer than what is known of its connection."""
        return self.parts.hook_secrets.may_be_old(key) and not self._has_used_up_refusals()

    def _has_used_up_refusals(self) -> bool:
        return self.parts.limits.refused.is_used_up(counted_as(self.parts.proxies.client(self.request)))

    def _refused(self, key: ConnectionKey, error: ApiError) -> ApiError:
        """What to answer: the error itself, or after too many of them that there were too many."""
        address = counted_as(self.parts.proxies.client(self.request))
        if self.parts.limits.refused.hit(address):
            _note(self.parts, key, error.code)
            return error
        _note(self.parts, key, "rate_limited")
        return _too_many(self.parts, address)


def _too_many(parts: Parts, address: str) -> ApiError:
    standing = parts.limits.refused.standing(address, allowed=False)
    return TooMany("rate_limited", "Too many refused webhooks from this address.", headers=standing.headers())


def _note(parts: Parts, key: ConnectionKey, reason: str, verified: Verified | None = None) -> None:
    platform = key.platform if key.platform in parts.platforms else "unknown"
    delivery_id, kind = (verified.delivery_id, verified.kind) if verified else ("", "")
    parts.refusals.refused(platform, key.user, delivery_id, kind, reason)
