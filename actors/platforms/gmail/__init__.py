"""Gmail: a Pub/Sub push says that a mailbox has news, its history says what."""

from actors.platforms.gmail.platform import Gmail

__all__ = ["Gmail"]
