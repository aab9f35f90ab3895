"""Page tokens and sync tokens: what a reading asked for, and how far it has come."""

import base64
import binascii

import msgspec


class PageToken(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    since: int
    """Changes after this one; -1: all that there is."""
    upto: int
    """What changes during a reading is for the next."""
    change: int
    place: int
    """The last one shown: its change, and which of its instances."""


class SyncToken(msgspec.Struct, frozen=True, array_like=True, tag="s"):
    since: int
    calendar: str
    single: bool
    at: int
    """Seconds; it ages."""
    lives: str
    """All tokens of a person can be ended at once."""


def write(token: PageToken | SyncToken) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode()


def read_page(text: str) -> PageToken | None:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=PageToken)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None


def read_sync(text: str) -> SyncToken | None:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=SyncToken)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
