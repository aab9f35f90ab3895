"""After an absence of the service: what platforms could not deliver meanwhile is asked for again."""

from typing import TYPE_CHECKING

import structlog

from actors.operations.base import Steps
from actors.operations.calls import with_bearer
from actors.operations.hook import PENDING
from storage import hooks

if TYPE_CHECKING:
    from actors.work import ConnectionWork

log = structlog.get_logger()

OVERLAP = 3600.0
"""Seconds before the absence from which on is looked: one who was killed may not have come to the end of it."""


def healing(me: "ConnectionWork") -> Steps:
    """By that alone, where no poll would find what was missed."""
    asked = yield from asking_again(me)
    me.shared.directory.heals.over(me.key)
    return asked


def asking_again(me: "ConnectionWork") -> Steps:
    """How many deliveries are sent again."""
    missed = me.missed
    if missed is None or not missed.asks:
        return 0
    asked = 0
    for hook in me.read(lambda tx: hooks.of(tx, me.shared.vault, me.key)):
        if not hook.external_id.startswith(PENDING):
            asked += yield from with_bearer(me, me.platform.ask_again(hook, missed.since - OVERLAP))
    if asked:
        me.shared.directory.heals.count(me.key.platform, "asked_again", asked)
        me.note(f"asked again for {asked} webhooks that had failed")
        log.info("deliveries_asked_again", **me.names, count=asked)
    return asked
