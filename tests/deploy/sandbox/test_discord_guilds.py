"""Discord's servers and its limits: no times, one page, a bucket with fractions of a second."""

import json
from typing import Any
from unittest import mock

from tornado.httpclient import HTTPResponse

from deploy.sandbox import people
from deploy.sandbox.platforms.discord import Discord, limits
from deploy.sandbox.platforms.discord.servers import EPOCH_MS, user_id
from tests.deploy.sandbox.scene import SandboxCase, read

API = "/discord/api/v10"
GUILDS = f"{API}/users/@me/guilds"


class DiscordGuilds(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.token = self.connect("discord")

    def ask(self, path: str = GUILDS, token: dict[str, Any] | None = None) -> HTTPResponse:
        self.time += 1.0  # as often as one may
        return self.call(path, token or self.token)

    def guilds(self, query: str = "", token: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        answer = self.ask(GUILDS + query, token)
        assert answer.code == 200
        told: list[dict[str, Any]] = json.loads(answer.body)
        return told

    def names(self) -> dict[str, str]:
        return {one["id"]: one["name"] for one in self.guilds()}

    def happens(self, kind: str, **more: str) -> str:
        return str(self.ordered("discord/activity", {"user": "ada", "kind": kind, **more})["id"])

    # -- who and where -------------------------------------------------------------------------------
    def test_people_are_known_by_a_number_that_is_a_text(self) -> None:
        me = read(self.ask(f"{API}/users/@me"), 200)
        assert (me["username"], me["global_name"], me["discriminator"]) == ("ada", "Ada Lovelace", "0")
        assert int(me["id"]) > 2**53
        at = (int(me["id"]) >> 22) + EPOCH_MS
        assert 1_500_000_000_000 < at < self.time * 1000

    def test_no_two_people_have_the_same_number(self) -> None:
        everyone = [people.known(name) for name in people.everyone(5_000)]
        assert len({user_id(person) for person in everyone}) == len(everyone)

    def test_servers_come_by_number_and_without_any_time(self) -> None:
        listed = self.guilds()
        ids = [int(one["id"]) for one in listed]
        assert ids == sorted(ids)
        assert 5 <= len(ids) <= 8
        assert [one["owner"] for one in listed].count(True) == 1
        assert not {"joined_at", "approximate_member_count"} & listed[0].keys()
        counted = self.guilds("?with_counts=true")[0]
        assert counted["approximate_member_count"] > counted["approximate_presence_count"]

    def test_one_can_page_by_number_in_both_directions(self) -> None:
        ids = [one["id"] for one in self.guilds()]
        assert [one["id"] for one in self.guilds("?limit=2")] == ids[:2]
        assert [one["id"] for one in self.guilds(f"?limit=2&after={ids[1]}")] == ids[2:4]
        assert [one["id"] for one in self.guilds(f"?limit=2&before={ids[-1]}")] == ids[-3:-1]

    def test_limits_and_numbers_that_make_no_sense_are_refused(self) -> None:
        for query in ("limit=0", "limit=201", "limit=x", "after=me", "before=-1"):
            told = read(self.ask(f"{GUILDS}?{query}"), 400)
            assert (told["code"], told["message"]) == (50035, "Invalid Form Body")
            assert query.partition("=")[0] in told["errors"]

    def test_joining_leaving_and_renaming_show_at_the_next_look(self) -> None:
        before = self.names()
        joined = self.happens("guild_joined")
        left = self.happens("guild_left", where=next(iter(before.values())))
        renamed = self.happens("guild_renamed", where=list(before)[1])
        after = self.names()
        assert after.keys() - before.keys() == {joined}
        assert before.keys() - after.keys() == {left}
        assert {id_ for id_ in before.keys() & after.keys() if before[id_] != after[id_]} == {renamed}

    def test_a_renamed_server_is_renamed_for_everybody_in_it(self) -> None:
        graces = self.connect("discord", "grace")
        shared = next(iter({one["id"] for one in self.guilds()} & {one["id"] for one in self.guilds("", graces)}))
        self.happens("guild_renamed", where=shared)
        assert self.names()[shared] == next(one["name"] for one in self.guilds("", graces) if one["id"] == shared)

    def test_joining_never_runs_out_and_nobody_leaves_their_own(self) -> None:
        for _ in range(30):
            self.happens("guild_joined")
        assert len(self.names()) > 30
        for _ in range(len(self.names()) - 1):
            self.happens("guild_left")
        assert [one["owner"] for one in self.guilds()] == [True]
        assert self.order("discord/activity", {"user": "ada", "kind": "guild_left"}).code == 400

    def test_where_nobody_is_nothing_happens(self) -> None:
        answer = self.order("discord/activity", {"user": "ada", "kind": "guild_left", "where": "Nowhere"})
        assert read(answer, 400)["error"]["code"] == "unknown_place"

    def test_it_is_the_same_in_every_sandbox(self) -> None:
        assert [one["name"] for one in self.guilds()][:2] == ["Analog Synth Garage", "Chess at Midnight"]

    # -- limits --------------------------------------------------------------------------------------
    def test_every_answer_tells_of_its_bucket_with_fractions(self) -> None:
        self.time += 0.25
        headers = self.call(GUILDS, self.token).headers
        assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("1", "0")
        assert (headers["X-RateLimit-Reset-After"], headers["X-RateLimit-Reset"]) == ("1.000", "1795200001.250")
        assert len(headers["X-RateLimit-Bucket"]) == 32

    def test_servers_can_be_asked_for_once_a_second(self) -> None:
        self.call(GUILDS, self.token)
        self.time += 0.375
        refused = self.call(GUILDS, self.token)
        told = read(refused, 429)
        assert told == {"message": "You are being rate limited.", "retry_after": 0.625, "global": False}
        assert (refused.headers["Retry-After"], refused.headers["X-RateLimit-Scope"]) == ("1", "user")
        assert self.call(GUILDS, self.connect("discord", "grace")).code == 200
        assert self.call(f"{API}/users/@me", self.token).code == 200
        self.time += 0.625
        assert self.call(GUILDS, self.token).code == 200

    def test_a_rate_limit_can_be_ordered_and_be_global(self) -> None:
        self.fault("discord", "rate_limit")
        assert read(self.call(GUILDS, self.token), 429)["retry_after"] == 64.57
        self.fault("discord", "rate_limit", seconds=2.5, reason="global")
        refused = self.call(GUILDS, self.token)
        assert read(refused, 429) == {"message": "You are being rate limited.", "retry_after": 2.5, "global": True}
        assert (refused.headers["X-RateLimit-Global"], refused.headers["X-RateLimit-Scope"]) == ("true", "global")
        assert refused.headers["Retry-After"] == "3"

    def test_what_stands_before_discord_answers_with_a_page(self) -> None:
        self.fault("discord", "rate_limit", reason="ban", seconds=600)
        refused = self.call(GUILDS, self.token)
        assert (refused.code, refused.headers["Content-Type"]) == (429, "text/html")
        assert refused.headers["Retry-After"] == "600"
        assert "Via" not in refused.headers

    def test_who_is_refused_too_often_is_shut_out(self) -> None:
        assert (limits.MOST_INVALID, limits.WITHIN) == (10_000, 600)
        with mock.patch.object(limits, "MOST_INVALID", 3):
            discord = next(one for one in self.sandbox.platforms if isinstance(one, Discord))
            discord.refusals = limits.Refusals(lambda: self.time)
            for _ in range(3):
                assert self.call(GUILDS, "made-up").code == 401
        assert b"1015" in self.call(GUILDS, self.token).body
        self.time += limits.BAN
        assert self.call(GUILDS, self.token).code == 200

    def test_a_token_that_is_not_taken_is_a_401_of_its_own_shape(self) -> None:
        assert read(self.call(GUILDS, "made-up"), 401) == {"message": "401: Unauthorized", "code": 0}
        assert read(self.call(f"{API}/nothing", self.token), 404) == {"message": "404: Not Found", "code": 0}

    def test_down_is_a_line_of_what_stands_before_it(self) -> None:
        self.fault("discord", "down")
        answer = self.call(GUILDS, self.token)
        assert (answer.code, answer.headers["Content-Type"]) == (503, "text/plain")
