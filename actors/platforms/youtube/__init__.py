"""YouTube: likes, subscriptions and uploads by polling; new videos of channels by WebSub."""

from actors.platforms.youtube.platform import YouTube

__all__ = ["YouTube"]
