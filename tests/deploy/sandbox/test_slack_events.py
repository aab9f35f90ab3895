"""Slack's events: to one address that was tried first, signed, for those they name, and again when nobody answers."""

import hashlib
import hmac
import json
from typing import Any
from unittest import mock

from tornado.httputil import HTTPServerRequest

from deploy.sandbox.places import SLACK_SIGNING_SECRET
from deploy.sandbox.platforms.slack import events
from tests.deploy.sandbox.app_door import Answer, PushedCase


class EventCase(PushedCase):
    def setUp(self) -> None:
        super().setUp()
        self.status = 200
        self.silent = False
        self.echoes = True

    def answering(self, request: HTTPServerRequest) -> Answer | None:
        told = json.loads(request.body)
        if told["type"] == "url_verification":
            return (200, told["challenge"] if self.echoes else "hello")
        return None if self.silent else (self.status, "")

    def connected(self, *users: str) -> dict[str, str]:
        """Their numbers at Slack; the address has been tried, and that is forgotten."""
        ids = {user: str(self.connect("slack", user)["id"]) for user in users}
        self.sent()
        self.door.requests.clear()
        return ids

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        told = [body for body in self.door.bodies() if body["type"] == "event_callback"]
        return [body for body in told if kind in (None, body["event"]["type"])]

    def named(self, body: dict[str, Any]) -> set[str]:
        return {one["user_id"] for one in body["authorizations"]}


class TheAddress(EventCase):
    def test_it_is_tried_when_the_first_person_connects_and_only_then(self) -> None:
        self.connect("slack")
        self.sent()
        tried = self.door.bodies()
        assert [body["type"] for body in tried] == ["url_verification"]
        assert self.door.requests[0].path == "/api/webhooks/slack"
        assert len(tried[0]["challenge"]) > 40
        self.connect("slack", "grace")
        self.sent()
        assert len(self.door.requests) == 1

    def test_an_address_that_does_not_echo_the_challenge_gets_nothing(self) -> None:
        self.echoes = False
        self.connect("slack")
        self.happens("slack", "message")
        assert self.events() == []
        self.echoes = True
        self.happens("slack", "message")
        assert len(self.events()) == 1

    def test_what_happens_while_it_is_tried_is_sent_afterwards(self) -> None:
        self.connect("slack")
        told = self.ordered("slack/activity", {"user": "ada"})
        self.sent()
        assert [body["event_id"] for body in self.events()] == told["deliveries"]

    def test_without_a_service_nothing_is_sent(self) -> None:
        self.sandbox.outbox.service = ""
        self.connect("slack")
        assert self.happens("slack", "message")["deliveries"] == []
        assert self.door.requests == []


class TheRequest(EventCase):
    def test_it_is_signed_over_its_time_and_its_bytes(self) -> None:
        self.connected("ada")
        self.happens("slack", "message")
        request = self.door.requests[0]
        stamp = request.headers["X-Slack-Request-Timestamp"]
        assert stamp == str(int(self.time))
        signed = f"v0:{stamp}:".encode() + request.body
        digest = hmac.new(SLACK_SIGNING_SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert request.headers["X-Slack-Signature"] == f"v0={digest}"
        assert request.headers["Content-Type"] == "application/json"
        assert "X-Slack-Retry-Num" not in request.headers

    def test_the_envelope_is_slacks(self) -> None:
        ids = self.connected("ada")
        told = self.happens("slack", "message", where="general")
        body = self.events()[0]
        assert (body["type"], body["team_id"], body["event_time"]) == (
            "event_callback", "T07SANDBOX1", int(self.time),
        )  # fmt: skip
        assert [body["event_id"]] == told["deliveries"]
        assert body["authorizations"] == [
            {"enterprise_id": None, "team_id": "T07SANDBOX1", "user_id": ids["ada"], "is_bot": False,
             "is_enterprise_install": False}
        ]  # fmt: skip
        event = body["event"]
        assert f"{event['channel']}:{event['ts']}" == told["id"]
        assert (event["channel_type"], event["event_ts"]) == ("channel", event["ts"])

    def test_the_event_and_the_page_tell_of_the_same_message(self) -> None:
        self.connected("ada")
        token = self.connect("slack")
        self.happens("slack", "dm")
        event = self.events("message")[0]["event"]
        page = self.call(f"/slack/api/conversations.history?channel={event['channel']}&limit=1", token)
        message = json.loads(page.body)["messages"][0]
        assert {name: event[name] for name in message} == message
        assert event["channel_type"] == "im"

    def test_reactions_channels_and_newcomers_have_events_of_their_own(self) -> None:
        ids = self.connected("ada")
        self.happens("slack", "reaction", where="general")
        reaction = self.events("reaction_added")[0]["event"]
        assert reaction["item"]["type"] == "message"
        assert reaction["item_user"] == ids["ada"] != reaction["user"]
        made = self.happens("slack", "channel_created")
        channel = self.events("channel_created")[0]["event"]["channel"]
        assert (channel["id"], channel["creator"]) == (made["id"], ids["ada"])
        joined = self.happens("slack", "member_joined", where="random")
        event = self.events("member_joined_channel")[0]["event"]
        note = self.events("message")[0]["event"]
        assert joined["id"] == f"{event['channel']}:{note['ts']}"
        assert (note["subtype"], note["user"]) == ("channel_join", event["user"])
        assert sorted(joined["deliveries"]) == sorted(body["event_id"] for body in self.events()[-2:])


class WhomItConcerns(EventCase):
    def test_everybody_connected_who_is_in_the_channel_is_named(self) -> None:
        ids = self.connected("ada", "grace", "user-0001")
        self.happens("slack", "message", where="general")
        self.happens("slack", "message", where="engine-room")
        everybody, few = self.events()
        assert self.named(everybody) == set(ids.values())
        assert self.named(few) == {ids["ada"], ids["grace"]}

    def test_a_direct_message_is_for_the_two_of_them(self) -> None:
        ids = self.connected("ada", "grace", "alan")
        self.happens("slack", "dm", where="alan")
        assert self.named(self.events()[0]) == {ids["ada"], ids["alan"]}

    def test_numbered_people_hear_of_their_own_dozen(self) -> None:
        ids = self.connected("user-0001", "user-0002", "user-0013")
        self.happens("slack", "message", "user-0001")
        assert self.named(self.events()[0]) == {ids["user-0001"], ids["user-0002"]}

    def test_a_new_public_channel_is_told_to_all(self) -> None:
        ids = self.connected("ada", "user-0001")
        self.happens("slack", "channel_created")
        assert self.named(self.events()[0]) == set(ids.values())

    def test_what_nobody_connected_sees_is_not_sent(self) -> None:
        self.connected("user-0001")
        assert self.happens("slack", "message", where="engine-room")["deliveries"] == []
        self.fault("slack", "revoke", user="user-0001")
        assert self.happens("slack", "message", where="general")["deliveries"] == []


class Repeats(EventCase):
    def test_what_is_not_answered_with_a_success_is_sent_again_three_times(self) -> None:
        self.connected("ada")
        self.status = 500
        self.happens("slack", "message")
        for seconds, sent in ((0, 2), (59, 2), (1, 3), (299, 3), (1, 4), (100_000, 4)):
            self.passes(seconds)
            assert len(self.door.requests) == sent
        numbers = [request.headers.get("X-Slack-Retry-Num") for request in self.door.requests]
        assert numbers == [None, "1", "2", "3"]
        assert {request.headers.get("X-Slack-Retry-Reason") for request in self.door.requests[1:]} == {"http_error"}
        assert len({body["event_id"] for body in self.events()}) == 1
        assert len({request.body for request in self.door.requests}) == 1
        assert len({request.headers["X-Slack-Signature"] for request in self.door.requests}) == 3

    def test_a_success_ends_it(self) -> None:
        self.connected("ada")
        self.status = 503
        self.happens("slack", "message")
        self.status = 204
        self.passes(0)
        self.passes(100_000)
        assert len(self.door.requests) == 2

    def test_no_answer_within_three_seconds_is_a_timeout(self) -> None:
        assert events.ANSWER_WITHIN == 3
        self.connected("ada")
        self.silent = True
        with mock.patch.object(events, "ANSWER_WITHIN", 0.2):
            self.happens("slack", "message")
        self.silent = False
        self.passes(0)
        assert self.door.requests[1].headers["X-Slack-Retry-Reason"] == "http_timeout"

    def test_nobody_there_is_a_failed_connection(self) -> None:
        self.connected("ada")
        self.moved("http://127.0.0.1:1")
        self.happens("slack", "message")
        self.moved(self.door.url)
        self.passes(0)
        assert self.door.requests[0].headers["X-Slack-Retry-Reason"] == "connection_failed"

    def moved(self, service: str) -> None:
        """The service is elsewhere, at an address that has been tried."""
        self.sandbox.outbox.service = service
        self.sandbox.state.keep_fact("slack", "", "door", f"{service}/api/webhooks/slack")

    def test_an_event_can_come_twice(self) -> None:
        self.connected("ada")
        told = self.happens("slack", "message_twice")
        assert len(told["deliveries"]) == len(self.events()) == 2
        assert len({body["event_id"] for body in self.events()}) == 1


class TheEnd(EventCase):
    def test_who_takes_the_access_away_is_told_of_by_their_number(self) -> None:
        ids = self.connected("ada", "grace")
        self.fault("slack", "revoke", user="ada")
        self.sent()
        told = self.events()
        assert [body["event"]["type"] for body in told] == ["tokens_revoked"]
        assert told[0]["event"]["tokens"] == {"oauth": [ids["ada"]], "bot": []}
        self.fault("slack", "revoke", user="ada")
        self.sent()
        assert len(self.events()) == 1

    def test_the_app_can_be_removed_for_everybody_and_either_event_comes_first(self) -> None:
        orders = []
        for _ in range(2):
            ids = self.connected("ada", "grace")
            self.happens("slack", "app_uninstalled")
            assert self.events("tokens_revoked")[0]["event"]["tokens"]["oauth"] == list(ids.values())
            orders.append([body["event"]["type"] for body in self.events()])
        assert sorted(orders) == [["app_uninstalled", "tokens_revoked"], ["tokens_revoked", "app_uninstalled"]]
        answer = self.refresh("slack", "made-up")
        assert json.loads(answer.body)["error"] == "invalid_refresh_token"
