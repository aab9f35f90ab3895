"""The end of a connection: hooks removed there, the grant revoked there, the tokens forgotten here.

That it is to end is stored before anything is called (`leave`), so that a crash in between doesn't forget it: from
then on nothing is polled or told, and the next start finishes what this one couldn't.
"""

from typing import TYPE_CHECKING, Any

import structlog

from actors.messages import Disconnect
from actors.operations.base import Steps
from actors.operations.hook import unhooking
from actors.platforms.failures import PlatformError
from actors.platforms.registry import PLATFORMS
from storage import addresses, connections, data, deliveries, events, hooks
from storage.database import StorageUnavailable
from storage.records import Connection, ConnectionKey, Draft

if TYPE_CHECKING:
    from actors.shared import Shared
    from actors.work import ConnectionWork

log = structlog.get_logger()

ENDED = "The connection had been disconnected."
"""Why what still came for it was not worked off."""


def leave(tx: Any, row: Connection, purge: bool, title: str, at: float, left_there: str | None = None) -> None:
    """What the user asked for is stored and told. `left_there`: why the platform won't hear of it."""
    connections.leave(tx, row.key, purge=purge)
    if row.status == "needs_reauth":
        connections.forget_token(tx, row.key)  # they open nothing any more
    if row.status in ("pending", "disconnected"):
        return
    fields = {"platform": row.key.platform, "status": "disconnected", "reason": "asked"}
    fields["message"] = f"{title} is disconnected"
    if left_there is not None:
        fields["hint"] = f"It could not be withdrawn there, for {left_there}. You can remove the app at {title} itself."
    events.append(tx, row.key.user, [Draft("connection_status", fields)], at)


def disconnecting(me: "ConnectionWork", _order: Disconnect | None) -> Steps:
    """What the platform refuses is logged and does not keep us: the user asked to be forgotten."""
    if me.row.leaving is None:
        return
    if me.has_token():
        try:
            if me.platform.pushes:
                yield from unhooking(me)
            if not _is_shared(me):
                yield from me.platform.revoke(me.token())
        except PlatformError as trouble:
            if trouble.kind == "stopped":
                raise  # the next start comes back to it
            log.warning("grant_not_revoked", **me.names, reason=trouble.detail)
        except StorageUnavailable:
            raise
        except Exception:  # a bug in the platform's file: tried again it would keep the tokens here for ever
            log.exception("grant_not_revoked", **me.names)
    me.change(lambda tx: forget(tx, me.key, purge=me.row.leaving == "purge"))
    me.count_hooks(0)
    me.shared.directory.forget_hook_secrets(me.key)
    log.info("connection_ended", **me.names)


def end_here(shared: "Shared", key: ConnectionKey, purge: bool, why: str) -> None:
    """All at once and without a call to the platform, for which `why` says why not."""
    platform, at = shared.platforms.get(key.platform) or PLATFORMS.get(key.platform), shared.clock.now()
    title = platform.title if platform is not None else key.platform

    def unit(tx: Any) -> None:
        row = connections.get(tx, key)
        if row is not None:
            leave(tx, row, purge, title, at, why)
            forget(tx, key, purge=purge or row.leaving == "purge")

    shared.database.write(unit).result()
    shared.directory.forget_hook_secrets(key)
    log.info("connection_ended", user=key.user, platform=key.platform)
    log.warning("grant_not_revoked", user=key.user, platform=key.platform, reason=why)


def forget(tx: Any, key: ConnectionKey, *, purge: bool) -> None:
    """All that opened anything; hooks that could not be removed there too, for what they send concerns nobody."""
    connections.forget_token(tx, key)
    connections.left(tx, key)
    addresses.forget(tx, key)
    hooks.forget_all(tx, key)
    if purge:
        data.purge(tx, key)
        deliveries.purge(tx, key)
        connections.forget_cursors(tx, key)
    else:
        deliveries.park_all(tx, key, ENDED)


def _is_shared(me: "ConnectionWork") -> bool:
    """Revoking ends the whole grant there: not while another connection lives on it."""
    family = me.platform.grant_family
    if family is None:
        return False
    return me.shares_account([slug for slug, one in me.shared.platforms.items() if one.grant_family == family])
