"""Spotify: what was played and what is playing. It pushes nothing, so it is polled often.

It keeps some fifty plays for anybody, so that what is played beyond these between two polls is gone;
a marker of type `gaps` then says from when to when.
"""

from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from typing import Any

from actors.platforms.answers import message
from actors.platforms.base import Answer, Call, Endpoints, Pacing, Page, Platform, Reading, Reads, asked
from actors.platforms.failures import BadAnswer, RateLimited, data_answer
from actors.platforms.fields import decode, dig, link, moment, number, text
from storage.records import Account, Item

PLAYS = 50
"""As many as Spotify gives, and about as many as it keeps."""
OVERLAP = 1000
"""Milliseconds read again each time: what was stored before is recognised, and proves that nothing lies between."""
QUOTA_PAUSE = 3600.0
"""Seconds. A used-up quota is the app's, for hours; asking more often than this would help nobody."""

LISTENING = 900.0
"""Seconds after a play within which its listener is likely to be at the next one."""
SELDOM = 6 * 3600.0 - 900.0
EPISODES = 14 * 86_400.0

AFTER, LOOKED_AT, EPISODE_AT = "recently_played:after", "currently_playing:at", "currently_playing:episode_at"
"""The cursors: milliseconds of the last play known, seconds of the last look at what is on and of the last episode
seen there."""

SENTENCES = {
    "currently_playing": "Something is playing on Spotify",
    "gaps": f"Some plays are missing: Spotify remembers only the last {PLAYS}",
}
"""Of what isn't counted."""


class Spotify(Platform):
    slug = "spotify"
    title = "Spotify"
    endpoints = Endpoints(
        "https://accounts.spotify.com/authorize",
        "https://accounts.spotify.com/api/token",
        "https://api.spotify.com",
    )
    scopes = ("user-read-recently-played", "user-read-currently-playing", "user-read-private")
    poll_every = "30m"
    limit_scope = "app"
    pace = Pacing(rate=10, burst=20)
    client_auth = "basic"
    sparing = frozenset({LOOKED_AT})
    grant_lifetime = 181 * 86_400.0
    """Six months from consent, fixed; 181 days are the shortest six months, so that nobody is warned too late."""

    def identify(self) -> Generator[Call, Answer, Account]:
        answer = yield Call("GET", f"{self.urls.api_url}/v1/me")
        me = _data(answer).json()
        name = text(me, "id")
        # `id` can change hands; older servers have nothing else.
        id_ = text(me, "account_id") or name
        if id_ is None:
            raise BadAnswer("Spotify did not say whose account this is")
        return Account(id=id_, name=text(me, "display_name") or name or id_, details={"id": name} if name else {})

    def found(self, data_type: str, count: int) -> str:
        new = "1 new track" if count == 1 else f"{count} new tracks"
        return SENTENCES.get(data_type, new)

    def found_first(self, data_type: str, count: int) -> str:
        return SENTENCES.get(data_type, "1 track" if count == 1 else f"{count} tracks")

    def line(self, item: Item) -> Mapping[str, str | None]:
        is_over = item.data_type == "recently_played"
        track = dig(item.raw, "track" if is_over else "item")
        title = _title(track)
        if title is None:
            return {}
        told = {"where": "Spotify", "url": link(track, "external_urls", "spotify")}
        if not is_over:
            return {"who": None, "what": f"{title} is playing", "message": f"{title} is playing on Spotify", **told}
        return {"who": "You", "what": f"listened to {title}", "message": f"You listened to {title}", **told}

    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        newest = yield from self._recently_played(_whole(cursors, AFTER), now)
        if not _is_worth_a_look(cursors, newest / 1000, now):
            return Reading()
        return Reading((yield from self._currently_playing(now)))

    def _recently_played(self, known: int | None, now: float) -> Generator[Call | Page, Answer | None, int]:
        """Milliseconds of the newest play."""
        params = {"limit": PLAYS} | ({"after": max(known - OVERLAP, 0)} if known is not None else {})
        answer = yield from asked(Call("GET", f"{self.urls.api_url}/v1/me/player/recently-played", params=params))
        said = _data(answer, now).json()
        listed = dig(said, "items")
        if not isinstance(listed, list):
            raise BadAnswer("Spotify's recently played tracks are not a list")
        plays = [play for play in listed if _external_id(play)]
        items = [_play(play) for play in plays]
        times = [_milliseconds(play) for play in plays]
        if known is not None and len(listed) >= PLAYS and min(times, default=0) > known:
            items.append(_gap(known, min(times)))
        newest = max(times, default=0)
        yield Page(items, {AFTER: str(newest)} if newest > (known or 0) else {})
        return max(newest, known or 0)

    def _currently_playing(self, now: float) -> Generator[Call | Page, Answer | None, dict[str, str]]:
        """The cursors that are true after this look."""
        looked = {LOOKED_AT: str(int(now))}
        url = f"{self.urls.api_url}/v1/me/player/currently-playing"
        answer = _data((yield from asked(Call("GET", url, params={"additional_types": "track,episode"}))), now)
        if answer.status == 204:
            return looked
        playing = answer.json()
        track = _named(dig(playing, "item"))
        if track and dig(playing, "is_playing") is not False:
            since = number(playing, "timestamp")
            at = since / 1000 if since is not None else now
            yield Page([Item("currently_playing", f"{since or int(now * 1000)}:{track}", playing, at)])
        if text(playing, "currently_playing_type") == "episode":
            looked[EPISODE_AT] = looked[LOOKED_AT]
        return looked


def _is_worth_a_look(cursors: Mapping[str, str], newest: float, now: float) -> bool:
    """Half of all calls would ask what is on while nobody listens. Music shows among the plays, at the latest by the
    next poll; episodes never do, so that who listens to such is asked about each time."""
    looked_at, episode_at = _whole(cursors, LOOKED_AT), _whole(cursors, EPISODE_AT)
    if looked_at is None or not 0 <= now - looked_at < SELDOM:
        return True
    return now - newest < LISTENING or (episode_at is not None and now - episode_at < EPISODES)


def _whole(cursors: Mapping[str, str], name: str) -> int | None:
    value = cursors.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() else None


def _data(answer: Answer, now: float | None = None) -> Answer:
    try:
        return data_answer(answer, now)
    except RateLimited as limited:
        if _is_quota(answer):
            raise RateLimited(
                f"429: the app's quota at Spotify is used up ({message(answer)})",
                max(limited.retry_after or 0.0, QUOTA_PAUSE),
            ) from None
        raise


def _is_quota(answer: Answer) -> bool:
    try:
        return bool(dig(decode(answer.body), "error", "reason") == "QUOTA_EXCEEDED")
    except ValueError:
        return False


def _play(play: Any) -> Item:
    return Item("recently_played", _external_id(play) or "", play, moment(play, "played_at"))


def _external_id(play: Any) -> str | None:
    """A play has no id of its own; None for what isn't a play."""
    at, track = text(play, "played_at"), _named(dig(play, "track"))
    return f"{at}:{track}" if at and track and moment(play, "played_at") is not None else None


def _named(track: Any) -> str | None:
    """A local file has no id, an advertisement nothing at all."""
    return text(track, "id") or text(track, "uri")


def _title(track: Any) -> str | None:
    """`“Song” by Band`, or of an episode `“Part one” from Show`."""
    name, show, artists = text(track, "name"), text(track, "show", "name"), dig(track, "artists")
    if not name:
        return None
    names = [text(one, "name") for one in artists[:3]] if isinstance(artists, list) else []
    by = ", ".join(filter(None, names))
    return f"“{name}”" + (f" by {by}" if by else f" from {show}" if show else "")


def _milliseconds(play: Any) -> int:
    return round((moment(play, "played_at") or 0.0) * 1000)


def _gap(after: int, before: int) -> Item:
    raw = {"dataType": "recently_played", "after": _iso(after), "before": _iso(before)}
    return Item("gaps", f"recently_played:{after}", raw, before / 1000)


def _iso(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
