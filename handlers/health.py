"""Whether it runs, and whether it is ready for more. Open: nothing here names anybody."""

from typing import Any

from handlers.admin import AdminHandler
from handlers.base import Handler
from handlers.parts import Parts
from storage.records import iso

NOT_USED = {"status": "not_configured"}


class Health(Handler):
    """Always 200 while the process answers: a database in trouble is no reason to kill it."""

    quiet = True

    def get(self) -> None:
        parts = self.parts
        services = {
            "database": database(parts),
            "redis": NOT_USED,
            "actors": actors(parts),
            "websocket": streams(parts, "websocket"),
            "sse": streams(parts, "sse"),
        }
        fine = all(service["status"] in ("ok", "not_configured") for service in services.values())
        self.reply({"status": "ok" if fine else "degraded", "timestamp": iso(parts.clock.now()), "services": services})


class Ready(Handler):
    quiet = True

    def get(self) -> None:
        why_not = not_ready(self.parts)
        self.reply({"ready": why_not is None, "reason": why_not}, 503 if why_not else 200)


class StreamHealth(Handler):
    quiet = True

    def get(self) -> None:
        self.reply({"timestamp": iso(self.parts.clock.now()), **streams(self.parts, "sse")})


class StreamStats(AdminHandler):
    def get(self) -> None:
        standing = self.parts.hub.standing()
        self.reply(
            {
                "connections": standing.connections,
                "users": standing.users,
                "opened": standing.opened,
                "cut": {str(code): count for code, count in standing.cut.items()},
                "cursors": standing.recovered,
                "events": standing.events,
                "waiting": standing.waiting,
                "sent": standing.sent,
                "joined": standing.joined,
            }
        )


def not_ready(parts: Parts) -> str | None:
    if parts.serving.draining:
        return "stopping"
    if not parts.serving.started:
        return "starting"
    health = parts.bridge.database.health()
    return None if health.ok else f"database: {health.reason}"


def database(parts: Parts) -> dict[str, Any]:
    health = parts.bridge.database.health()
    if health.ok:
        return {"status": "ok"}
    return {"status": "unavailable", "reason": health.reason, "since": iso(health.since)}


def actors(parts: Parts) -> dict[str, Any]:
    now = parts.directory.supervision
    return {
        "status": "ok" if parts.directory.supervisor is not None else "starting",
        "running": now.children,
        "restarting": now.restarting,
        "parked": len(now.parked),
    }


def streams(parts: Parts, kind: Any) -> dict[str, Any]:
    standing = parts.hub.standing()
    status = "stopping" if parts.serving.draining else "ok"
    return {"status": status, "connections": standing.connections[kind], "authenticatedUsers": standing.users[kind]}
