"""The platforms and accounts that these tests speak of."""

from actors.platforms.base import Client, Endpoints
from actors.platforms.github import GitHub
from actors.platforms.spotify import Spotify
from storage.records import Account, Secret

CLIENT = Client("app-1", Secret("app-secret"))
OCTOCAT = Account("583231", "The Octocat", {"login": "octocat"})
ADA = Account("aB3dE5fG7h", "Ada", {"id": "ada_l"})
NOW = 1_795_180_000.0
"""2026-11-20T13:06:40Z"""


def github(**options: int) -> GitHub:
    return GitHub(CLIENT, Endpoints("http://gh/authorize", "http://gh/token", "http://gh/api"), **options)


def spotify() -> Spotify:
    return Spotify(CLIENT, Endpoints("http://sp/authorize", "http://sp/token", "http://sp"))
