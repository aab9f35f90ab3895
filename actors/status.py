"""The snapshot that an actor leaves after each message: all that others may know of it."""

import msgspec


class Status(msgspec.Struct, frozen=True):
    state: str
    """`running`, `restarting`, `parked` or `stopped`."""
    status: str
    """The connection's: `connected`, `needs_reauth`, …"""
    method: str | None = None
    method_reason: str | None = None
    mailbox: int = 0
    handled: int = 0
    restarts: int = 0
    last_error: str | None = None
    last_sync: float | None = None
    next_poll: float | None = None
    token_expires_at: float | None = None
    reauth_due_at: float | None = None
    doing: str | None = None
    """The operation under way: `poll`, `refresh`, …"""
    put_off: frozenset[str] = frozenset()
    """What failed, of `poll` and `refresh`, and is tried again at a time of its own."""
    history: tuple[tuple[float, str], ...] = ()
    """What it did lately: when, and what in words."""


class Parked(msgspec.Struct, frozen=True):
    key: str
    why: str
    since: float
    retry_at: float


class Supervision(msgspec.Struct, frozen=True):
    """What the supervisor shows of itself."""

    children: int = 0
    restarting: int = 0
    halted: int = 0
    restarts: int = 0
    parked: tuple[Parked, ...] = ()
    policy: str = ""
