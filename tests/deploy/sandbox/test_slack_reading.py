"""What Slack shows: conversations and their messages, page by page, and how often one may ask."""

import json
from typing import Any
from urllib.parse import urlencode

from tests.deploy.sandbox.scene import SandboxCase, read

ALL = "public_channel,private_channel,mpim,im"


class SlackReading(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.token = self.connect("slack")

    def ask(self, method: str, token: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        return read(self.call(f"/slack/api/{method}?{urlencode(params)}", token or self.token), 200)

    def mine(self, token: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        channels: list[dict[str, Any]] = self.ask("users.conversations", token, types=ALL)["channels"]
        return channels

    def channel(self, name: str) -> str:
        return str(next(one["id"] for one in self.mine() if one.get("name") == name))

    def history(self, channel: str, **params: Any) -> dict[str, Any]:
        return self.ask("conversations.history", channel=channel, **params)

    def happens(self, kind: str, user: str = "ada", **more: str) -> str:
        return str(self.ordered("slack/activity", {"user": user, "kind": kind, **more})["id"])

    # -- conversations -------------------------------------------------------------------------------
    def test_people_are_in_channels_together_and_alone_with_each_other(self) -> None:
        ada, grace = self.mine(), self.mine(self.connect("slack", "grace"))
        assert [one["name"] for one in ada if one.get("is_private")] == ["engine-room"]
        assert {one["name"] for one in ada if "name" in one} == {"general", "random", "reading-room", "engine-room"}
        shared = {one["id"] for one in ada} & {one["id"] for one in grace}
        assert len(shared) == 5  # the channels, and their direct messages
        direct = next(one for one in ada if one["is_im"] and one["id"] in shared)
        assert direct["user"] == self.connect("slack", "grace")["id"]

    def test_numbered_people_sit_together_by_the_dozen(self) -> None:
        desks = []
        for name in ("user-0001", "user-0012", "user-0013"):
            own = self.mine(self.connect("slack", name))
            desks.append([one["name"] for one in own if one.get("name", "").startswith("desk-")])
        assert desks == [["desk-001"], ["desk-001"], ["desk-002"]]

    def test_pages_end_with_an_empty_cursor(self) -> None:
        seen: list[str] = []
        cursor = ""
        for page in range(3):
            told = self.ask("users.conversations", types=ALL, limit=2, cursor=cursor)
            seen += [one["id"] for one in told["channels"]]
            cursor = told["response_metadata"]["next_cursor"]
            assert (cursor == "") == (page == 2)
        assert sorted(seen) == sorted(one["id"] for one in self.mine())

    def test_without_types_one_gets_public_channels(self) -> None:
        assert not any(one["is_private"] for one in self.ask("users.conversations")["channels"])

    def test_conversations_list_has_the_public_ones_that_one_is_not_in(self) -> None:
        self.connect("slack", "user-0001")
        self.happens("channel_created", "grace")
        listed = {one.get("name"): one for one in self.ask("conversations.list", types=ALL)["channels"]}
        assert listed["desk-001"]["is_member"] is listed["night-shift"]["is_member"] is False
        assert listed["engine-room"]["is_member"] is True

    def test_limits_types_and_cursors_that_make_no_sense_are_refused(self) -> None:
        assert self.ask("users.conversations", limit=1001)["error"] == "invalid_limit"
        assert self.ask("users.conversations", types="public")["error"] == "invalid_types"
        assert self.ask("users.conversations", cursor="bm9uc2Vuc2U=")["error"] == "invalid_cursor"
        assert self.ask("no.such.method") == {"ok": False, "error": "unknown_method", "req_method": "no.such.method"}

    # -- messages ------------------------------------------------------------------------------------
    def test_what_is_said_is_the_newest_message_and_has_the_name_that_the_order_told(self) -> None:
        told = self.happens("message", where="#general")
        newest = self.history(self.channel("general"))["messages"][0]
        assert told == f"{self.channel('general')}:{newest['ts']}"
        assert newest["ts"].startswith(f"{int(self.time)}.")
        assert newest["text"]
        assert newest["team"] == "T07SANDBOX1"

    def test_messages_come_newest_first_and_no_two_have_one_timestamp(self) -> None:
        for _ in range(30):
            self.happens("message", where="general")
        stamps = [one["ts"] for one in self.history(self.channel("general"))["messages"]]
        assert stamps == sorted(stamps, reverse=True)
        assert len(set(stamps)) == len(stamps) > 30

    def test_oldest_is_exclusive_unless_inclusive(self) -> None:
        channel = self.channel("general")
        stamps = [one["ts"] for one in self.history(channel)["messages"]]
        assert [one["ts"] for one in self.history(channel, oldest=stamps[3])["messages"]] == stamps[:3]
        told = self.history(channel, oldest=stamps[3], inclusive="true")["messages"]
        assert [one["ts"] for one in told] == stamps[:4]
        told = self.history(channel, oldest=stamps[5], latest=stamps[1])["messages"]
        assert [one["ts"] for one in told] == stamps[2:5]
        assert self.history(channel, oldest="yesterday")["error"] == "invalid_ts_oldest"

    def test_history_goes_on_by_cursor(self) -> None:
        channel = self.channel("general")
        everything = self.history(channel)["messages"]
        seen: list[dict[str, Any]] = []
        cursor = ""
        while True:
            told = self.history(channel, limit=4, cursor=cursor)
            seen += told["messages"]
            cursor = told["response_metadata"]["next_cursor"]
            assert told["has_more"] is bool(cursor)
            if not cursor:
                break
        assert seen == everything

    def test_what_is_said_while_somebody_pages_moves_nothing(self) -> None:
        channel = self.channel("general")
        everything = self.history(channel)["messages"]
        cursor = self.history(channel, limit=4)["response_metadata"]["next_cursor"]
        self.happens("message", where="general")
        assert self.history(channel, limit=4, cursor=cursor)["messages"] == everything[4:8]

    def test_cursors_can_be_lost_for_one_person(self) -> None:
        cursor = self.history(self.channel("general"), limit=4)["response_metadata"]["next_cursor"]
        self.fault("slack", "cursor_gone", user="grace")
        assert self.history(self.channel("general"), limit=4, cursor=cursor)["ok"] is True
        self.fault("slack", "cursor_gone")
        assert self.history(self.channel("general"), limit=4, cursor=cursor)["error"] == "invalid_cursor"

    def test_nobody_reads_what_others_say_in_private(self) -> None:
        theirs = self.connect("slack", "user-0001")
        assert (
            self.ask("conversations.history", theirs, channel=self.channel("engine-room"))["error"]
            == "channel_not_found"
        )
        direct = next(one["id"] for one in self.mine() if one["is_im"])
        assert self.ask("conversations.history", theirs, channel=direct)["error"] == "channel_not_found"
        assert self.ask("conversations.history", theirs, channel=self.channel("reading-room"))["ok"] is True

    def test_a_direct_message_is_from_the_other_one(self) -> None:
        channel, _, ts = self.happens("dm", where="grace").partition(":")
        newest = self.history(channel)["messages"][0]
        assert newest["ts"] == ts
        assert newest["user"] == self.connect("slack", "grace")["id"]

    def test_reactions_show_on_the_message(self) -> None:
        channel, _, ts = self.happens("reaction", where="general").partition(":")
        found = next(one for one in self.history(channel)["messages"] if one["ts"] == ts)
        assert found["user"] == self.token["id"]
        assert found["reactions"][0]["count"] == len(found["reactions"][0]["users"]) == 1
        assert self.token["id"] not in found["reactions"][0]["users"]

    def test_a_channel_that_is_made_is_its_makers(self) -> None:
        made = self.happens("channel_created")
        shown = next(one for one in self.mine() if one["id"] == made)
        assert (shown["creator"], shown["created"]) == (self.token["id"], int(self.time))
        assert self.history(made)["messages"] == []
        assert made not in {one["id"] for one in self.mine(self.connect("slack", "grace"))}

    def test_who_joins_is_noted_in_the_channel(self) -> None:
        channel, _, ts = self.happens("member_joined", where="random").partition(":")
        note = self.history(channel)["messages"][0]
        assert (note["ts"], note["subtype"]) == (ts, "channel_join")
        assert note["text"] == f"<@{note['user']}> has joined the channel"
        assert self.ask("users.info", user=note["user"])["user"]["real_name"] == "Lena Vogel"

    def test_everybody_who_speaks_has_a_name(self) -> None:
        for channel in self.mine():
            for message in self.history(channel["id"])["messages"]:
                assert self.ask("users.info", user=message["user"])["user"]["real_name"]
        assert self.ask("users.info", user="U07ZZ")["error"] == "user_not_found"

    def test_places_that_are_not_are_said(self) -> None:
        for kind, where in (("message", "#nowhere"), ("dm", "user-0001"), ("channel_created", "x")):
            answer = self.order("slack/activity", {"user": "ada", "kind": kind, "where": where})
            assert read(answer, 400)["error"]["code"] == "unknown_place"

    def test_it_is_the_same_in_every_sandbox(self) -> None:
        said = [one["text"] for one in self.history(self.channel("engine-room"))["messages"]]
        assert len(said) == 13
        assert said[0] == "Measured it twice: 31 turns a minute, then the bearing gets warm"
        assert {one["id"] for one in self.mine() if one["is_im"]} == {"D07071MX0Q3", "D07GK0ZTLUE"}

    # -- how often -----------------------------------------------------------------------------------
    def test_a_rate_limit_is_a_429_with_the_seconds_to_wait(self) -> None:
        self.fault("slack", "rate_limit", seconds=40)
        answer = self.call("/slack/api/auth.test", self.token)
        assert (answer.code, answer.headers["Retry-After"]) == (429, "40")
        assert json.loads(answer.body) == {"ok": False, "error": "ratelimited"}
        assert self.refresh("slack", self.token["refresh_token"]).code == 200

    def test_one_a_minute_is_for_the_whole_workspace_and_for_messages_only(self) -> None:
        grace, channel = self.connect("slack", "grace"), self.channel("general")
        for _ in range(20):
            self.happens("message", where="general")
        self.fault("slack", "rate_limit", reason="one_a_minute")
        assert len(self.history(channel, limit=100)["messages"]) == 15
        self.time += 13
        refused = self.call(f"/slack/api/conversations.history?channel={channel}", grace)
        assert (refused.code, refused.headers["Retry-After"]) == (429, "47")
        assert len(self.mine()) == 6
        self.time += 47
        assert self.ask("conversations.history", grace, channel=channel)["has_more"] is True

    def test_the_tiers_of_other_apps_can_be_had_too(self) -> None:
        self.fault("slack", "rate_limit", reason="tiers")
        codes = [self.call("/slack/api/conversations.list", self.token).code for _ in range(21)]
        assert codes == [200] * 20 + [429]
        assert self.call("/slack/api/auth.test", self.token).code == 200

    def test_down_is_a_503(self) -> None:
        self.fault("slack", "down")
        assert read(self.call("/slack/api/auth.test", self.token), 503)["error"] == "service_unavailable"
