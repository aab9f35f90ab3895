"""What was played and what is on: cursors, the 50 that are remembered, the 204."""

from typing import Any
from urllib.parse import urlsplit

from tests.deploy.sandbox.scene import SandboxCase, read

PLAYED = "/spotify/v1/me/player/recently-played"
ON = "/spotify/v1/me/player/currently-playing"


class Listening(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.ordered("spotify/lifetime", {"access": 10_000_000})
        self.token = self.connect("spotify")

    def played(self, query: str = "") -> dict[str, Any]:
        return read(self.call(PLAYED + query, self.token), 200)

    def happens(self, kind: str = "play") -> str:
        return str(self.ordered("spotify/activity", {"user": "ada", "kind": kind})["id"])

    def on(self, query: str = "") -> dict[str, Any] | None:
        answer = self.call(ON + query, self.token)
        if answer.code == 204:
            assert answer.body == b""
            return None
        return read(answer, 200)

    # -- recently played -----------------------------------------------------------------------------
    def test_an_account_has_been_listened_with(self) -> None:
        items = self.played("?limit=50")["items"]
        assert 20 <= len(items) <= 30
        times = [item["played_at"] for item in items]
        assert times == sorted(times, reverse=True)
        assert len({item["track"]["artists"][0]["name"] for item in items}) > 5
        assert None in {item["track"]["id"] for item in items}
        assert {item["context"] is None for item in items} == {True, False}

    def test_20_is_the_default_and_50_the_most(self) -> None:
        assert len(self.played()["items"]) == 20
        for wrong in ("0", "51", "many"):
            told = read(self.call(f"{PLAYED}?limit={wrong}", self.token), 400)
            assert told == {"error": {"status": 400, "message": "Invalid limit"}}

    def test_a_play_shows_at_once_under_the_id_that_was_answered(self) -> None:
        answered = self.happens()
        newest = self.played("?limit=1")["items"][0]
        assert f"{newest['played_at']}:{newest['track']['id']}" == answered

    def test_a_file_of_ones_own_has_no_id(self) -> None:
        answered = self.happens("local")
        newest = self.played("?limit=1")["items"][0]
        assert newest["track"]["id"] is None
        assert newest["track"]["is_local"] is True
        assert f"{newest['played_at']}:{newest['track']['uri']}" == answered

    def test_after_is_exclusive(self) -> None:
        cursor = self.played("?limit=1")["cursors"]["after"]
        self.time += 60
        self.happens()
        self.time += 60
        self.happens()
        newer = self.played(f"?after={cursor}&limit=50")
        assert len(newer["items"]) == 2
        assert self.played(f"?after={int(cursor) - 1}&limit=50")["items"][-1] == self.played("?limit=3")["items"][-1]

    def test_before_is_exclusive_and_next_goes_back_in_time(self) -> None:
        first = self.played("?limit=5")
        following = self.played("?" + urlsplit(first["next"]).query)
        assert len(following["items"]) == 5
        everything = self.played("?limit=50")["items"]
        assert first["items"] + following["items"] == everything[:10]
        assert self.played("?limit=50")["next"] is None

    def test_after_and_before_together_are_refused(self) -> None:
        assert read(self.call(f"{PLAYED}?after=1&before=2", self.token), 400)["error"]["status"] == 400

    def test_an_empty_page_has_no_cursors(self) -> None:
        cursor = self.played("?limit=1")["cursors"]["after"]
        empty = self.played(f"?after={cursor}")
        assert (empty["items"], empty["next"], empty["cursors"]) == ([], None, None)

    def test_cursors_are_milliseconds_in_strings(self) -> None:
        self.time += 0.123
        self.happens()
        page = self.played("?limit=2")
        assert page["cursors"]["after"] == str(round(self.time * 1000))
        assert page["items"][0]["played_at"].endswith(".123Z")

    def test_no_more_than_50_are_remembered(self) -> None:
        cursor = self.played("?limit=1")["cursors"]["after"]
        for _ in range(60):
            self.time += 200
            self.happens()
        newer = self.played(f"?after={cursor}&limit=50")
        assert len(newer["items"]) == 50
        assert newer["next"] is None

    def test_two_plays_at_the_same_moment_are_told_apart(self) -> None:
        assert self.happens().split(":", 3)[:3] != self.happens().split(":", 3)[:3]

    # -- currently playing ---------------------------------------------------------------------------
    def test_nothing_on_is_204_without_a_body(self) -> None:
        assert self.on() is None

    def test_what_is_on_and_since_when(self) -> None:
        self.happens("now_playing")
        self.time += 44
        on = self.on()
        assert on is not None
        assert (on["currently_playing_type"], on["is_playing"], on["progress_ms"]) == ("track", True, 44_000)
        assert on["item"]["name"]
        self.happens("stop")
        assert self.on() is None

    def test_an_advertisement_has_no_item(self) -> None:
        self.happens("ad")
        on = self.on()
        assert on is not None
        assert (on["currently_playing_type"], on["item"]) == ("ad", None)

    def test_an_episode_is_shown_to_who_asks_for_episodes_and_never_becomes_a_play(self) -> None:
        before = self.played("?limit=1")
        self.happens("episode")
        on, asked = self.on(), self.on("?additional_types=track,episode")
        assert on is not None
        assert asked is not None
        assert (on["currently_playing_type"], on["item"]) == ("episode", None)
        assert asked["item"]["type"] == "episode"
        self.time += 4_000
        self.happens("stop")
        assert self.played("?limit=1")["items"] == before["items"]

    def test_a_track_becomes_a_play_when_it_ends(self) -> None:
        self.happens("now_playing")
        on = self.on()
        assert on is not None
        self.time += on["item"]["duration_ms"] / 1000 + 5
        newest = self.played("?limit=1")["items"][0]
        assert newest["track"]["id"] == on["item"]["id"]
        assert self.on() is None

    def test_less_than_half_a_minute_is_not_a_play(self) -> None:
        before = self.played("?limit=1")["items"]
        self.happens("now_playing")
        self.time += 29
        self.happens("stop")
        assert self.played("?limit=1")["items"] == before
        self.happens("now_playing")
        self.time += 30
        self.happens("stop")
        assert self.played("?limit=1")["items"] != before

    def test_who_one_is(self) -> None:
        me = read(self.call("/spotify/v1/me", self.token), 200)
        assert (me["type"], me["display_name"]) == ("user", "Ada Lovelace")
        assert me["account_id"] != me["id"]
