"""What a failed operation means for its connection: gone for good, put off, or somebody else's to hear."""

import random
from typing import TYPE_CHECKING, Any

import structlog

from actors.operations.base import Operation
from actors.operations.connect import OtherAccount
from actors.platforms.failures import (
    AppMisconfigured,
    CallFailed,
    GrantRefused,
    PlatformError,
    RateLimited,
    Unauthorized,
)
from storage import connections, events
from storage.database import StorageUnavailable
from storage.records import Draft

if TYPE_CHECKING:
    from actors.work import ConnectionWork

log = structlog.get_logger()

STORAGE_AGAIN = 5.0
HOOK_AGAIN = 3600.0
TELL_AFTER = 3
"""Failed polls in a row before the user is told: a platform's hiccup is no news."""


NOT_MADE = frozenset({"busy", "paused", "circuit_open", "stopped"})
"""Calls that the lane sent away: they say nothing of this connection."""
FIRST_WAIT = 30.0
LONGEST_SPREAD = 900.0


def after_failure(me: "ConnectionWork", operation: Operation, error: PlatformError | StorageUnavailable) -> None:
    """Stored, then answered: whoever asked and then looks finds what they were told."""
    try:
        if isinstance(error, StorageUnavailable):
            me.again(operation.kind, STORAGE_AGAIN)
        elif operation.kind == "connect":
            _connect_failed(me, error)
        elif isinstance(error, GrantRefused):
            needs_reauth(me, error.reason, error.hint)
        elif isinstance(error, Unauthorized):
            needs_reauth(me, "user_revoked", "The platform no longer takes this access. Please reconnect.")
        else:
            _put_off(me, operation.kind, error)
    except StorageUnavailable as trouble:
        log.warning("failure_not_stored", **me.names, operation=operation.kind, reason=trouble.reason)
        me.again(operation.kind, STORAGE_AGAIN)
    finally:
        operation.reject(error)


def needs_reauth(me: "ConnectionWork", reason: str, hint: str) -> None:
    """Once per trouble: no more calls, one notification, a link."""
    if me.row.status != "connected":
        return
    me.change(lambda tx: keep_needs_reauth(me, tx, reason, hint))
    log.warning("connection_needs_reauth", **me.names, reason=reason)
    me.fell_silent(f"needs to be connected again: {reason}")


def keep_needs_reauth(me: "ConnectionWork", tx: Any, reason: str, hint: str) -> None:
    url = f"{me.shared.public_url}/api/oauth/{me.key.platform}/connect"
    common = {"platform": me.key.platform, "reason": reason, "hint": hint}
    common["message"] = f"{me.platform.title} needs to be connected again"
    drafts = [
        Draft("needs_reauth", common | {"reconnect_url": url}),
        Draft("connection_status", common | {"status": "needs_reauth"}),
    ]
    columns = {"status": "needs_reauth", "error_message": hint, "reason": reason, "trouble_told": False}
    connections.update(tx, me.key, **columns, next_poll=None, refresh_began_at=None)
    events.append(tx, me.key.user, drafts, me.clock.now())


def _connect_failed(me: "ConnectionWork", error: PlatformError) -> None:
    """Nothing half-stored: what was there before stays, and a row without a token goes."""
    code = "other_account" if isinstance(error, OtherAccount) else "connect_failed"
    log.warning("connect_failed", **me.names, kind=error.kind, reason=error.detail)
    fields = {"platform": me.key.platform, "code": code, "message": error.detail}

    def unit(tx: Any) -> None:
        events.append(tx, me.key.user, [Draft("problem", fields)], me.clock.now())
        connections.remove_pending(tx, me.key)

    me.write(unit)


def _put_off(me: "ConnectionWork", kind: str, error: PlatformError) -> None:
    if error.kind == "stopped":
        return  # no trouble: it stays due, and the next start does it
    if isinstance(error, CallFailed) and error.kind in NOT_MADE:
        # Everybody who waits is sent away with the same time: it is spread well, and nobody's failure.
        wait = error.retry_after or FIRST_WAIT
        delay = wait + random.uniform(0.0, min(wait / 2, LONGEST_SPREAD))
        _store_trouble(me, kind, error, me.clock.now() + delay)
        me.again(kind, delay)
        return
    delay = me.failed(error.detail)
    if isinstance(error, RateLimited) and (error.everybody or me.platform.limit_scope == "app"):
        me.shared.lanes.pause(me.key.platform, error.retry_after or delay)
    delay = max(delay, error.retry_after or 0.0) * random.uniform(1.0, 1.1)
    if kind == "hook":
        me.update_row(hook_error=error.detail)
        me.again("hook", HOOK_AGAIN)
        return
    if me.failures == 1:
        log.warning("operation_failed", **me.names, operation=kind, kind=error.kind, reason=error.detail)
    me.note(f"{kind} failed: {error.detail}")
    _store_trouble(me, kind, error, me.clock.now() + delay)
    me.again(kind, delay)


def _store_trouble(me: "ConnectionWork", kind: str, error: PlatformError, at: float) -> None:
    tell = me.failures >= TELL_AFTER and not me.row.trouble_told

    reason = error.reason if isinstance(error, AppMisconfigured) else None

    def unit(tx: Any) -> None:
        columns: dict[str, Any] = {"next_poll": at} if kind == "poll" else {}
        if error.kind != "paused":  # to have looked often enough is no error
            columns |= {"error_message": error.detail, "reason": reason}
        if tell:
            columns["trouble_told"] = True
        if columns:
            connections.update(tx, me.key, **columns)
        if tell:
            fields = {"platform": me.key.platform, "status": "connected", "reason": error.kind, "hint": error.detail}
            events.append(tx, me.key.user, [Draft("connection_status", fields)], me.clock.now())

    me.change(unit)
