"""GitHub's token endpoint: 200 whatever it says, pairs that rotate, and what ends them."""

import base64
import json
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.deploy.sandbox.scene import SandboxCase, read

EIGHT_HOURS = 28_800
SIX_MONTHS = 15_811_200


class GitHubTokens(SandboxCase):
    def works(self, token: str) -> bool:
        return self.call("/github/api/user", token).code == 200

    def test_a_code_gives_a_pair_that_expires(self) -> None:
        given = self.connect("github")
        assert given["expires_in"] == EIGHT_HOURS
        assert given["refresh_token_expires_in"] == SIX_MONTHS
        assert given["access_token"].startswith("gho_")
        assert given["refresh_token"].startswith("ghr_")
        assert given["token_type"] == "bearer"
        assert "admin:repo_hook" in given["scope"].split(",")

    def test_without_asking_for_json_the_answer_is_form_encoded(self) -> None:
        answer = self.ask_token("github", accept="*/*", code=self.code("github"))
        assert answer.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
        assert parse_qs(answer.body.decode())["access_token"][0].startswith("gho_")

    def test_a_code_works_once(self) -> None:
        code = self.code("github")
        assert "access_token" in read(self.ask_token("github", code=code), 200)
        assert read(self.ask_token("github", code=code), 200)["error"] == "bad_verification_code"

    def test_a_code_works_for_ten_minutes(self) -> None:
        early, late = self.code("github"), self.code("github")
        self.time += 599
        assert "access_token" in read(self.ask_token("github", code=early), 200)
        self.time += 1
        assert read(self.ask_token("github", code=late), 200)["error"] == "bad_verification_code"

    def test_a_wrong_client_secret_is_an_error_with_status_200(self) -> None:
        told = read(self.ask_token("github", code=self.code("github"), client_secret="guessed"), 200)
        assert told["error"] == "incorrect_client_credentials"
        assert {"error_description", "error_uri"} <= told.keys()

    def test_a_code_from_the_consent_page_is_good_for_its_own_address_only(self) -> None:
        query = {"client_id": "sandbox-github", "redirect_uri": "http://127.0.0.1:3001/cb", "state": "s", "user": "ada"}
        page = "/github/login/oauth/authorize"
        sent = self.fetch(page, method="POST", body=urlencode(query), follow_redirects=False)
        code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
        elsewhere = read(self.ask_token("github", code=code, redirect_uri="http://127.0.0.1:3001/other"), 200)
        assert elsewhere["error"] == "redirect_uri_mismatch"
        assert "access_token" in read(self.ask_token("github", code=code, redirect_uri=query["redirect_uri"]), 200)

    def test_an_access_token_ends_after_its_eight_hours(self) -> None:
        given = self.connect("github")
        self.time += EIGHT_HOURS - 1
        assert self.works(given["access_token"])
        self.time += 1
        refused = self.call("/github/api/user", given)
        assert read(refused, 401)["message"] == "Bad credentials"
        assert read(refused, 401)["status"] == "401"

    def test_a_refresh_ends_both_old_tokens_at_once(self) -> None:
        old = self.connect("github")
        new = read(self.refresh("github", old["refresh_token"]), 200)
        assert new["refresh_token"] != old["refresh_token"]
        assert not self.works(old["access_token"])
        assert self.works(new["access_token"])
        assert read(self.refresh("github", old["refresh_token"]), 200)["error"] == "bad_refresh_token"

    def test_a_refresh_token_ends_after_six_months_and_a_new_one_has_its_own_six(self) -> None:
        old = self.connect("github")
        self.time += SIX_MONTHS - 1
        new = read(self.refresh("github", old["refresh_token"]), 200)
        self.time += SIX_MONTHS - 1
        newer = read(self.refresh("github", new["refresh_token"]), 200)
        self.time += SIX_MONTHS
        assert read(self.refresh("github", newer["refresh_token"]), 200)["error"] == "bad_refresh_token"

    def test_ordered_lifetimes_hold_for_tokens_given_from_then_on(self) -> None:
        before = self.connect("github")
        self.ordered("github/lifetime", {"access": 20, "refresh": 60})
        after = self.connect("github")
        assert (after["expires_in"], after["refresh_token_expires_in"]) == (20, 60)
        self.time += 21
        assert self.works(before["access_token"])
        assert not self.works(after["access_token"])

    def test_a_classic_token_has_no_end_and_no_refresh_token(self) -> None:
        self.ordered("github/lifetime", {"access": None})
        given = self.connect("github")
        assert given.keys() == {"access_token", "scope", "token_type"}
        self.time += 400 * 86_400
        assert self.works(given["access_token"])

    def test_an_empty_lifetime_order_brings_githubs_own_back(self) -> None:
        self.ordered("github/lifetime", {"access": 20})
        self.ordered("github/lifetime", {})
        assert self.connect("github")["expires_in"] == EIGHT_HOURS

    def test_the_eleventh_grant_of_a_person_ends_the_first(self) -> None:
        tokens = [self.connect("github")["access_token"] for _ in range(11)]
        assert not self.works(tokens[0])
        assert all(self.works(token) for token in tokens[1:])

    def test_the_app_can_end_a_grant(self) -> None:
        given = self.connect("github")
        assert self.application("DELETE", "grant", given["access_token"]) == 204
        assert not self.works(given["access_token"])
        assert read(self.refresh("github", given["refresh_token"]), 200)["error"] == "bad_refresh_token"

    def test_ending_one_token_leaves_the_persons_others(self) -> None:
        one, other = self.connect("github"), self.connect("github")
        assert self.application("DELETE", "token", one["access_token"]) == 204
        assert not self.works(one["access_token"])
        assert self.works(other["access_token"])

    def test_checking_a_token_is_404_when_it_is_no_good(self) -> None:
        given = self.connect("github")
        assert self.application("POST", "token", given["access_token"]) == 200
        assert self.application("POST", "token", "gho_unheard_of") == 404

    def test_a_grant_that_is_no_more_can_not_be_ended(self) -> None:
        assert self.application("DELETE", "grant", "gho_unheard_of") == 404
        assert self.application("DELETE", "grant", "") == 422

    def test_only_the_app_itself_ends_grants(self) -> None:
        given = self.connect("github")
        assert self.application("DELETE", "grant", given["access_token"], secret="guessed") == 404
        assert self.works(given["access_token"])

    def application(self, method: str, what: str, token: str, secret: str = "sandbox-github-secret") -> int:
        basic = base64.b64encode(f"sandbox-github:{secret}".encode()).decode()
        path = f"/github/api/applications/sandbox-github/{what}"
        body = json.dumps({"access_token": token})
        headers = {"Authorization": f"Basic {basic}", "User-Agent": "test"}
        return self.fetch(path, method=method, body=body, headers=headers, allow_nonstandard_methods=True).code
