"""The requests about channels: open one on a calendar or on the list of them, stop one."""

import asyncio
import re
from typing import TYPE_CHECKING, Any

import msgspec

from deploy.sandbox.here import is_here
from deploy.sandbox.platforms.base import Route
from deploy.sandbox.platforms.google_calendar.channels import CALENDAR_LIST, LIFE
from deploy.sandbox.platforms.google_calendar.requests import CalendarHandler

if TYPE_CHECKING:
    from deploy.sandbox.platforms.google_calendar import GoogleCalendar

SYNC_WITHIN = 2.0
"""Seconds that the first message may take before the channel is answered all the same."""
ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")


def routes(platform: "GoogleCalendar") -> list[Route]:
    given = {"platform": platform}
    root = r"/calendar/calendar/v3"
    return [
        (root + r"/calendars/([^/]+)/events/watch", WatchEvents, given),
        (root + r"/users/me/calendarList/watch", WatchList, given),
        (root + r"/channels/stop", Stop, given),
    ]


class ChannelOrder(msgspec.Struct):
    id: str = ""
    type: str = ""
    address: str = ""
    token: str = ""
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    expiration: int | str | None = None


class Watch(CalendarHandler):
    async def watch(self, calendar: str) -> None:
        """The first message comes before the answer, as it can from the real one."""
        order = self._order()
        if order is None:
            return
        life = self._life(order)
        channel, first = self.platform.channels.open(self.user, calendar, order.id, order.address, order.token, life)
        await asyncio.wait([asyncio.ensure_future(self.platform.outbox.deliver(first))], timeout=SYNC_WITHIN)
        told = {
            "kind": "api#channel",
            "id": channel.id,
            "resourceId": channel.resource,
            "resourceUri": self.platform.channels.resource_uri(channel),
            "expiration": str(int(channel.expires_at * 1000)),
        }
        self.answer(200, told | ({"token": channel.token} if channel.token else {}))

    def _order(self) -> ChannelOrder | None:
        try:
            order = msgspec.json.decode(self.request.body or b"{}", type=ChannelOrder)
        except msgspec.DecodeError:
            self.refuse(400, "Parse Error", "parseError")
            return None
        if not order.id or not order.address:
            self.refuse(400, f"Required: {'id' if not order.id else 'address'}", "required")
        elif not ID.fullmatch(order.id) or len(order.token) > 256 or order.type not in ("web_hook", "webhook"):
            self.refuse(400, "Invalid channel: id, token or type", "invalid")
        elif not is_here(order.address):
            self._refuse_address(order.address)
        elif self.platform.channels.find(order.id) is not None:
            self.refuse(400, f"Channel id {order.id} not unique", "channelIdNotUnique")
        return None if self._finished else order

    def _refuse_address(self, address: str) -> None:
        """Only this machine is called, and for it no certificate is asked for."""
        if address.startswith("https://"):
            self.refuse(401, f"Unauthorized WebHook callback channel: {address}", "push.webhookUrlUnauthorized")
        else:
            self.refuse(400, f"WebHook callback must be HTTPS: {address}", "push.webhookUrlNotHttps")

    def _life(self, order: ChannelOrder) -> float:
        """What was asked for, at most a week."""
        wishes = [LIFE]
        if str(order.params.get("ttl", "")).isdecimal():
            wishes.append(float(order.params["ttl"]))
        if str(order.expiration or "").isdecimal():
            wishes.append(float(str(order.expiration)) / 1000 - self.platform.now())
        return max(1.0, min(wishes))


class WatchEvents(Watch):
    async def post(self, id_: str) -> None:
        calendar = self.calendar(id_)
        if calendar is not None and not calendar.pushes:
            told = "Push notifications are not supported by this resource."
            self.refuse(400, told, "pushNotSupportedForRequestedResource")
        elif calendar is not None:
            await self.watch(calendar.id)


class WatchList(Watch):
    async def post(self) -> None:
        await self.watch(CALENDAR_LIST)


class StopOrder(msgspec.Struct, rename="camel"):
    id: str = ""
    resource_id: str = ""


class Stop(CalendarHandler):
    """Only by who opened it."""

    def post(self) -> None:
        try:
            order = msgspec.json.decode(self.request.body or b"{}", type=StopOrder)
        except msgspec.DecodeError:
            self.refuse(400, "Parse Error", "parseError")
            return
        channel = self.platform.channels.find(order.id)
        is_over = channel is None or channel.stopped or channel.expires_at <= self.platform.now()
        if channel is None or is_over or channel.user != self.user or channel.resource != order.resource_id:
            self.refuse(404, f"Channel '{order.id}' not found for project '{self.platform.client_id}'", "notFound")
            return
        self.platform.channels.stop(channel)
        self.answer(204)
