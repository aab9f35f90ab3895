"""GitHub: webhooks of the repositories that a user administers, and a poll of their own timeline for the rest."""

from actors.platforms.github.platform import GitHub

__all__ = ["GitHub"]
