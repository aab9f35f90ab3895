"""What all requests to Discord share: errors, buckets, and whose token it is."""

import math
from typing import TYPE_CHECKING, Any, ClassVar

from deploy.sandbox.faults import Fault
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import PlatformHandler
from deploy.sandbox.platforms.discord.limits import INVALID, Bucket, Rate

if TYPE_CHECKING:
    from deploy.sandbox.platforms.discord import Discord

GLOBAL, BAN = "global", "ban"
"""Reasons of a rate limit: the one for all routes, and the page of what stands before Discord."""
BAN_PAGE = (
    "<!DOCTYPE html>\n<html>\n<head><title>Access denied | discord.com used Cloudflare to restrict access</title>"
    "</head>\n<body>\n<h1>Error 1015</h1>\n<p>You are being rate limited.</p>\n</body>\n</html>\n"
)


class DiscordHandler(PlatformHandler):
    platform: "Discord"

    async def prepare(self) -> None:
        await super().prepare()
        if not self._finished and self.platform.refusals.banned:
            self._ban(self.platform.refusals.banned)

    def refuse(self, status: int, message: str, code: int = 0, **more: Any) -> None:
        self.answer(status, {"message": message, "code": code, **more})

    # -- faults --------------------------------------------------------------------------------------
    def say_down(self) -> None:
        told = "upstream connect error or disconnect/reset before headers. reset reason: connection failure"
        self.answer(503, told, {"Content-Type": "text/plain"})

    def say_rate_limited(self, fault: Fault) -> None:
        wait = self.platform.faults.remaining(fault) or 64.57
        if fault.reason == BAN:
            self._ban(wait)
        else:
            self.too_many(wait, scope=GLOBAL if fault.reason == GLOBAL else "user")

    def _ban(self, wait: float) -> None:
        self.answer(429, BAN_PAGE, {"Content-Type": "text/html", "Retry-After": str(math.ceil(wait))})

    def too_many(self, wait: float, scope: str) -> None:
        """The body has the fraction of a second, the header does not."""
        self.set_header("Retry-After", str(math.ceil(wait)))
        self.set_header("X-RateLimit-Scope", scope)
        if scope == GLOBAL:
            self.set_header("X-RateLimit-Global", "true")
        told = {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": scope == GLOBAL}
        self.answer(429, told)

    def write_error(self, status_code: int, **_: Any) -> None:
        named = {404: "Not Found", 405: "Method Not Allowed", 400: "Bad Request"}.get(status_code, "Internal Error")
        self.refuse(status_code, f"{status_code}: {named}")

    def on_finish(self) -> None:
        super().on_finish()
        if self.get_status() in INVALID and not self.platform.refusals.banned:
            self.platform.refusals.add()


class SignedIn(DiscordHandler):
    """Needs a token that is good, and room in the route's bucket."""

    person: Person
    rate: ClassVar[Rate]

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:
            return
        if self.held is None or not self.held.live:
            self.refuse(401, "401: Unauthorized")
            return
        self.person = self.platform.person(self.held.user)
        bucket, good = self.platform.buckets.spend(self.person.name, self.request.path, self.rate)
        self._show(bucket)
        if not good:
            self.too_many(bucket.reset_at - self.platform.now(), scope="user")

    def _show(self, bucket: Bucket) -> None:
        self.set_header("X-RateLimit-Limit", str(bucket.rate.calls))
        self.set_header("X-RateLimit-Remaining", str(bucket.left))
        self.set_header("X-RateLimit-Reset", f"{bucket.reset_at:.3f}")
        self.set_header("X-RateLimit-Reset-After", f"{bucket.reset_at - self.platform.now():.3f}")
        self.set_header("X-RateLimit-Bucket", bucket.name)
