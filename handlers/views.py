"""Connections as the outside sees them."""

from typing import Any
from urllib.parse import quote

from actors.monitoring import decide, heard_at
from actors.status import Status
from handlers.parts import Parts
from storage.records import Connection, iso


def connection(parts: Parts, row: Connection, hooks: int) -> dict[str, Any]:
    platform = row.key.platform
    connected = row.status in ("connected", "needs_reauth")
    how, why = method(parts, row, hooks)
    return {
        "platform": platform,
        "title": title(parts, platform),
        "configured": platform in parts.platforms,
        "status": row.status if connected else "disconnected",
        "method": how,
        "method_reason": why,
        "account": {"id": row.account.id, "name": row.account.name} if row.account and connected else None,
        "last_sync": iso(row.last_sync),
        "next_poll": iso(row.next_poll),
        "token_expires_at": iso(row.token_expires_at),
        "reauth_due_at": iso(row.reauth_due_at),
        "error_message": row.error_message,
        "reason": row.reason,
        "reconnect_url": reconnect_url(parts, platform) if row.status == "needs_reauth" else None,
    }


def never_connected(parts: Parts, platform: str) -> dict[str, Any]:
    empty = ("method", "method_reason", "account", "last_sync", "next_poll", "token_expires_at", "reauth_due_at")
    return {
        "platform": platform,
        "title": title(parts, platform),
        "configured": platform in parts.platforms,
        "status": "disconnected",
        **dict.fromkeys((*empty, "error_message", "reason", "reconnect_url")),
    }


def method(parts: Parts, row: Connection, hooks: int) -> tuple[str | None, str]:
    """How it learns of what is new, and why so: as its actor says, or as it would."""
    if row.status == "needs_reauth":
        return None, "Nothing is read until the user connects again."
    if row.status != "connected":
        return None, "It is not connected."
    if row.halted:
        return None, "An administrator stopped it."
    status = parts.directory.status(row.key)
    if status is not None and status.method is not None:
        return status.method, status.method_reason or ""
    platform = parts.platforms.get(row.key.platform)
    if platform is None:
        return None, "The platform is not configured."
    decision = decide(
        row,
        pushes=platform.pushes,
        hooks=hooks,
        now=parts.clock.now(),
        safety=0,
        suffices=platform.push_suffices,
        door_heard_at=parts.directory.doors_heard.get(row.key.platform),
    )
    return decision.method, decision.reason


def hook_seen_at(parts: Parts, row: Connection) -> str | None:
    """What the method goes by: the last webhook, or a handshake that shows as much."""
    return iso(heard_at(row, parts.directory.doors_heard.get(row.key.platform)))


def actor(parts: Parts, row: Connection) -> dict[str, Any]:
    status = parts.directory.status(row.key) or _without_actor(row)
    return {
        "user": row.key.user,
        "platform": row.key.platform,
        "state": status.state,
        "status": row.status,
        "method": status.method,
        "mailbox": status.mailbox,
        "handled": status.handled,
        "restarts": status.restarts,
        "last_error": status.last_error,
        "last_sync": iso(row.last_sync),
        "next_poll": iso(row.next_poll),
        "token_expires_at": iso(row.token_expires_at),
        "reauth_due_at": iso(row.reauth_due_at),
    }


def state(parts: Parts, row: Connection) -> str:
    return (parts.directory.status(row.key) or _without_actor(row)).state


def title(parts: Parts, slug: str) -> str:
    platform = parts.platforms.get(slug)
    return platform.title if platform else parts.unconfigured.get(slug, slug)


def reconnect_url(parts: Parts, platform: str) -> str:
    return f"{parts.public_url}/api/oauth/{quote(platform, safe='')}/connect"


def _without_actor(row: Connection) -> Status:
    """Those who live have an actor, or will when the start has come to them."""
    lives = row.status in ("connected", "needs_reauth") and not row.halted
    return Status("restarting" if lives else "stopped", row.status)
