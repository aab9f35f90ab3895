"""What platforms push. A 2xx means that it is on disk; everything else is answered at once and leaves no row.

A stranger's request ends before anything much is done for it. An address that has used up its refusals is still
heard when what it sends is signed: strangers can send from a platform's own addresses too, by making hooks there
that point here, and must not silence its users. Only its large bodies aren't read, and nothing is looked up for it.
"""

from collections.abc import Sequence

import msgspec

from actors.platforms.base import Inbound, Platform, Refused, Verified
from handlers import doors, errors
from handlers.errors import ApiError, BadRequest, NotFound, TooMany
from handlers.inlet import Inlet, note
from handlers.intake import KIB, SMALL
from handlers.userids import is_user_id
from storage import deliveries
from storage.records import ConnectionKey, Delivery, Secret

LONGEST = 256
ACCEPTED = msgspec.json.encode({"result": "accepted"})
REPEATED = msgspec.json.encode({"result": "repeated"})


class Webhook(Inlet):
    async def post(self, slug: str, user: str) -> None:
        parts, key = self.parts, ConnectionKey(user, slug)
        platform = self._platform(key)
        if platform.shared_door:
            await doors.receive(self, platform, user)
            return
        secrets = parts.hook_secrets.cached(key)
        if secrets is None:
            secrets = await self._look_up(key)
        request = Inbound(self.request.headers, self.received, parts.clock.now())
        verified = await self._verify(platform, request, secrets, key)
        self._count_in(key, verified, len(request.body))
        delivery = Delivery(key, verified.delivery_id, verified.kind, request.body, request.at)
        try:
            row = await parts.bridge.write(lambda tx: deliveries.add(tx, delivery))
        except ApiError as error:
            note(parts, key, error.code, verified)
            raise
        if row is None:
            parts.refusals.duplicate(slug, user, delivery.delivery_id, delivery.kind)
        else:
            parts.refusals.accepted(slug)
            parts.nudges.arrived(delivery, row)
        self.set_status(202)
        self.finish(REPEATED if row is None else ACCEPTED)

    def _platform(self, key: ConnectionKey) -> Platform:
        platform = self.parts.platforms.get(key.platform)
        if platform is None or not platform.pushes:
            raise self.refused(key, NotFound("no_such_platform", "No such platform sends webhooks here."))
        if not is_user_id(key.user):
            raise self.refused(key, BadRequest("bad_user_id", "This is not a user id."))
        return platform

    async def _look_up(self, key: ConnectionKey) -> tuple[Secret, ...]:
        if self.has_used_up_refusals():
            raise self.refused(key, NotFound("unknown_user", "Nobody by this id is connected."))
        secrets = await self.parts.hook_secrets.read(key)
        if secrets is None:
            raise self.refused(key, NotFound("unknown_user", "Nobody by this id is connected."))
        return secrets

    async def _verify(
        self, platform: Platform, request: Inbound, secrets: Sequence[Secret], key: ConnectionKey
    ) -> Verified:
        outcome = await self._check(platform, request, secrets)
        if isinstance(outcome, Refused) and outcome.status == 401 and self._may_look_again(key):
            outcome = await self._check(platform, request, await self.parts.hook_secrets.read(key) or ())
        if isinstance(outcome, Refused):
            raise self.refused(key, errors.with_status(outcome.status, outcome.code, outcome.message))
        if len(outcome.delivery_id) > LONGEST or len(outcome.kind) > LONGEST:
            raise self.refused(key, BadRequest("malformed", "The delivery's id or kind is too long."))
        return outcome

    async def _check(self, platform: Platform, request: Inbound, secrets: Sequence[Secret]) -> Verified | Refused:
        if len(request.body) <= SMALL:
            return platform.verify(request, secrets)
        return await self.parts.bridge.work(lambda: platform.verify(request, secrets))

    def _count_in(self, key: ConnectionKey, verified: Verified, size: int) -> None:
        limits = self.parts.limits
        if not limits.deliveries.hit(str(key)):
            exceeded = limits.deliveries
        elif size > SMALL and not limits.volume.hit(str(key), size // KIB):
            exceeded = limits.volume
        else:
            return
        note(self.parts, key, "rate_limited", verified)
        standing = exceeded.standing(str(key), allowed=False)
        raise TooMany("rate_limited", "Too many webhooks for this connection.", headers=standing.headers())

    def _may_look_again(self, key: ConnectionKey) -> bool:
        """A hook may be newer than what is known of its connection."""
        return self.parts.hook_secrets.may_be_old(key) and not self.has_used_up_refusals()
