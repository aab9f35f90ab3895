"""The end of a connection: hooks removed there, the grant revoked there, the tokens forgotten here."""

from typing import TYPE_CHECKING, Any

import structlog

from actors.messages import Disconnect
from actors.operations.base import Steps
from actors.operations.hook import unhooking
from actors.platforms.failures import PlatformError
from storage import addresses, connections, data, events, hooks
from storage.records import Draft

if TYPE_CHECKING:
    from actors.work import ConnectionWork

log = structlog.get_logger()


def disconnecting(me: "ConnectionWork", order: Disconnect) -> Steps:
    """What the platform refuses is logged and does not keep us: the user asked to be forgotten."""
    if me.row.status == "connected":
        try:
            if me.platform.pushes:
                yield from unhooking(me)
            if not _is_shared(me):
                yield from me.platform.revoke(me.token())
        except PlatformError as trouble:
            log.warning("grant_not_revoked", **me.names, reason=trouble.detail)
    me.change(lambda tx: _commit(me, tx, order.purge))
    me.count_hooks(0)
    me.shared.directory.forget_hook_secrets(me.key)
    log.info("connection_ended", **me.names, purge=order.purge)


def _is_shared(me: "ConnectionWork") -> bool:
    """Revoking ends the whole grant there: not while another connection lives on it."""
    family = me.platform.grant_family
    if family is None:
        return False
    return me.shares_account([slug for slug, one in me.shared.platforms.items() if one.grant_family == family])


def _commit(me: "ConnectionWork", tx: Any, purge: bool) -> None:
    connections.forget_token(tx, me.key)
    addresses.forget(tx, me.key)
    hooks.forget_all(tx, me.key)  # also those that could not be removed there: what they send concerns nobody any more
    connections.update(tx, me.key, status="disconnected", next_poll=None, error_message=None, reason=None)
    if purge:
        data.purge(tx, me.key)
        connections.forget_cursors(tx, me.key)
    fields = {"platform": me.key.platform, "status": "disconnected", "reason": "asked"}
    fields["message"] = f"{me.platform.title} is disconnected"
    events.append(tx, me.key.user, [Draft("connection_status", fields)], me.clock.now())
