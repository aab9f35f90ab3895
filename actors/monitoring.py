"""Webhook or polling, and why. Pure."""

import msgspec

from storage.records import Connection

SILENCE = 24 * 3600.0
"""A hook that has been silent for this long is no longer trusted alone."""
HEALTHY = "The webhook is healthy: by a push or a handshake it has reached this service within a day."


class Decision(msgspec.Struct, frozen=True):
    method: str
    """`webhook` or `polling`."""
    reason: str
    """In words, for people."""
    every: float | None = None
    """Seconds between polls where the platform's own schedule doesn't apply: the safety net under a webhook."""


def heard_at(row: Connection, door_heard_at: float | None) -> float | None:
    """When anything last showed that the platform's webhooks for this connection reach us: one of its own, or a
    handshake that stands for everybody's."""
    return max(filter(None, (row.hook_seen_at, door_heard_at)), default=None)


def decide(
    row: Connection,
    *,
    pushes: bool,
    hooks: int,
    now: float,
    safety: float,
    suffices: bool = True,
    door_heard_at: float | None = None,
) -> Decision:
    """How a connection learns of what is new; `hooks` is how many stand registered at the platform. `suffices`: they
    tell of everything that a poll would find. `door_heard_at`: when the platform last showed that it reaches the door
    that is everybody's."""
    if not pushes:
        return Decision("polling", "The platform offers no webhooks.")
    if row.hook_error is not None and hooks == 0:
        return Decision("polling", f"No webhook could be registered: {row.hook_error}")
    if hooks == 0 and row.hook_seen_at is None:
        return Decision("polling", "No webhook is registered yet.")
    heard = heard_at(row, door_heard_at)
    if heard is None:
        return Decision("polling", "The webhook is registered and nothing has come by it yet, not even a handshake.")
    if now - heard > SILENCE:
        return Decision("polling", "The webhook has been silent for over a day.")
    if not suffices:
        return Decision("webhook", f"{HEALTHY} It tells of a part; polls find the rest.")
    return Decision("webhook", f"{HEALTHY} A slow poll is the safety net.", safety)
