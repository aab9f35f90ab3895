"""What all calls to YouTube's API share. Each costs a unit of the app's ten thousand a day, also one that fails."""

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from actors.platforms.base import Answer, Call
from actors.platforms.failures import Forbidden, PlatformError, RateLimited
from actors.platforms.fields import dig, text
from actors.platforms.google.answers import checked, listed, opaque, reason

USED_UP = frozenset({"quotaExceeded", "dailyLimitExceeded"})
NO_CHANNEL = "This Google account has no channel at YouTube yet. Make one there, then connect again."


class NoChannel(PlatformError):
    kind = "no_channel"


def call(api: str, what: str, params: Mapping[str, Any]) -> Call:
    return Call("GET", f"{api}/youtube/v3/{what}", params=params)


def data(answer: Answer, now: float | None = None) -> Any:
    """The JSON of a good answer. A used-up quota is the whole app's, until midnight on the Pacific coast."""
    try:
        return checked(answer, now).json()
    except RateLimited as limited:
        if reason(answer) not in USED_UP:
            raise
        wait = until_midnight(now) if now is not None else 3600.0
        raise RateLimited(f"the app's quota at YouTube is used up for today ({limited.detail})", wait) from None
    except Forbidden:
        if reason(answer) == "youtubeSignupRequired":
            raise NoChannel(NO_CHANNEL) from None
        raise


def until_midnight(now: float) -> float:
    here = datetime.fromtimestamp(now, _pacific())
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp() - now


def _pacific() -> tzinfo:
    """Where the system knows no zones, winter time: an hour too late rather than too early."""
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=-8))


def own_channel(api: str) -> Generator[Call, Answer, dict[str, str]]:
    """`channel`, `uploads` (its playlist), `likes` and `title`."""
    answer = yield call(api, "channels", {"part": "id,snippet,contentDetails", "mine": "true"})
    for channel in listed(data(answer), "items"):
        id_ = opaque(channel, "id", longest=100)
        if id_ is None:
            continue
        lists = dig(channel, "contentDetails", "relatedPlaylists")
        found = {
            "channel": id_,
            "likes": opaque(lists, "likes", longest=100) or "LL",
            "uploads": opaque(lists, "uploads", longest=100),
            "title": text(channel, "snippet", "title"),
        }
        return {name: value for name, value in found.items() if value}
    raise NoChannel(NO_CHANNEL)
