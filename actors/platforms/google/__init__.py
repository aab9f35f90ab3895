"""What Gmail, Google Calendar and YouTube share: consent, tokens, identity, and how their APIs say no."""

from actors.platforms.google.platform import AUTHORIZE_URL, TOKEN_URL, Google

__all__ = ["AUTHORIZE_URL", "TOKEN_URL", "Google"]
