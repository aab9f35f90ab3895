"""Which messages are kept, and under which name: a poll and an event tell of the same one."""

import re
from typing import Any, TypeGuard

from actors.platforms.fields import dig
from storage.records import Item

KEPT = (None, "thread_broadcast", "file_share", "me_message")
"""Subtypes of what somebody said. The others are notes of Slack's own, such as who joined, or changes of a message."""
ID = re.compile(r"[A-Z0-9]{2,32}")
"""A conversation's, a user's, a workspace's."""
TS = re.compile(r"\d{1,12}\.\d{1,9}")


def item_of(message: Any, channel: Any) -> Item | None:
    """None for what isn't somebody's message. The timestamp stays the text that it is: it is half of the name."""
    ts = timestamp(dig(message, "ts"))
    if ts is None or not is_id(channel) or not is_said(message):
        return None
    return Item("messages", f"{channel}:{ts}", {**message, "channel": channel}, seconds(ts))


def is_said(message: Any) -> bool:
    return dig(message, "type") in (None, "message") and dig(message, "subtype") in KEPT


def is_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def timestamp(value: Any) -> str | None:
    return value if isinstance(value, str) and TS.fullmatch(value) else None


def seconds(ts: str) -> float:
    return float(ts)
