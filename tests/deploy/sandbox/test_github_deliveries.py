"""What GitHub delivered: one try each, the list of outcomes, and delivering again under the same GUID."""

import json
from typing import Any
from unittest import mock

from deploy.sandbox.outbox import Delivery
from deploy.sandbox.platforms import github
from deploy.sandbox.platforms.github import GitHub
from tests.deploy.sandbox.scene import read
from tests.deploy.sandbox.test_github_hooks import HOOKS, HookCase


class GitHubDeliveries(HookCase):
    def setUp(self) -> None:
        super().setUp()
        self.hook = self.made(["push", "issues"])

    def deliveries(self, query: str = "") -> list[dict[str, Any]]:
        answer = self.call(f"{HOOKS}/{self.hook['id']}/deliveries{query}", self.token)
        assert answer.code == 200
        told: list[dict[str, Any]] = json.loads(answer.body)
        return told

    def again(self, delivery: dict[str, Any]) -> int:
        path = f"{HOOKS}/{self.hook['id']}/deliveries/{delivery['id']}/attempts"
        code = self.call(path, self.token, "POST").code
        self.sent()
        return code

    def test_a_failed_delivery_is_listed_and_not_tried_again_by_itself(self) -> None:
        self.receiver.status = 503
        told = self.happens("push")
        assert len(self.receiver.requests) == 1
        listed = self.deliveries("?status=failure")
        assert [(each["guid"], each["status_code"]) for each in listed] == [(told["deliveries"][0], 503)]
        assert listed[0]["status"] == "Invalid HTTP Response: 503"
        assert (listed[0]["event"], listed[0]["redelivery"]) == ("push", False)

    def test_the_newest_comes_first_and_pages_go_by_cursor(self) -> None:
        for _ in range(4):
            self.happens("push")
        everything = [each["id"] for each in self.deliveries()]
        assert len(everything) == 5  # the ping too
        assert everything == sorted(everything, reverse=True)
        first = self.call(f"{HOOKS}/{self.hook['id']}/deliveries?per_page=3", self.token)
        following = first.headers["Link"].split(">")[0].partition("?")[2]
        assert [each["id"] for each in json.loads(first.body)] == everything[:3]
        assert [each["id"] for each in self.deliveries(f"?{following}")] == everything[3:]

    def test_what_went_well_can_be_asked_for_alone(self) -> None:
        self.receiver.status = 500
        self.happens("push")
        assert [each["event"] for each in self.deliveries("?status=success")] == ["ping"]
        assert {each["status"] for each in self.deliveries("?status=success")} == {"OK"}

    def test_a_redelivery_has_the_same_guid_and_the_same_body(self) -> None:
        self.receiver.status = 503
        self.happens("push")
        self.receiver.status = 202
        assert self.again(self.deliveries()[0]) == 202
        first, second = self.receiver.requests
        assert first.headers["X-GitHub-Delivery"] == second.headers["X-GitHub-Delivery"]
        assert first.headers["X-Hub-Signature-256"] == second.headers["X-Hub-Signature-256"]
        assert first.body == second.body
        newest = self.deliveries()[0]
        assert (newest["redelivery"], newest["status"], newest["guid"]) == (True, "OK", self.deliveries()[1]["guid"])

    def test_what_was_delivered_can_be_looked_at(self) -> None:
        self.happens("issues")
        delivery = self.deliveries()[0]
        full = read(self.call(f"{HOOKS}/{self.hook['id']}/deliveries/{delivery['id']}", self.token), 200)
        assert full["request"]["payload"]["issue"]["id"] == self.receiver.bodies("issues")[0]["issue"]["id"]

    def test_deliveries_are_kept_for_three_days(self) -> None:
        self.happens("push")
        kept = self.deliveries()[0]
        self.ordered("github/lifetime", {"access": None})
        self.token = self.connect("github")
        self.time += 3 * 86_400 + 1
        assert self.deliveries() == []
        assert self.again(kept) == 404

    def test_nobody_there_is_a_failed_delivery(self) -> None:
        self.receiver.close()
        self.happens("push")
        assert self.deliveries()[0]["status"] == "failed to connect to host"

    def test_no_answer_in_time_is_a_failed_delivery(self) -> None:
        assert github.ANSWER_WITHIN == 10
        self.receiver.silent = True
        with mock.patch.object(github, "ANSWER_WITHIN", 0.2):
            self.happens("push")
        assert (self.deliveries()[0]["status"], self.deliveries()[0]["status_code"]) == ("timed out", 504)

    def test_more_than_25_mb_is_not_sent_at_all(self) -> None:
        platform = self.sandbox.platforms[0]
        assert isinstance(platform, GitHub)
        put = platform.request_for
        assert put(self.delivery(b"x" * (25 << 20))) is not None
        assert put(self.delivery(b"x" * ((25 << 20) + 1))) is None

    def delivery(self, body: bytes) -> Delivery:
        return Delivery(
            1, "github", self.hook["id"], "guid", "push", None, body, self.time, False, False, None, None, None
        )
