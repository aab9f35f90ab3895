"""How pushes ended since the start."""

import msgspec


class PushCounts(msgspec.Struct):
    """Counted by the pusher, read on any thread."""

    sent: int = 0
    """A push service took it."""
    failed: int = 0
    """Tries that will be made again."""
    refused: int = 0
    """Given up: the push service doesn't want this one, or it can't be made."""
    unneeded: int = 0
    """Their user has a page in sight, or they are too old."""
    devices_dropped: int = 0
    """Subscriptions that are gone at their push service, don't open any more, or have a host that isn't allowed."""
