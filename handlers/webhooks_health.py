"""How each platform's webhooks are doing. Open, so without names."""

from typing import Any

from handlers.base import Handler
from storage import deliveries, hooks
from storage.deliveries import Summary
from storage.records import iso
from storage.transaction import Transaction

NONE_YET = Summary(0, 0, 0, None)


class WebhooksHealth(Handler):
    quiet = True

    async def get(self) -> None:
        parts = self.parts
        summary, registered = await parts.recent.get("webhooks", lambda: parts.bridge.read(_figures))
        pushing = [slug for slug, platform in parts.platforms.items() if platform.pushes]
        rows = [self._row(slug, summary.get(slug, NONE_YET), registered.get(slug, 0)) for slug in pushing]
        self.reply({"items": rows})

    def _row(self, slug: str, kept: Summary, registered: int) -> dict[str, Any]:
        counts = self.parts.refusals.of_platform(slug)
        accepted, repeated = counts.pop("accepted", 0), counts.pop("duplicate", 0)
        return {
            "platform": slug,
            "status": "failing" if kept.parked else "ok",
            "last_delivery": iso(kept.last_at),
            "kept": kept.kept,
            "waiting": kept.waiting,
            "parked": kept.parked,
            "registrations": registered,
            "since_start": {"accepted": accepted, "duplicate": repeated, "refused": counts},
        }


def _figures(tx: Transaction) -> tuple[dict[str, Summary], dict[str, int]]:
    return deliveries.summary(tx), hooks.of_platforms(tx)
