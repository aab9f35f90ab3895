"""Webhook or polling, and why. Pure."""

import msgspec

from storage.records import Connection

SILENCE = 24 * 3600.0
"""A hook that has been silent for this long is no longer trusted alone."""


class Decision(msgspec.Struct, frozen=True):
    method: str
    """`webhook` or `polling`."""
    reason: str
    """In words, for people."""
    every: float | None = None
    """Seconds between polls where the platform's own schedule doesn't apply: the safety net under a webhook."""


def decide(row: Connection, *, pushes: bool, hooks: int, now: float, safety: float, suffices: bool = True) -> Decision:
    """How a connection learns of what is new; `hooks` is how many stand registered at the platform. `suffices`: they
    tell of everything that a poll would find."""
    if not pushes:
        return Decision("polling", "The platform offers no webhooks.")
    if row.hook_error is not None and hooks == 0:
        return Decision("polling", f"No webhook could be registered: {row.hook_error}")
    if hooks == 0 and row.hook_seen_at is None:
        return Decision("polling", "No webhook is registered yet.")
    if row.hook_seen_at is None:
        return Decision("polling", "The webhook is registered and has not been heard yet.")
    if now - row.hook_seen_at > SILENCE:
        return Decision("polling", "The webhook has been silent for over a day.")
    if not suffices:
        return Decision("webhook", "The webhook is healthy and tells of a part; polls find the rest.")
    return Decision("webhook", "The webhook is healthy; a slow poll is the safety net.", safety)
