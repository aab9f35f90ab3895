"""The watch on a mailbox, and Pub/Sub's pushes: signed by Google, in an envelope, until they are acknowledged."""

import json
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPResponse

from deploy.sandbox.app import Sandbox
from deploy.sandbox.places import google_places
from deploy.sandbox.settings import Settings
from tests.deploy.sandbox.google_scene import DAY, GoogleCase, refusal, unpacked
from tests.deploy.sandbox.scene import START, read


class PushCase(GoogleCase):
    slug = "gmail"
    root = "/gmail/gmail/v1/users/me"

    def setUp(self) -> None:
        super().setUp()
        self.places = google_places(self.get_http_port(), self.service)

    def watch(self, token: dict[str, Any] | None = None, **more: Any) -> HTTPResponse:
        order = {"topicName": self.places["pubsub_topic"], "labelIds": ["INBOX"], "labelFilterBehavior": "include"}
        return self.post("/watch", {**order, **more}, token)

    def watched(self, **more: Any) -> None:
        """The first notification is delivered and forgotten."""
        read(self.watch(**more), 200)
        self.sent()
        self.door.requests.clear()
        self.time += 1

    def ids(self) -> list[str]:
        return [json.loads(request.body)["message"]["messageId"] for request in self.door.requests]


class Watch(PushCase):
    def test_a_watch_lasts_seven_days_and_says_where_the_history_stands(self) -> None:
        told = read(self.watch(), 200)
        assert told == {
            "historyId": self.get("/profile")["historyId"],
            "expiration": str(int((START + 7 * DAY) * 1000)),
        }

    def test_a_notification_follows_at_once(self) -> None:
        told = read(self.watch(), 200)
        self.sent()
        (request,) = self.door.requests
        assert str(unpacked(request)["historyId"]) == told["historyId"]

    def test_after_seven_days_it_is_over_without_a_word(self) -> None:
        self.watched()
        self.time = START + 7 * DAY - 1
        self.happens("mail")
        assert len(self.door.requests) == 1
        self.time = START + 7 * DAY + 1
        self.happens("mail")
        assert len(self.door.requests) == 1

    def test_watching_again_begins_the_seven_days_anew(self) -> None:
        self.watched()
        self.time = START + 6 * DAY
        self.token = self.connect("gmail")
        self.watched()
        self.time = START + 12 * DAY
        self.happens("mail")
        assert len(self.door.requests) == 1

    def test_a_watch_that_was_stopped_tells_nothing(self) -> None:
        self.watched()
        assert self.post("/stop", {}).code == 204
        self.happens("mail")
        assert self.door.requests == []

    def test_only_changes_under_the_labels_that_were_named(self) -> None:
        self.watched()
        self.happens("mail_sent")
        self.happens("mail_spam")
        assert self.door.requests == []
        self.watched(labelIds=["INBOX"], labelFilterBehavior="exclude")
        self.happens("mail_sent")
        assert len(self.door.requests) == 1
        self.watched(labelIds=[])
        self.happens("mail_spam")
        assert len(self.door.requests) == 1

    def test_others_hear_nothing_of_it(self) -> None:
        self.watched()
        self.happens("mail", "grace")
        assert self.door.requests == []

    def test_only_the_apps_own_topic_is_taken(self) -> None:
        project = self.places["project_id"]
        assert refusal(self.watch(topicName=f"projects/{project}/topics/other")) == (403, "forbidden")
        assert self.watch(topicName="projects/others/topics/gmail").code == 400
        assert self.watch(topicName="gmail").code == 400
        assert self.watch(labelIds="INBOX").code == 400


class Pushes(PushCase):
    def test_a_push_is_an_envelope_with_the_mailbox_and_its_history(self) -> None:
        self.watched()
        self.happens("mail")
        (request,) = self.door.requests
        assert (request.method, request.path) == ("POST", "/api/webhooks/gmail")
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["User-Agent"] == "CloudPubSub-Google"
        envelope = json.loads(request.body)
        assert envelope.keys() == {"message", "subscription"}
        assert envelope["subscription"] == f"projects/{self.places['project_id']}/subscriptions/soulwire"
        message = envelope["message"]
        assert message.keys() == {"data", "messageId", "message_id", "publishTime", "publish_time"}
        assert message["messageId"] == message["message_id"]
        told = unpacked(request)
        assert told["emailAddress"] == "ada@example.com"
        assert str(told["historyId"]) == self.get("/profile")["historyId"]

    def test_its_token_is_signed_by_google_for_this_address_and_names_the_account(self) -> None:
        self.watched()
        self.happens("mail")
        token = self.door.requests[0].headers["Authorization"].removeprefix("Bearer ")
        claims = self.verified(token, self.places["pubsub_audience"])
        assert self.places["pubsub_audience"] == f"{self.door.url}/api/webhooks/gmail"
        assert claims.keys() == {"aud", "azp", "email", "email_verified", "exp", "iat", "iss", "sub"}
        assert (claims["email"], claims["email_verified"]) == (self.places["pubsub_service_account"], True)
        assert claims["iat"] == int(self.time)
        assert claims["exp"] - claims["iat"] == 3600

    def test_both_alphabets_and_both_kinds_of_numbers_are_sent(self) -> None:
        self.watched()
        for _ in range(24):
            self.happens("mail")
            self.time += 1
        forms = {type(unpacked(request)["historyId"]) for request in self.door.requests}
        assert forms == {str, int}
        data = [json.loads(request.body)["message"]["data"] for request in self.door.requests]
        assert any(len(each) % 4 for each in data)  # without padding
        assert any(each.endswith("=") for each in data)

    def test_what_is_not_acknowledged_is_sent_again_with_pauses_that_double(self) -> None:
        self.watched()
        self.door.status = 503
        self.happens("mail")
        counts = []
        for pause in (0.9, 0.1, 1.9, 0.1, 4, 8):
            self.later(pause)
            counts.append(len(self.door.requests))
        assert counts == [1, 2, 2, 3, 4, 5]
        assert len(set(self.ids())) == 1
        self.door.status = 202
        self.later(16)
        assert len(self.door.requests) == 6
        self.later(DAY)
        assert len(self.door.requests) == 6

    def test_a_push_whose_receiver_is_away_waits_for_it(self) -> None:
        self.watched()
        self.door.status = 404
        self.happens("mail")
        self.time += 3 * DAY
        self.later(1)
        self.door.status = 204
        self.later(600)
        assert (len(set(self.ids())), len(self.door.requests)) == (1, 3)

    def test_after_seven_days_nobody_tries_any_more(self) -> None:
        self.watched()
        self.door.status = 500
        self.happens("mail")
        self.later(7 * DAY + 1)
        self.later(3600)
        assert len(self.door.requests) == 2

    def test_more_than_one_in_a_second_is_one_at_its_end(self) -> None:
        self.watched()
        for _ in range(4):
            self.happens("mail")
        assert len(self.door.requests) == 1
        self.later(1)
        assert len(self.door.requests) == 2
        assert str(unpacked(self.door.requests[1])["historyId"]) == self.get("/profile")["historyId"]

    def test_one_can_come_twice(self) -> None:
        self.watched()
        self.happens("mail")
        self.happens("push_again")
        assert len(self.door.requests) == 2
        assert len(set(self.ids())) == 1


class Elsewhere(PushCase):
    elsewhere = "https://app.example"

    def test_nothing_is_ever_sent_to_another_machine(self) -> None:
        read(self.watch(), 200)
        self.sent()
        assert self.sandbox.state.all("SELECT * FROM deliveries") == []


class AfterAKill(PushCase):
    def test_what_waited_to_be_sent_again_is_sent_by_the_next_process(self) -> None:
        self.watched()
        self.door.status = 503
        self.happens("mail")
        self.restart()
        self.later(1)
        assert len(self.door.requests) == 2
        assert len(set(self.ids())) == 1

    def restart(self) -> None:
        self.io_loop.run_sync(self.sandbox.close)
        told = Settings(frozenset(), service=self.service)
        self.sandbox = Sandbox(Path(self.directory.name), self.get_http_port(), told, lambda: self.time)

        async def resume() -> None:
            self.sandbox.outbox.resume()

        self.io_loop.run_sync(resume)
