"""Events that the app itself puts into a user's sequence: their names and size."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from handlers.errors import BadRequest
from storage.records import Draft

LARGEST = 32 * 1024
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
OURS = frozenset(
    {
        *("connected", "connection_status", "needs_reauth", "token_refresh", "platform_sync", "new_data"),
        *("extraction_progress", "webhook_received", "new_message", "message_status_update", "unread_count_update"),
        *("conversation_update", "problem", "authenticated", "token_expiring", "pong", "error", "snapshot", "ready"),
        *("insert", "update", "delete", "presence", "close", "open", "message"),
    }
)
"""Names that mean something to clients already; `notification` is the app's to send too."""
PLACED = frozenset({"type", "offset", "cursor", "at"})
"""Fields that an event gets with its place."""


def draft(event: Mapping[str, Any]) -> Draft:
    """Raises `BadRequest` for what can't be one."""
    name = event.get("type")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadRequest("bad_event", "An event has a type of a-z, 0-9 and _, 64 characters at most.")
    if name in OURS:
        raise BadRequest("bad_event", f"{name} is the service's own type.")
    fields = {key: value for key, value in event.items() if key not in PLACED}
    if len(msgspec.json.encode(fields)) > LARGEST:
        raise BadRequest("too_large", "An event is 32 KiB at most.")
    return Draft(name, fields)
