"""The platforms that the sandbox plays: a new one is a file here and a line in this list."""

from deploy.sandbox.platforms.base import SandboxPlatform
from deploy.sandbox.platforms.discord import Discord
from deploy.sandbox.platforms.github import GitHub
from deploy.sandbox.platforms.gmail import Gmail
from deploy.sandbox.platforms.google_calendar import GoogleCalendar
from deploy.sandbox.platforms.linkedin import LinkedIn
from deploy.sandbox.platforms.slack import Slack
from deploy.sandbox.platforms.spotify import Spotify
from deploy.sandbox.platforms.youtube import YouTube

PLATFORMS: tuple[type[SandboxPlatform], ...] = (
    GitHub,
    Spotify,
    Gmail,
    GoogleCalendar,
    Slack,
    YouTube,
    Discord,
    LinkedIn,
)
