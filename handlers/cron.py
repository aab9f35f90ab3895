"""What an outside scheduler asks for, with GET as they do: the sweep of the tokens, and a platform's polls."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from actors.messages import SweepPolls, SweepTokens
from actors.sweeper import Swept
from handlers import orders
from handlers.auth import is_bearer
from handlers.base import Handler
from handlers.errors import NotFound, Unavailable


class CronHandler(Handler):
    roles = ("service",)

    async def prepare(self) -> None:
        if not is_bearer(self.request, self.parts.cron_secret):
            await super().prepare()

    async def head(self, *_: str) -> None:
        """Asking whether the path is there sets nothing off."""
        self.finish()

    async def sweep(self, order: "Callable[[Future[Any]], Any]") -> Swept | None:
        """None, and the answer has been given, when it goes on for longer."""
        sweeper = self.parts.directory.sweeper
        if sweeper is None:
            raise Unavailable("starting", "The service is still starting.")
        swept = await orders.give(self.parts, lambda reply: sweeper.tell(order(reply)))
        if isinstance(swept, Swept):
            return swept
        self.reply(orders.ACCEPTED, 202)
        return None


class CronTokens(CronHandler):
    async def get(self) -> None:
        swept = await self.sweep(SweepTokens)
        if swept is not None:
            self.reply({**_done(swept), "grants_ending": swept.grants_ending})

    post = get


class CronPolls(CronHandler):
    async def get(self, slug: str) -> None:
        """Those whose own time to be polled has come; with `?all=true` everybody who wasn't polled just now."""
        everyone = self.one_of("all", ("true", "false")) == "true"
        if self.platform(slug) not in self.parts.platforms:
            raise NotFound("not_configured", "This platform is not set up here.")
        swept = await self.sweep(lambda reply: SweepPolls(slug, everyone, reply))
        if swept is not None:
            self.reply({**_done(swept), "held_up_for": swept.held_up_for})

    post = get


def _done(swept: Swept) -> dict[str, Any]:
    return {"state": "done", "looked_at": swept.looked_at, "told": swept.told, "skipped": swept.skipped}
