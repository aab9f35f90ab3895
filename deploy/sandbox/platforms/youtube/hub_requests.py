"""Subscribing at the hub: taken at once, in force when the callback has confirmed it."""

from typing import TYPE_CHECKING

from deploy.sandbox.here import is_here
from deploy.sandbox.platforms.base import Route
from deploy.sandbox.platforms.google.requests import GoogleHandler
from deploy.sandbox.platforms.youtube.hub import LONGEST_LEASE, USUAL_LEASE, channel_of

if TYPE_CHECKING:
    from deploy.sandbox.platforms.youtube import YouTube

LONGEST_SECRET = 200


def routes(platform: "YouTube") -> list[Route]:
    return [(r"/youtube/hub", Subscribe, {"platform": platform})]


class Subscribe(GoogleHandler):
    platform: "YouTube"
    limited = False

    async def post(self) -> None:
        given = {name: self.get_body_argument(f"hub.{name}", "") for name in ("mode", "topic", "callback", "secret")}
        lease = self.get_body_argument("hub.lease_seconds", str(USUAL_LEASE))
        if given["mode"] not in ("subscribe", "unsubscribe"):
            self._refuse("hub.mode", given["mode"])
        elif not is_here(given["callback"]):
            self._refuse("hub.callback", given["callback"])
        elif channel_of(given["topic"]) is None:
            self._refuse("hub.topic", given["topic"])
        elif len(given["secret"].encode()) > LONGEST_SECRET:
            self._refuse("hub.secret", "too long")
        elif not lease.isdecimal():
            self._refuse("hub.lease_seconds", lease)
        else:
            await self._ask(given, min(int(lease), LONGEST_LEASE) or USUAL_LEASE)

    async def _ask(self, given: dict[str, str], lease: int) -> None:
        hub, outbox = self.platform.hub, self.platform.outbox
        question = hub.ask(given["mode"], given["callback"], given["topic"], lease, given["secret"])
        if self.get_body_argument("hub.verify", "async").startswith("async"):
            self.answer(202)
            outbox.send([question])
            return
        await outbox.deliver(question)
        self.answer(204 if hub.is_confirmed(question) else 409)

    def _refuse(self, what: str, value: str) -> None:
        self.answer(400, f"Invalid value for {what}: {value}\n", {"Content-Type": "text/plain; charset=utf-8"})
