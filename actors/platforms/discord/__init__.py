"""Discord: the servers that a user is in, by poll, and the end of the access by a signed event."""

from actors.platforms.discord.platform import Discord

__all__ = ["Discord"]
