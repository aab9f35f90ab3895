"""Slack: the Events API tells of everything as it happens; a poll goes through the conversations one by one."""

from actors.platforms.slack.platform import Slack

__all__ = ["Slack"]
