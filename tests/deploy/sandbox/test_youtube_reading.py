"""YouTube's lists, and the quota that all of a project's users share."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tornado.httpclient import HTTPResponse

from deploy.sandbox.platforms.youtube import YouTube
from tests.deploy.sandbox.google_scene import GoogleCase, refusal
from tests.deploy.sandbox.scene import read

BOTH = "snippet,contentDetails"


class YouTubeCase(GoogleCase):
    slug = "youtube"
    root = "/youtube/youtube/v3"

    def page(self, what: str, token: dict[str, Any] | None = None, **params: Any) -> HTTPResponse:
        return self.ask(f"/{what}", token, **{"part": BOTH, **params})

    def listed(self, what: str, **params: Any) -> list[dict[str, Any]]:
        """All pages."""
        items: list[dict[str, Any]] = []
        page: dict[str, Any] = {}
        while True:
            told = read(self.page(what, **{"maxResults": 50, **params, **page}), 200)
            items += told.get("items", [])
            assert told["pageInfo"]["totalResults"] >= len(told.get("items", []))
            if "nextPageToken" not in told:
                return items
            page = {"pageToken": told["nextPageToken"]}

    def channel(self) -> dict[str, Any]:
        (own,) = self.listed("channels", mine="true")
        return own

    def liked(self) -> list[str]:
        return [one["contentDetails"]["videoId"] for one in self.listed("playlistItems", playlistId="LL")]

    def uploaded(self) -> list[str]:
        playlist = self.channel()["contentDetails"]["relatedPlaylists"]["uploads"]
        return [one["contentDetails"]["videoId"] for one in self.listed("playlistItems", playlistId=playlist)]


class Lists(YouTubeCase):
    def test_ones_own_channel_and_its_lists(self) -> None:
        own = self.channel()
        assert own["kind"] == "youtube#channel"
        assert own["id"].startswith("UC")
        assert len(own["id"]) == 24
        assert own["snippet"]["title"] == "Ada Lovelace"
        assert own["contentDetails"]["relatedPlaylists"] == {"likes": "LL", "uploads": f"UU{own['id'][2:]}"}

    def test_only_the_parts_that_were_asked_for_are_shown(self) -> None:
        (own,) = self.listed("channels", part="id", mine="true")
        assert own.keys() == {"kind", "etag", "id"}
        assert refusal(self.page("channels", part="", mine="true")) == (400, "missingRequiredParameter")

    def test_likes_are_newest_first_with_the_time_of_the_like(self) -> None:
        liked = self.happens("like")
        first, *others = self.listed("playlistItems", playlistId="LL")
        assert first["contentDetails"]["videoId"] == liked == first["snippet"]["resourceId"]["videoId"]
        assert first["snippet"]["publishedAt"] == "2026-11-20T18:40:00Z"
        assert first["contentDetails"]["videoPublishedAt"] < first["snippet"]["publishedAt"]
        times = [one["snippet"]["publishedAt"] for one in (first, *others)]
        assert times == sorted(times, reverse=True)
        assert [one["snippet"]["position"] for one in (first, *others)] == list(range(len(times)))
        assert liked in [one["id"] for one in self.listed("videos", myRating="like")]

    def test_a_like_that_was_taken_back_is_only_missing(self) -> None:
        self.happens("like")
        before = self.liked()
        gone = self.happens("unlike")
        assert self.liked() == [id_ for id_ in before if id_ != gone]
        assert len(before) == len(self.liked()) + 1

    def test_a_page_has_5_unless_more_are_asked_for_and_50_at_most(self) -> None:
        assert len(read(self.page("playlistItems", playlistId="LL"), 200)["items"]) == 5
        for _ in range(50):
            self.happens("like")
        told = read(self.page("playlistItems", playlistId="LL", maxResults=99), 200)
        assert (len(told["items"]), told["pageInfo"]["resultsPerPage"]) == (50, 50)
        assert len(self.liked()) == len(set(self.liked())) == told["pageInfo"]["totalResults"]
        second = read(self.page("playlistItems", playlistId="LL", pageToken=told["nextPageToken"]), 200)
        assert "prevPageToken" in second

    def test_own_uploads_are_in_a_playlist_of_their_own(self) -> None:
        uploaded = self.happens("own_upload")
        assert self.uploaded()[0] == uploaded
        assert uploaded not in self.liked()

    def test_subscriptions_name_the_channel_and_since_when(self) -> None:
        before = self.listed("subscriptions", mine="true", order="alphabetical")
        titles = [one["snippet"]["title"] for one in before]
        assert titles == sorted(titles)
        id_ = self.happens("subscribe")
        new = next(one for one in self.listed("subscriptions", mine="true") if one["id"] == id_)
        channel = new["snippet"]["resourceId"]["channelId"]
        assert channel not in [one["snippet"]["resourceId"]["channelId"] for one in before]
        (shown,) = self.listed("channels", id=channel)
        assert shown["snippet"]["title"] == new["snippet"]["title"]
        assert self.happens("unsubscribe") == id_
        assert len(self.listed("subscriptions", mine="true")) == len(before)

    def test_a_channel_can_be_chosen_by_its_name(self) -> None:
        title = self.listed("subscriptions", mine="true")[0]["snippet"]["title"]
        uploaded = self.happens("upload", where=title)
        (shown,) = self.listed("videos", id=uploaded)
        assert shown["snippet"]["channelTitle"] == title
        playlist = f"UU{shown['snippet']['channelId'][2:]}"
        assert self.listed("playlistItems", playlistId=playlist)[0]["contentDetails"]["videoId"] == uploaded

    def test_a_liked_video_that_was_deleted_leaves_its_place(self) -> None:
        library = self.youtube.library
        library.remove(library.likes("ada")[0].video, int(self.time * 1000))
        first = self.listed("playlistItems", playlistId="LL")[0]
        assert first["snippet"]["title"] == "Deleted video"
        assert "videoPublishedAt" not in first["contentDetails"]
        assert first["contentDetails"]["videoId"] not in [one["id"] for one in self.listed("videos", myRating="like")]

    def test_activities_are_uploads_and_subscriptions_and_never_likes(self) -> None:
        uploaded = self.happens("own_upload")
        self.happens("like")
        shown = self.listed("activities", mine="true")
        assert {one["snippet"]["type"] for one in shown} == {"upload", "subscription"}
        assert shown[0]["contentDetails"]["upload"]["videoId"] == uploaded

    def test_watch_history_is_empty_and_other_lists_are_not_there(self) -> None:
        assert "items" not in read(self.page("playlistItems", playlistId="HL"), 200)
        assert "items" not in read(self.page("playlistItems", playlistId="WL"), 200)
        assert refusal(self.page("playlistItems", playlistId="PL123")) == (404, "playlistNotFound")

    def test_an_account_without_a_channel_has_nothing_to_show(self) -> None:
        self.happens("channel_closed")
        told = read(self.page("channels", mine="true"), 200)
        assert "items" not in told
        assert told["pageInfo"]["totalResults"] == 0
        assert refusal(self.page("playlistItems", playlistId="LL")) == (401, "youtubeSignupRequired")
        assert refusal(self.page("subscriptions", mine="true")) == (401, "youtubeSignupRequired")
        self.happens("channel_opened")
        assert self.liked()

    @property
    def youtube(self) -> YouTube:
        return next(one for one in self.sandbox.platforms if isinstance(one, YouTube))


class Conditional(YouTubeCase):
    def test_what_is_unchanged_is_304_until_it_changes(self) -> None:
        params = {"part": BOTH, "playlistId": "LL"}
        etag = self.get("/playlistItems", **params)["etag"]

        def again() -> int:
            query = "&".join(f"{name}={value}" for name, value in params.items())
            return self.call(f"{self.root}/playlistItems?{query}", self.token, If_None_Match=etag).code

        assert again() == 304
        self.happens("like")
        assert again() == 200
        etag = self.get("/playlistItems", **params)["etag"]
        self.fault("youtube", "cursor_gone", user="ada")
        assert again() == 200

    def test_page_tokens_are_opaque_and_end_when_cursors_are_ordered_gone(self) -> None:
        token = read(self.page("playlistItems", playlistId="LL"), 200)["nextPageToken"]
        assert self.page("playlistItems", playlistId="LL", pageToken=token).code == 200
        self.fault("youtube", "cursor_gone")
        assert refusal(self.page("playlistItems", playlistId="LL", pageToken=token)) == (400, "invalidPageToken")
        assert refusal(self.page("playlistItems", playlistId="LL", pageToken="ä")) == (400, "invalidPageToken")


class Quota(YouTubeCase):
    def setUp(self) -> None:
        super().setUp()
        self.youtube = next(one for one in self.sandbox.platforms if isinstance(one, YouTube))

    def test_every_call_costs_a_unit_also_one_that_fails_or_finds_nothing_new(self) -> None:
        etag = self.get("/playlistItems", part=BOTH, playlistId="LL")["etag"]
        before = self.spent()
        self.call(f"{self.root}/playlistItems?part={BOTH}&playlistId=LL", self.token, If_None_Match=etag)
        self.page("playlistItems", playlistId="PL123")
        self.page("playlistItems", pageToken="guessed")
        assert self.spent() == before + 3

    def test_the_days_units_are_everybodys_until_midnight_on_the_pacific_coast(self) -> None:
        grace = self.connect("youtube", "grace")
        assert self.youtube.spend("ada", 9_999) is None
        assert self.page("channels", mine="true").code == 200
        for token in (self.token, grace):
            answer = self.page("channels", token, mine="true")
            told = json.loads(answer.body)["error"]
            assert (answer.code, told["code"]) == (403, 403)
            assert (told["errors"][0]["domain"], told["errors"][0]["reason"]) == ("youtube.quota", "quotaExceeded")
        midnight = datetime(2026, 11, 21, tzinfo=ZoneInfo("America/Los_Angeles")).timestamp()
        for at, code in ((midnight - 1, 403), (midnight + 1, 200)):
            self.time = at
            assert self.page("channels", self.connect("youtube"), mine="true").code == code

    def test_the_quota_can_be_ordered_used_up(self) -> None:
        self.fault("youtube", "rate_limit", reason="quotaExceeded")
        assert refusal(self.page("channels", mine="true")) == (403, "quotaExceeded")

    def spent(self) -> int:
        return self.youtube.quota.spent("", self.time)
