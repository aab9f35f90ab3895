"""The values that every part may import. Nothing here does anything.

Times are Unix seconds (UTC) as floats; `iso` writes them as the outside sees them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec


class ConnectionKey(NamedTuple):
    """One user on one platform; `ada/github` in logs and paths."""

    user: str
    platform: str

    def __str__(self) -> str:
        return f"{self.user}/{self.platform}"


class Secret:
    """Text that shows itself to nobody: search for `.reveal()` to see who reads it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is not pickled or copied")


class Token(msgspec.Struct, frozen=True):
    """What opens the platform."""

    access: Secret
    refresh: Secret | None = None
    expires_at: float | None = None
    """None: it never expires and is never refreshed."""
    refresh_due_at: float | None = None
    """When to ask for the next one: some time before it expires."""
    scope: str = ""
    reauth_due_at: float | None = None
    """When the grant itself ends, whatever we do."""


class Account(msgspec.Struct, frozen=True):
    """Who the platform says this is. `id` never changes; `name` is for people."""

    id: str
    name: str
    details: dict[str, str] = {}
    """What else the platform file needs to know of the account, such as GitHub's login."""
    addresses: tuple[str, ...] = ()
    """By which webhooks name the account, where they come for all users to one door: a mailbox, a team and user."""


class Connection(msgspec.Struct, frozen=True):
    """A connection's row without its secrets."""

    id: int
    key: ConnectionKey
    status: str
    """`pending`, `connected`, `needs_reauth` or `disconnected`."""
    generation: int = 0
    """Raised by every change of the token; what a commit of a new token compares."""
    account: Account | None = None
    scope: str = ""
    token_expires_at: float | None = None
    refresh_due_at: float | None = None
    reauth_due_at: float | None = None
    refresh_began_at: float | None = None
    """Set before the token endpoint is called, cleared with the commit of its answer: a crash between shows."""
    last_sync: float | None = None
    next_poll: float | None = None
    hook_seen_at: float | None = None
    """When a verified webhook last came."""
    hook_error: str | None = None
    """Why no hook could be registered; None when there is one or none was tried."""
    error_message: str | None = None
    reason: str | None = None
    halted: bool = False
    """An admin stopped it; it stays so until an admin restarts it."""
    granted_at: float | None = None
    """When the user said yes, the last time."""
    leaving: str | None = None
    """`keep` or `purge`: the user asked for the end, which is not done yet; what becomes of what was read."""
    trouble_told: bool = False
    """The user was told that it doesn't go well, and is to be told when it does again."""
    reauth_notice_at: float | None = None
    """When the user is next to be told that the grant ends."""


class Hook(msgspec.Struct, frozen=True):
    """One webhook that we registered at a platform."""

    external_id: str
    where: str
    """What it watches there: a repository, a mailbox, a calendar."""
    secret: Secret
    expires_at: float | None = None
    address: str | None = None
    """By which its webhooks name it, where they come for all users to one door."""


class Delivery(msgspec.Struct, frozen=True):
    """One inbound webhook as it came."""

    key: ConnectionKey
    delivery_id: str
    """The platform's own id, by which a repeat is recognised."""
    kind: str
    body: bytes
    at: float
    id: int = 0
    """Its row; 0 until stored."""
    attempts: int = 1
    """Tries begun. The first is charged when it is accepted, the later ones before they are made."""


class Item(msgspec.Struct, frozen=True):
    """One thing read from a platform."""

    data_type: str
    external_id: str
    raw: Any
    """The platform's own JSON, decoded."""
    at: float | None = None


class Draft(msgspec.Struct, frozen=True):
    """An event that has no place in its user's sequence yet."""

    type: str
    fields: Mapping[str, Any] = {}


class Event(msgspec.Struct, frozen=True):
    """One notification, at its place in its user's sequence."""

    user: str
    offset: int
    type: str
    at: float
    body: bytes
    """The JSON object of its fields, without type, offset, cursor and at."""
    epoch: str = ""

    @property
    def cursor(self) -> str:
        return f"{self.epoch}-{self.offset}"


def iso(at: float | None) -> str | None:
    """2026-11-20T12:00:00.123Z"""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
