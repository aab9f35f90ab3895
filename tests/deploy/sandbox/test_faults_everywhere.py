"""The faults that mean the same on every platform."""

import json
from urllib.parse import urlsplit

from tornado.httpclient import HTTPResponse

from deploy.sandbox.places import endpoints
from tests.deploy.sandbox.scene import SandboxCase
from tests.deploy.sandbox.test_places import ACCOUNT

SLUGS = tuple(endpoints(0))


class Everywhere(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.tokens = {slug: {user: self.connect(slug, user) for user in ("ada", "grace")} for slug in SLUGS}

    def account(self, slug: str, user: str = "ada") -> HTTPResponse:
        self.time += 60  # no platform's own limit is in the way
        return self.call(urlsplit(endpoints(0)[slug]["api"]).path + ACCOUNT[slug], self.tokens[slug][user])

    def taken(self, slug: str, user: str = "ada") -> bool:
        """Slack refuses with a success."""
        answer = self.account(slug, user)
        return answer.code == 200 and json.loads(answer.body).get("ok") is not False

    def test_a_proxys_page_stands_in_for_the_answer(self) -> None:
        for slug in SLUGS:
            self.fault(slug, "html_403", user="ada")
            answer = self.account(slug)
            assert (answer.code, answer.headers["Content-Type"]) == (403, "text/html"), slug
            assert self.taken(slug, "grace")

    def test_half_of_an_answer_is_no_json(self) -> None:
        for slug in SLUGS:
            whole = self.account(slug).body
            self.fault(slug, "truncated")
            answer = self.account(slug)
            assert answer.code == 200
            assert answer.body[:20] == whole[:20]
            assert 0 < len(answer.body) < len(whole), slug

    def test_down_is_a_5xx_until_it_is_over(self) -> None:
        for slug in SLUGS:
            self.fault(slug, "down", seconds=100)
            assert self.account(slug).code >= 500, slug
            assert self.account(slug).code == 200, slug

    def test_a_rate_limit_is_a_429_or_a_403_and_for_the_one_person(self) -> None:
        for slug in SLUGS:
            self.fault(slug, "rate_limit", user="ada")
            assert self.account(slug).code in (403, 429), slug
            assert self.taken(slug, "grace"), slug

    def test_what_somebody_withdrew_is_not_taken(self) -> None:
        for slug in SLUGS:
            self.fault(slug, "revoke", user="ada")
            assert not self.taken(slug), slug
            assert self.taken(slug, "grace"), slug

    def test_an_access_token_can_be_over_before_its_time(self) -> None:
        for slug in SLUGS:
            assert self.taken(slug)
            self.fault(slug, "expire", user="ada")
            assert not self.taken(slug), slug
            assert self.taken(slug, "grace"), slug

    def test_every_call_is_written_down_with_whose_it_was(self) -> None:
        for slug in SLUGS:
            self.account(slug, "grace")
            last = self.calls(slug)[-1]
            assert (last["user"], last["status"]) == ("grace", 200), slug
