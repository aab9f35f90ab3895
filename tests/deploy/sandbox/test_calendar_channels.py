"""Push channels on calendars: a greeting before the answer, headers only, an end without a word."""

import uuid
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

from tornado.httpclient import HTTPResponse
from tornado.httputil import HTTPServerRequest

from tests.deploy.sandbox.google_scene import DAY, GoogleCase, refusal
from tests.deploy.sandbox.scene import START, read

GROUP = "c_5ead1ng0c1rc1e@group.calendar.google.com"


class ChannelCase(GoogleCase):
    slug = "calendar"
    root = "/calendar/calendar/v3"

    def open(self, calendar: str = "primary", by: dict[str, Any] | None = None, **more: Any) -> HTTPResponse:
        order = {"id": str(uuid.uuid4()), "type": "web_hook", "address": f"{self.door.url}/hook", "token": "opaque"}
        return self.post(f"/calendars/{calendar}/events/watch", {**order, **more}, by)

    def opened(self, calendar: str = "primary", **more: Any) -> dict[str, Any]:
        """The greeting is delivered and forgotten."""
        channel = read(self.open(calendar, **more), 200)
        self.door.requests.clear()
        return channel

    def stop(self, channel: dict[str, Any], token: dict[str, Any] | None = None, **more: str) -> HTTPResponse:
        return self.post("/channels/stop", {"id": channel["id"], "resourceId": channel["resourceId"], **more}, token)


class Opening(ChannelCase):
    def test_a_channel_is_answered_with_what_it_watches_and_until_when(self) -> None:
        told = read(self.open(params={"ttl": "604800"}), 200)
        assert told.keys() == {"kind", "id", "resourceId", "resourceUri", "expiration", "token"}
        assert told["kind"] == "api#channel"
        assert told["expiration"] == str(int((START + 7 * DAY) * 1000))
        assert "/calendars/ada@example.com/events" in told["resourceUri"]

    def test_the_greeting_comes_before_the_answer(self) -> None:
        told = read(self.open(), 200)
        (greeting,) = self.door.requests  # nothing was waited for
        assert greeting.headers["X-Goog-Resource-State"] == "sync"
        assert greeting.headers["X-Goog-Message-Number"] == "1"
        assert greeting.headers["X-Goog-Channel-ID"] == told["id"]
        assert greeting.headers["X-Goog-Resource-ID"] == told["resourceId"]

    def test_a_week_is_the_longest_and_less_can_be_wished_for(self) -> None:
        month = read(self.open(params={"ttl": "2592000"}), 200)
        hour = read(self.open(params={"ttl": 3600}), 200)
        until = read(self.open(expiration=str(int((START + 60) * 1000))), 200)
        ends = [int(one["expiration"]) / 1000 - START for one in (month, hour, until)]
        assert ends == [7 * DAY, 3600, 60]

    def test_an_id_is_taken_once_whoever_had_it_and_whatever_became_of_it(self) -> None:
        channel = self.opened()
        assert refusal(self.open(id=channel["id"])) == (400, "channelIdNotUnique")
        self.stop(channel)
        assert refusal(self.open(id=channel["id"])) == (400, "channelIdNotUnique")

    def test_only_this_machine_is_called(self) -> None:
        assert refusal(self.open(address="http://example.com/hook")) == (400, "push.webhookUrlNotHttps")
        assert refusal(self.open(address="https://example.com/hook")) == (401, "push.webhookUrlUnauthorized")
        assert self.door.requests == []

    def test_what_makes_no_sense_is_refused(self) -> None:
        assert refusal(self.open(id="")) == (400, "required")
        assert refusal(self.open(id="x" * 65)) == (400, "invalid")
        assert refusal(self.open(token="x" * 257)) == (400, "invalid")
        assert refusal(self.open(type="telegram")) == (400, "invalid")
        assert self.open("grace@example.com").code == 404

    def test_googles_own_calendars_push_nothing(self) -> None:
        holidays = "en.german%23holiday@group.v.calendar.google.com"
        assert refusal(self.open(holidays)) == (400, "pushNotSupportedForRequestedResource")

    def test_the_list_of_calendars_can_be_watched(self) -> None:
        order = {"id": "list-1", "type": "web_hook", "address": self.door.url}
        told = read(self.post("/users/me/calendarList/watch", order), 200)
        assert told["resourceUri"].endswith("/users/me/calendarList?alt=json")
        assert "token" not in told
        assert "X-Goog-Channel-Token" not in self.door.requests[0].headers


class Messages(ChannelCase):
    def message(self) -> HTTPServerRequest:
        self.happens("event")
        return self.door.requests[-1]

    def test_all_there_is_to_say_stands_in_the_headers(self) -> None:
        channel = self.opened()
        message = self.message()
        headers = message.headers
        assert (message.method, message.path, message.body) == ("POST", "/hook", b"")
        assert headers["Content-Length"] == "0"
        assert headers["User-Agent"].startswith("APIs-Google;")
        assert headers["X-Goog-Channel-ID"] == channel["id"]
        assert headers["X-Goog-Channel-Token"] == "opaque"
        assert headers["X-Goog-Resource-ID"] == channel["resourceId"]
        assert headers["X-Goog-Resource-URI"] == channel["resourceUri"]
        assert headers["X-Goog-Resource-State"] == "exists"
        ends = parsedate_to_datetime(headers["X-Goog-Channel-Expiration"]).timestamp()
        assert ends == int(channel["expiration"]) // 1000
        assert headers["X-Goog-Channel-Expiration"].endswith(" GMT")

    def test_numbers_grow_and_not_by_one_each_time(self) -> None:
        self.opened()
        numbers = [1, *(int(self.message().headers["X-Goog-Message-Number"]) for _ in range(6))]
        steps = {later - earlier for earlier, later in pairwise(numbers)}
        assert min(steps) >= 1
        assert max(steps) > 1

    def test_every_kind_of_change_is_told_alike(self) -> None:
        self.opened()
        for kind in ("event", "event_changed", "event_cancelled"):
            self.happens(kind)
        assert [one.headers["X-Goog-Resource-State"] for one in self.door.requests] == ["exists"] * 3

    def test_other_calendars_are_not_its_business(self) -> None:
        self.opened()
        self.happens("event", where=GROUP)
        self.happens("event", "grace")
        assert self.door.requests == []

    def test_a_shared_calendar_tells_all_who_watch_it(self) -> None:
        mine = self.opened(GROUP)
        graces = read(self.open(GROUP, self.connect("calendar", "grace")), 200)
        self.door.requests.clear()
        self.happens("event", where=GROUP)
        assert {one.headers["X-Goog-Channel-ID"] for one in self.door.requests} == {mine["id"], graces["id"]}
        assert mine["resourceId"] != graces["resourceId"]

    def test_two_channels_at_once_are_two_messages(self) -> None:
        self.opened()
        self.opened()
        self.happens("event")
        assert len(self.door.requests) == 2

    def test_a_receiver_in_trouble_is_tried_again_later_and_later(self) -> None:
        self.opened()
        self.door.status = 503
        self.message()
        counts = []
        for pause in (0.9, 0.1, 1.9, 0.1, 4):
            self.later(pause)
            counts.append(len(self.door.requests))
        assert counts == [1, 2, 2, 3, 4]
        assert len({one.headers["X-Goog-Message-Number"] for one in self.door.requests}) == 1
        self.door.status = 200
        self.later(8)
        self.later(DAY)
        assert len(self.door.requests) == 5

    def test_any_other_answer_is_the_last_word(self) -> None:
        self.opened()
        for status in (200, 201, 202, 204, 401, 404, 410, 429):
            self.door.requests.clear()
            self.door.status = status
            self.message()
            self.later(DAY / 24)
            assert len(self.door.requests) == 1, status

    def test_at_its_end_it_falls_silent(self) -> None:
        self.opened(params={"ttl": "3600"})
        self.time = START + 3599
        self.happens("event")
        assert len(self.door.requests) == 1
        self.time = START + 3601
        assert self.ordered("calendar/activity", {"user": "ada"})["deliveries"] == []


class Stopping(ChannelCase):
    def test_a_channel_that_was_stopped_is_silent_and_cannot_be_stopped_again(self) -> None:
        channel = self.opened()
        assert self.stop(channel).code == 204
        self.happens("event")
        assert self.door.requests == []
        assert refusal(self.stop(channel)) == (404, "notFound")

    def test_only_who_opened_it_can_stop_it_and_knows_its_resource(self) -> None:
        channel = self.opened()
        assert self.stop(channel, self.connect("calendar", "grace")).code == 404
        assert self.stop(channel, resourceId="guessed").code == 404
        self.happens("event")
        assert len(self.door.requests) == 1
