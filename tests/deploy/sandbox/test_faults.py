"""What can be ordered to go wrong, on either platform."""

import asyncio
import json
from unittest import mock

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError, SimpleAsyncHTTPClient
from tornado.testing import gen_test

from deploy.sandbox.faults import Fault
from deploy.sandbox.platforms import base
from tests.deploy.sandbox.scene import SandboxCase, read

READ = {"github": "/github/api/user", "spotify": "/spotify/v1/me"}


class Faults(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.tokens = {platform: self.connect(platform) for platform in READ}

    def get_http_client(self) -> AsyncHTTPClient:
        return SimpleAsyncHTTPClient(force_instance=True, max_clients=300)

    def status(self, platform: str) -> int:
        return self.call(READ[platform], self.tokens[platform]).code

    # -- those that last -----------------------------------------------------------------------------
    def test_down_is_503_for_the_api_and_the_token_endpoint(self) -> None:
        for platform, path in READ.items():
            self.fault(platform, "down")
            assert self.call(path, self.tokens[platform]).code == 503
            assert self.refresh(platform, self.tokens[platform]["refresh_token"]).code == 503

    def test_down_changes_nothing_of_what_is_so(self) -> None:
        for platform in READ:
            self.fault(platform, "down")
            self.refresh(platform, self.tokens[platform]["refresh_token"])
            self.order(f"{platform}/fault", method="DELETE")
            assert self.status(platform) == 200
            assert "access_token" in read(self.refresh(platform, self.tokens[platform]["refresh_token"]), 200)

    def test_a_fault_ends_after_its_seconds(self) -> None:
        self.fault("spotify", "down", seconds=30)
        self.time += 29.9
        assert self.status("spotify") == 503
        self.time += 0.2
        assert self.status("spotify") == 200

    def test_a_fault_ends_when_it_is_taken_back(self) -> None:
        self.fault("spotify", "down")
        self.fault("spotify", "slow", user="grace")
        assert json.loads(self.order("spotify/fault", method="DELETE").body) == {"ended": 2}
        assert self.status("spotify") == 200

    def test_a_fault_of_one_person_is_met_by_nobody_else(self) -> None:
        grace = self.connect("github", "grace")
        self.fault("github", "down", user="grace")
        assert self.status("github") == 200
        assert self.call(READ["github"], grace).code == 503
        assert self.refresh("github", grace["refresh_token"]).code == 503
        assert self.refresh("github", self.tokens["github"]["refresh_token"]).code == 200

    def test_the_other_platform_is_well(self) -> None:
        self.fault("spotify", "down")
        assert self.status("github") == 200

    def test_a_proxys_page_is_403_and_html(self) -> None:
        for platform, path in READ.items():
            self.fault(platform, "html_403")
            answer = self.call(path, self.tokens[platform])
            assert (answer.code, answer.headers["Content-Type"]) == (403, "text/html")
            assert b"<html>" in answer.body

    def test_truncated_answers_are_no_json(self) -> None:
        for platform, path in READ.items():
            self.fault(platform, "truncated")
            answers = self.call(path, self.tokens[platform]), self.refresh(platform, "anything")
            for answer in answers:
                assert answer.code == 200
                with pytest.raises(json.JSONDecodeError):
                    json.loads(answer.body)

    def test_a_poll_with_an_etag_is_truncated_too(self) -> None:
        etag = self.call(READ["github"], self.tokens["github"]).headers["ETag"]
        self.fault("github", "truncated")
        assert self.call(READ["github"], self.tokens["github"], If_None_Match=etag).code == 200

    def test_a_truncated_refresh_did_not_happen(self) -> None:
        self.fault("github", "truncated")
        self.refresh("github", self.tokens["github"]["refresh_token"])
        self.order("github/fault", method="DELETE")
        assert "access_token" in read(self.refresh("github", self.tokens["github"]["refresh_token"]), 200)

    def test_slow_answers_come_late_but_right(self) -> None:
        with mock.patch.object(base, "SLOW_BY", 0.05):
            self.fault("github", "slow")
            began = self.io_loop.time()
            assert self.status("github") == 200
            assert self.io_loop.time() - began >= 0.05

    @gen_test
    async def test_hanging_calls_are_held_without_an_answer_until_the_fault_ends(self) -> None:
        spotify = self.sandbox.platforms[1]
        fault = Fault("hang", None, None)
        spotify.faults.add(fault)
        headers = {"Authorization": f"Bearer {self.tokens['spotify']['access_token']}"}
        url = self.get_url(READ["spotify"])
        calls = [asyncio.ensure_future(self.http_client.fetch(url, headers=headers)) for _ in range(200)]
        while len(fault.held) < 200:  # nobody tells when all have arrived
            await asyncio.sleep(0)
        assert not any(call.done() for call in calls)
        spotify.faults.end_all()
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(end) for end in ends} == {HTTPStreamClosedError}
        assert [call.status for call in spotify.calls.items()[-200:]] == [None] * 200

    def test_who_gives_up_on_a_hanging_call_frees_it(self) -> None:
        self.fault("spotify", "hang")
        with pytest.raises(HTTPTimeoutError):
            self.fetch(READ["spotify"], request_timeout=0.1, raise_error=True)
        self.order("spotify/fault", method="DELETE")
        assert self.status("spotify") == 200

    # -- limits --------------------------------------------------------------------------------------
    def test_githubs_limit_is_the_hours_and_the_secondary_one_in_turn(self) -> None:
        self.fault("github", "rate_limit", seconds=90)
        primary, secondary = (self.call(READ["github"], self.tokens["github"]) for _ in range(2))
        assert primary.code == 403
        assert primary.headers["X-RateLimit-Remaining"] == "0"
        assert primary.headers["X-RateLimit-Reset"] == str(int(self.time) + 90)
        assert "Retry-After" not in primary.headers
        assert (secondary.code, secondary.headers["Retry-After"]) == (429, "90")

    def test_spotifys_limit_says_how_long_to_wait(self) -> None:
        self.fault("spotify", "rate_limit", seconds=17)
        answer = self.call(READ["spotify"], self.tokens["spotify"])
        assert (answer.code, answer.headers["Retry-After"]) == (429, "17")
        assert "reason" not in json.loads(answer.body)["error"]

    def test_spotifys_quota_is_a_429_with_a_reason(self) -> None:
        self.fault("spotify", "rate_limit", reason="QUOTA_EXCEEDED")
        answer = self.call(READ["spotify"], self.tokens["spotify"])
        assert read(answer, 429)["error"]["reason"] == "QUOTA_EXCEEDED"
        assert "Retry-After" not in answer.headers

    def test_token_endpoints_are_not_limited(self) -> None:
        for platform in READ:
            self.fault(platform, "rate_limit")
            assert self.refresh(platform, self.tokens[platform]["refresh_token"]).code == 200

    # -- those that change what is so ----------------------------------------------------------------
    def test_a_revoked_grant_is_gone_for_good(self) -> None:
        self.fault("github", "revoke", user="ada")
        self.fault("spotify", "revoke", user="ada")
        assert self.status("github") == self.status("spotify") == 401
        assert read(self.refresh("github", self.tokens["github"]["refresh_token"]), 200)["error"] == "bad_refresh_token"
        told = read(self.refresh("spotify", self.tokens["spotify"]["refresh_token"]), 400)
        assert told == {"error": "invalid_grant", "error_description": "Refresh token revoked"}
        assert self.call(READ["github"], self.connect("github")).code == 200

    def test_expired_access_tokens_can_be_refreshed(self) -> None:
        for platform in READ:
            self.fault(platform, "expire", user="ada")
            assert self.status(platform) == 401
            new = read(self.refresh(platform, self.tokens[platform]["refresh_token"]), 200)
            assert self.call(READ[platform], new).code == 200

    def test_used_elsewhere_the_refresh_token_is_dead_and_on_github_the_access_token_too(self) -> None:
        self.fault("github", "rotate_reuse", user="ada")
        self.fault("spotify", "rotate_reuse", user="ada")
        assert self.status("github") == 401
        assert self.status("spotify") == 200
        assert read(self.refresh("github", self.tokens["github"]["refresh_token"]), 200)["error"] == "bad_refresh_token"
        assert read(self.refresh("spotify", self.tokens["spotify"]["refresh_token"]), 400)["error"] == "invalid_grant"

    def test_one_persons_loss_is_not_anothers(self) -> None:
        grace = self.connect("github", "grace")
        for kind in ("revoke", "expire", "rotate_reuse"):
            self.fault("github", kind, user="ada")
        assert self.call(READ["github"], grace).code == 200

    def test_lost_cursors_on_github_make_the_next_poll_a_full_one(self) -> None:
        path = "/github/api/users/ada-sandbox/events"
        first = self.call(path, self.tokens["github"])
        self.fault("github", "cursor_gone", user="ada")
        again = self.call(path, self.tokens["github"], If_None_Match=first.headers["ETag"])
        assert (again.code, again.body) == (200, first.body)

    def test_lost_cursors_on_spotify_point_at_what_is_no_longer_remembered(self) -> None:
        path = "/spotify/v1/me/player/recently-played?limit=50"
        newest = json.loads(self.call(path, self.tokens["spotify"]).body)["cursors"]["after"]
        self.fault("spotify", "cursor_gone", user="ada")
        page = json.loads(self.call(path, self.tokens["spotify"]).body)
        assert len(page["items"]) == 50
        assert int(page["cursors"]["before"]) > int(newest)

    def test_what_makes_no_sense_is_refused(self) -> None:
        assert self.order("github/fault", {"kind": "explode"}).code == 400
        assert self.order("github/fault", {"kind": "down", "seconds": -1}).code == 400
        assert self.order("github/fault", {"kind": "down", "user": "nobody"}).code == 404
