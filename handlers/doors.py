"""Doors that a platform's webhooks for all users come to: the platform says whom a request concerns.

One delivery row per connection, all in one commit before the answer.
"""

from asyncio import Future

from actors.messages import HookHeard
from actors.platforms.base import Handshake, Inbound, Parcel, Platform, Refused, Taken
from handlers import errors
from handlers.errors import ApiError, NotFound, TooMany
from handlers.inlet import Inlet
from handlers.parts import Parts
from storage import deliveries, meta
from storage.records import ConnectionKey, Delivery

HEARD_AGAIN = 3600.0
"""Seconds for which one handshake is enough to know that the platform reaches us."""


class Door(Inlet):
    def flush(self, include_footers: bool = False) -> "Future[None]":
        """With what it is also where it is nothing, which Tornado holds superfluous: Discord wants it of its PING."""
        if self.get_status() == 204:
            self.set_header("Content-Type", "text/plain")
        return super().flush(include_footers)

    async def get(self, slug: str) -> None:
        """A hub asks whether we meant what it was sent."""
        await self._open(slug)

    async def post(self, slug: str) -> None:
        await self._open(slug)

    async def _open(self, slug: str) -> None:
        platform = self.parts.platforms.get(slug)
        if platform is None or not platform.shared_door:
            raise self.refused(ConnectionKey("", slug), NotFound("no_such_platform", "No platform has its door here."))
        await receive(self, platform, None)


async def receive(inlet: Inlet, platform: Platform, user: str | None) -> None:
    """The request, from its bytes to its answer; `user` is whom the path names, if anybody."""
    parts, nobody = inlet.parts, ConnectionKey(user or "", platform.slug)
    request = _inbound(inlet, user)
    outcome = await parts.reception.receive(platform, request)
    if isinstance(outcome, Refused):
        raise inlet.refused(nobody, errors.with_status(outcome.status, outcome.code, outcome.message))
    if isinstance(outcome, Handshake):
        _answer(inlet, outcome.status, outcome.body, outcome.content_type)
        _heard(parts, platform.slug, outcome, request.at)
        return
    if outcome.dropped is not None:
        parts.refusals.refused(platform.slug, user or "", "", "", outcome.dropped)
    await _store(inlet, platform.slug, outcome, request)
    _answer(inlet, outcome.status)


def _heard(parts: Parts, slug: str, shown: Handshake, at: float) -> None:
    """What a handshake shows of the way in. Some can be had by strangers too, so nobody is told each time."""
    if shown.reaches_all and at - parts.directory.doors_heard.get(slug, 0.0) >= HEARD_AGAIN:
        parts.directory.doors_heard[slug] = at
        parts.bridge.database.write(lambda tx: meta.hear_door(tx, slug, at))
    for user, heard_at in {one.user: one.heard_at or 0.0 for one in shown.reaches}.items():
        if at - heard_at >= HEARD_AGAIN:
            parts.directory.tell(ConnectionKey(user, slug), HookHeard(at))


def _inbound(inlet: Inlet, user: str | None) -> Inbound:
    request = inlet.request
    params = {name: values[-1].decode("utf-8", "replace") for name, values in request.query_arguments.items()}
    return Inbound(request.headers, inlet.received, inlet.parts.clock.now(), request.method or "POST", params, user)


async def _store(inlet: Inlet, slug: str, taken: Taken, request: Inbound) -> None:
    parts = inlet.parts
    parcels = [parcel for parcel in taken.parcels if _within_limit(inlet, slug, parcel)]
    if not parcels:
        if taken.parcels:
            raise TooMany("rate_limited", "Too many webhooks for these connections.", headers={"Retry-After": "60"})
        return
    arrived = [_delivery(slug, parcel, request) for parcel in parcels]
    try:
        rows = await parts.bridge.write(lambda tx: deliveries.add_all(tx, arrived))
    except ApiError as error:
        parts.refusals.refused(slug, parcels[0].user, parcels[0].delivery_id, parcels[0].kind, error.code)
        raise
    for delivery, row in zip(arrived, rows, strict=True):
        if row is None:
            parts.refusals.duplicate(slug, delivery.key.user, delivery.delivery_id, delivery.kind)
        else:
            parts.refusals.accepted(slug)
            parts.nudges.arrived(delivery, row)


def _delivery(slug: str, parcel: Parcel, request: Inbound) -> Delivery:
    body = request.body if parcel.body is None else parcel.body
    return Delivery(ConnectionKey(parcel.user, slug), parcel.delivery_id, parcel.kind, body, request.at)


def _within_limit(inlet: Inlet, slug: str, parcel: Parcel) -> bool:
    if inlet.parts.limits.doors.hit(f"{parcel.user}/{slug}"):
        return True
    inlet.parts.refusals.refused(slug, parcel.user, parcel.delivery_id, parcel.kind, "rate_limited")
    return False


def _answer(inlet: Inlet, status: int, body: bytes = b"", content_type: str = "text/plain") -> None:
    inlet.set_status(status)
    inlet.set_header("Content-Type", content_type)
    inlet.finish(body or None)
