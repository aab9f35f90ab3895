"""The requests to Spotify: the token endpoint, the profile, what was played, what is on."""

import base64
import hmac
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from deploy.sandbox.faults import Fault
from deploy.sandbox.happenings import Happening
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import PlatformHandler, Route, SandboxPlatform
from deploy.sandbox.platforms.spotify import catalogue
from deploy.sandbox.platforms.spotify.catalogue import Track
from deploy.sandbox.tokens import Issued, Refused

if TYPE_CHECKING:
    from deploy.sandbox.platforms.spotify import Spotify

MOST = 50
QUOTA = "QUOTA_EXCEEDED"


def routes(platform: SandboxPlatform) -> list[Route]:
    given = {"platform": platform}
    return [
        (r"/spotify/api/token", Token, given),
        (r"/spotify/v1/me", Me, given),
        (r"/spotify/v1/me/player/recently-played", RecentlyPlayed, given),
        (r"/spotify/v1/me/player/currently-playing", CurrentlyPlaying, given),
        (r"/spotify/.*", Nowhere, given),
    ]


class SpotifyHandler(PlatformHandler):
    platform: "Spotify"

    def refuse(self, status: int, message: str, **more: str) -> None:
        self.answer(status, {"error": {"status": status, "message": message, **more}})

    def say_down(self) -> None:
        self.refuse(503, "Service unavailable")

    def say_rate_limited(self, fault: Fault) -> None:
        """The quota of the developer's account, when that was ordered, comes without a time to wait."""
        if fault.reason == QUOTA:
            self.refuse(429, "Too many requests", reason=QUOTA)
            return
        self.set_header("Retry-After", str(math.ceil(self.platform.faults.remaining(fault) or 30)))
        self.refuse(429, "API rate limit exceeded")

    def write_error(self, status_code: int, **_: Any) -> None:
        self.refuse(status_code, "Method not allowed" if status_code == 405 else "Server error")


class Token(SpotifyHandler):
    """Form in, JSON out; the app proves itself by Basic."""

    limited = False

    def caller(self) -> str | None:
        if refresh := self.get_body_argument("refresh_token", ""):
            held = self.platform.tokens.look_up(refresh, "refresh")
            return held.user if held else None
        return self.platform.tokens.user_of_code(self.get_body_argument("code", ""))

    def post(self) -> None:
        if not self._is_the_app():
            self.refuse_grant("invalid_client", "Invalid client")
            return
        match self.get_body_argument("grant_type", ""):
            case "authorization_code":
                self._exchange()
            case "refresh_token":
                self._refresh()
            case _:
                self.refuse_grant("unsupported_grant_type", "grant_type parameter is missing or unknown")

    def _exchange(self) -> None:
        if not self.get_body_argument("redirect_uri", ""):
            self.refuse_grant("invalid_request", "redirect_uri must be supplied")
            return
        try:
            code, back = self.get_body_argument("code", ""), self.get_body_argument("redirect_uri", "")
            self.tell(self.platform.tokens.exchange(code, back, self.get_body_argument("code_verifier", "")))
        except Refused as refused:
            told = "Authorization code expired" if refused.why == "expired" else "Invalid authorization code"
            self.refuse_grant("invalid_grant", told)

    def _refresh(self) -> None:
        refresh = self.get_body_argument("refresh_token", "")
        if not refresh:
            self.refuse_grant("invalid_request", "refresh_token must be supplied")
            return
        try:
            self.tell(self.platform.tokens.refresh(refresh))
        except Refused as refused:
            told = "Invalid refresh token" if refused.why == "unknown" else f"Refresh token {_past(refused.why)}"
            self.refuse_grant("invalid_grant", told)

    def _is_the_app(self) -> bool:
        scheme, _, coded = self.request.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(coded)
        except ValueError:
            return False
        known = f"{self.platform.client_id}:{self.platform.client_secret}"
        return scheme.lower() == "basic" and hmac.compare_digest(given, known.encode())

    def refuse_grant(self, error: str, description: str) -> None:
        self.answer(400, {"error": error, "error_description": description})

    def tell(self, issued: Issued) -> None:
        shown: dict[str, Any] = {"access_token": issued.access, "token_type": "Bearer", "expires_in": issued.expires_in}
        if issued.refresh is not None:
            shown["refresh_token"] = issued.refresh
        self.answer(200, {**shown, "scope": issued.scope}, {"Cache-Control": "no-store"})


def _past(why: str) -> str:
    return "expired" if why == "expired" else "revoked"


class SignedIn(SpotifyHandler):
    """Needs a token that is good."""

    person: Person

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:
            return
        if self.held is None:
            self.refuse(401, "Invalid access token" if self.bearer() else "No token provided")
        elif not self.held.live:
            self.refuse(401, "The access token expired" if self.held.state == "expired" else "Invalid access token")
        else:
            self.person = self.platform.person(self.held.user)

    @property
    def now_ms(self) -> int:
        return int(self.platform.now() * 1000)


class Me(SignedIn):
    def get(self) -> None:
        own = self.platform.profile(self.person)
        self.answer(200, own)


class RecentlyPlayed(SignedIn):
    """Newest first; `after` and `before` in milliseconds, both exclusive, never together."""

    def get(self) -> None:
        after, before = self.get_query_argument("after", ""), self.get_query_argument("before", "")
        limit = self.get_query_argument("limit", "20")
        if after and before:
            self.refuse(400, "Only one of before and after can be specified")
            return
        if not all(text.isdecimal() or not text for text in (after, before)):
            self.refuse(400, "Invalid timestamp")
            return
        if not limit.isdecimal() or not 1 <= int(limit) <= MOST:
            self.refuse(400, "Invalid limit")
            return
        self.platform.player.on(self.person.name, self.now_ms)  # what has ended meanwhile is a play
        history = self.platform.player.history(self.person.name)
        inside = [
            play for play in history if (not after or play.at > int(after)) and (not before or play.at < int(before))
        ]
        page = inside[: int(limit)]
        self.answer(200, self._page(page, more=bool(page) and page[-1].id != history[-1].id, limit=int(limit)))

    def _page(self, page: list[Happening], more: bool, limit: int) -> dict[str, Any]:
        root = f"{self.platform.root}/v1/me/player/recently-played"
        return {
            "href": f"{root}?limit={limit}",
            "limit": limit,
            "next": f"{root}?before={page[-1].at}&limit={limit}" if more else None,
            "cursors": {"after": str(page[0].at), "before": str(page[-1].at)} if page else None,
            "items": [_play(play) for play in page],
        }


def _play(play: Happening) -> dict[str, Any]:
    at = datetime.fromtimestamp(play.at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{play.at % 1000:03}Z"
    playlist = play.body["playlist"]
    return {
        "track": catalogue.track(track_of(play)),
        "played_at": at,
        "context": catalogue.playlist_context(playlist) if playlist else None,
    }


def track_of(play: Happening) -> Track:
    return msgspec.convert(play.body["track"], Track)


class CurrentlyPlaying(SignedIn):
    """204 and nothing when nothing is on."""

    def get(self) -> None:
        on = self.platform.player.on(self.person.name, self.now_ms)
        if on is None:
            self.answer(204)
            return
        wanted = self.get_query_argument("additional_types", "track").split(",")
        item = {"track": catalogue.track(on.track), "episode": catalogue.episode(on.number)}.get(on.what)
        self.answer(
            200,
            {
                "timestamp": on.since,
                "progress_ms": self.now_ms - on.since,
                "is_playing": True,
                "currently_playing_type": on.what,
                "item": item if on.what == "track" or on.what in wanted else None,
                "context": None,
                "actions": {"disallows": {"resuming": True}},
            },
        )


class Nowhere(SpotifyHandler):
    def get(self) -> None:
        self.refuse(404, "Service not found")

    post = patch = put = delete = get
