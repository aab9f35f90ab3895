"""The far ends: each platform's side of the calls that this service makes, with its tokens and its limits."""

from tests.bench.day.ends.base import End
from tests.bench.day.ends.calendar import Calendar
from tests.bench.day.ends.discord import Discord
from tests.bench.day.ends.github import GitHub
from tests.bench.day.ends.gmail import Gmail
from tests.bench.day.ends.linkedin import LinkedIn
from tests.bench.day.ends.slack import Slack
from tests.bench.day.ends.spotify import Spotify
from tests.bench.day.ends.youtube import YouTube

ENDS: tuple[type[End], ...] = (GitHub, Gmail, Slack, Spotify, YouTube, Calendar, Discord, LinkedIn)
