"""Reading YouTube: channels, playlists, videos, subscriptions, activities.

Each call costs a unit, whatever becomes of it.
"""

import base64
import binascii
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from deploy.sandbox.faults import Fault
from deploy.sandbox.platforms.base import Route
from deploy.sandbox.platforms.google.requests import SignedIn
from deploy.sandbox.platforms.youtube import shapes
from deploy.sandbox.platforms.youtube.catalogue import Channel

if TYPE_CHECKING:
    from deploy.sandbox.platforms.youtube import YouTube

MOST = 50
ALWAYS_EMPTY = ("HL", "WL")
"""Watch history and watch later, which nobody is shown."""
QUOTA = (
    'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota'
    "</a>.",
    "quotaExceeded",
    "youtube.quota",
)


def routes(platform: "YouTube") -> list[Route]:
    given = {"platform": platform}
    root = r"/youtube/youtube/v3"
    return [
        (root + "/channels", Channels, given),
        (root + "/playlistItems", PlaylistItems, given),
        (root + "/videos", Videos, given),
        (root + "/subscriptions", Subscriptions, given),
        (root + "/activities", Activities, given),
    ]


class Listing(SignedIn):
    """A list in pages; what it is of, `find` says, and answers itself where it is refused."""

    platform: "YouTube"
    kind: ClassVar[str]

    def get(self) -> None:
        wanted = {part for text in self.get_query_arguments("part") for part in text.split(",")} - {""}
        if not wanted:
            self.refuse(
                400, "No filter selected. Expected one of: part", "missingRequiredParameter", "youtube.parameter"
            )
            return
        limit = self.number("maxResults", 5, MOST)
        begin = self._page() if limit else None
        if limit is None or begin is None:
            return
        found = self.find(wanted)
        if found is not None:
            self._tell(found, begin, limit)

    @abstractmethod
    def find(self, wanted: set[str]) -> list[dict[str, Any]] | None:
        """All there is to list; None where it was refused."""

    def _tell(self, found: list[dict[str, Any]], begin: int, limit: int) -> None:
        """What is empty is left out."""
        page = found[begin : begin + limit]
        told: dict[str, Any] = {"kind": f"youtube#{self.kind}ListResponse"}
        told["etag"] = shapes.etag(page, len(found), begin, self.platform.etags(self.person.name))
        if self.request.headers.get("If-None-Match", "").strip('W/"') == told["etag"]:
            self.answer(304, None, {"ETag": told["etag"]})
            return
        if begin + limit < len(found):
            told["nextPageToken"] = self._token(begin + limit)
        if begin:
            told["prevPageToken"] = self._token(max(0, begin - limit))
        if page:
            told["items"] = page
        told["pageInfo"] = {"totalResults": len(found), "resultsPerPage": limit}
        self.answer(200, told, {"ETag": told["etag"]})

    def _token(self, begin: int) -> str:
        text = f"{begin}:{self.platform.etags(self.person.name)}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _page(self) -> int | None:
        token = self.get_query_argument("pageToken", "")
        if not token:
            return 0
        try:
            begin, _, lives = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(":")
        except (binascii.Error, ValueError):
            begin, lives = "", ""
        if not begin.isdecimal() or lives != self.platform.etags(self.person.name):
            told = "The request specifies an invalid page token."
            self.refuse(400, told, "invalidPageToken", "youtube.parameter")
            return None
        return int(begin)

    # -- who -----------------------------------------------------------------------------------------
    def own(self) -> Channel | None:
        """The account's channel; refused where there is none."""
        channel = self.platform.library.own_channel(self.person.name)
        if channel is None:
            errors = [{"message": "Unauthorized", "domain": "youtube.header", "reason": "youtubeSignupRequired"}]
            self.answer(401, {"error": {"code": 401, "message": "Unauthorized", "errors": errors}})
        return channel

    def no_filter(self) -> None:
        told = "No filter selected. Expected one of: id, mine"
        self.refuse(400, told, "missingRequiredParameter", "youtube.parameter")

    @property
    def is_mine(self) -> bool:
        return self.get_query_argument("mine", "false") == "true"

    def say_rate_limited(self, fault: Fault) -> None:
        """The day's quota, when that was ordered."""
        if fault.reason == "quotaExceeded":
            self.refuse(403, *QUOTA)
        else:
            super().say_rate_limited(fault)


class Channels(Listing):
    kind = "channel"

    def find(self, wanted: set[str]) -> list[dict[str, Any]] | None:
        library = self.platform.library
        ids = self.get_query_argument("id", "").split(",")
        if self.is_mine:
            chosen = [library.own_channel(self.person.name)]
        elif ids != [""]:
            chosen = [library.channel(id_) for id_ in ids]
        else:
            self.no_filter()
            return None
        return [shapes.channel(one, len(library.uploads(one.id)), wanted) for one in chosen if one is not None]


class PlaylistItems(Listing):
    """`LL`, one's own only, and the uploads of any channel."""

    kind = "playlistItem"

    def find(self, wanted: set[str]) -> list[dict[str, Any]] | None:
        playlist, library = self.get_query_argument("playlistId", ""), self.platform.library
        own = self.own()
        if own is None:
            return None
        if playlist in ALWAYS_EMPTY:
            return []
        if playlist == "LL":
            likes = library.likes(self.person.name)
            return [shapes.liked(like, place, own, library, wanted) for place, like in enumerate(likes)]
        whose = library.channel(f"UC{playlist[2:]}") if playlist.startswith("UU") else None
        if whose is None:
            told = "The playlist identified with the request's <code>playlistId</code> parameter cannot be found."
            self.refuse(404, told, "playlistNotFound", "youtube.playlistItem")
            return None
        uploads = library.uploads(whose.id)
        return [shapes.uploaded(video, place, whose, library, wanted) for place, video in enumerate(uploads)]


class Videos(Listing):
    kind = "video"

    def find(self, wanted: set[str]) -> list[dict[str, Any]] | None:
        library = self.platform.library
        ids = self.get_query_argument("id", "").split(",")
        if self.get_query_argument("myRating", "") == "like":
            if self.own() is None:
                return None
            chosen = [like.video for like in library.likes(self.person.name)]
        elif ids != [""]:
            chosen = [video for id_ in ids if (video := library.video(id_))]
        else:
            self.no_filter()
            return None
        return [shapes.video(one, library, wanted) for one in chosen if not one.gone]


class Subscriptions(Listing):
    kind = "subscription"

    def find(self, wanted: set[str]) -> list[dict[str, Any]] | None:
        if not self.is_mine:
            self.no_filter()
            return None
        own, library = self.own(), self.platform.library
        if own is None:
            return None
        order = self.get_query_argument("order", "relevance")
        follows = library.subscriptions(self.person.name)
        if order == "alphabetical":
            follows.sort(key=lambda one: channel.title if (channel := library.channel(one.channel)) else "")
        return [shapes.subscription(one, own, library, wanted) for one in follows]


class Activities(Listing):
    """Uploads, and one's own subscriptions. Likes have not been among them for years."""

    kind = "activity"

    def find(self, wanted: set[str]) -> list[dict[str, Any]] | None:
        library = self.platform.library
        channel = self.own() if self.is_mine else library.channel(self.get_query_argument("channelId", ""))
        if channel is None:
            if not self._finished:
                self.refuse(404, "Channel not found.", "channelNotFound", "youtube.activity")
            return None
        follows = library.subscriptions(self.person.name) if self.is_mine else []
        dated = [(video.published, shapes.activity(video, channel, wanted)) for video in library.uploads(channel.id)]
        dated += [(one.at, shapes.activity(one, channel, wanted)) for one in follows]
        return [shown for _, shown in sorted(dated, key=lambda one: -one[0])]
