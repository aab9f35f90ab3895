"""Slack's tokens: 200 whatever is said, a pair that rotates, or one token for ever."""

import json
from typing import Any
from urllib.parse import urlencode

from tests.deploy.sandbox.scene import SandboxCase, read

ACCESS = "/slack/api/oauth.v2.access"


class SlackCase(SandboxCase):
    def answer(self, form: dict[str, str], **given: Any) -> dict[str, Any]:
        return read(self.fetch(ACCESS, method="POST", body=urlencode(form), **given), 200)

    def ask(self, **form: str) -> dict[str, Any]:
        return self.answer(form, auth_username="sandbox-slack", auth_password="sandbox-slack-secret")

    def exchange(self, user: str = "ada") -> dict[str, Any]:
        return self.ask(code=self.code("slack", user), redirect_uri="http://x/cb")

    def renewed(self, token: dict[str, Any]) -> dict[str, Any]:
        return self.ask(grant_type="refresh_token", refresh_token=token["refresh_token"])

    def who_is(self, token: dict[str, Any]) -> dict[str, Any]:
        return read(self.call("/slack/api/auth.test", token, "POST", {}), 200)

    # ----------------------------------------------------------------------------------------------------
    def test_a_users_token_comes_under_authed_user_for_there_is_no_bot(self) -> None:
        given = self.exchange()
        assert given["ok"] is True
        assert given["team"] == {"id": "T07SANDBOX1", "name": "Analytical Guild"}
        assert not {"access_token", "token_type", "bot_user_id"} & given.keys()
        own = given["authed_user"]
        assert own["access_token"].startswith("xoxe.xoxp-")
        assert own["refresh_token"].startswith("xoxe-1-")
        assert (own["token_type"], own["expires_in"]) == ("user", 43_200)
        assert "channels:history" in own["scope"].split(",")

    def test_a_refresh_answers_at_the_top_level(self) -> None:
        own = self.exchange()["authed_user"]
        again = self.renewed(own)
        assert (again["ok"], again["token_type"], again["expires_in"]) == (True, "user", 43_200)
        assert "authed_user" not in again
        assert again["access_token"] != own["access_token"]
        assert again["refresh_token"] != own["refresh_token"]

    def test_a_refresh_token_is_good_once_and_what_it_gave_stays_good(self) -> None:
        first = self.exchange()["authed_user"]
        second = self.renewed(first)
        assert self.renewed(first) == {"ok": False, "error": "invalid_refresh_token"}
        assert self.who_is(second)["ok"] is True
        assert self.renewed(second)["ok"] is True

    def test_the_old_access_token_lives_out_its_twelve_hours(self) -> None:
        first = self.exchange()["authed_user"]
        self.renewed(first)
        self.time += 43_199
        assert self.who_is(first)["ok"] is True
        self.time += 1
        assert self.who_is(first) == {"ok": False, "error": "token_expired"}

    def test_refresh_tokens_have_no_end(self) -> None:
        own = self.exchange()["authed_user"]
        self.time += 3 * 365 * 86_400
        assert self.renewed(own)["ok"] is True

    def test_without_rotation_there_is_one_token_for_ever_and_the_same_for_who_consents_again(self) -> None:
        self.ordered("slack/lifetime", {"access": None})
        own = self.exchange()["authed_user"]
        assert own["access_token"].startswith("xoxp-")
        assert not {"refresh_token", "expires_in"} & own.keys()
        assert self.exchange()["authed_user"] == own
        assert self.exchange("grace")["authed_user"]["access_token"] != own["access_token"]
        self.time += 10 * 365 * 86_400
        assert self.who_is(own)["ok"] is True
        assert "expires_in" not in self.who_is(own)

    def test_who_takes_the_access_away_and_consents_again_has_a_new_token(self) -> None:
        self.ordered("slack/lifetime", {"access": None})
        own = self.exchange()["authed_user"]
        self.fault("slack", "revoke", user="ada")
        assert self.who_is(own) == {"ok": False, "error": "token_revoked"}
        assert self.exchange()["authed_user"]["access_token"] != own["access_token"]

    def test_the_client_may_be_in_the_form_and_must_be_the_right_one(self) -> None:
        code = {"code": self.code("slack")}
        assert self.answer({**code, "client_id": "x", "client_secret": "y"})["error"] == "invalid_client_id"
        assert self.answer({**code, "client_id": "sandbox-slack"})["error"] == "bad_client_secret"
        assert self.answer(code, auth_username="sandbox-slack", auth_password="no")["error"] == "bad_client_secret"
        right = {"client_id": "sandbox-slack", "client_secret": "sandbox-slack-secret"}
        assert self.answer({**code, **right})["ok"] is True

    def test_refusals_are_words_in_an_answer_that_went_well(self) -> None:
        code = self.code("slack")
        assert self.ask(code="made-up") == {"ok": False, "error": "invalid_code"}
        assert self.ask(code=code)["ok"] is True
        assert self.ask(code=code)["error"] == "code_already_used"
        assert self.ask(grant_type="password")["error"] == "invalid_grant_type"
        late = self.code("slack")
        self.time += 601
        assert self.ask(code=late)["error"] == "invalid_code"

    def test_a_code_from_the_consent_page_is_good_for_its_own_address_only(self) -> None:
        query = {"client_id": "sandbox-slack", "redirect_uri": "http://127.0.0.1:3001/cb", "state": "s", "user": "ada"}
        sent = self.fetch("/slack/oauth/v2/authorize", method="POST", body=urlencode(query), follow_redirects=False)
        code = sent.headers["Location"].split("code=")[1].split("&")[0]
        assert self.ask(code=code, redirect_uri="http://127.0.0.1:3001/other")["error"] == "bad_redirect_uri"
        assert self.ask(code=code, redirect_uri="http://127.0.0.1:3001/cb")["ok"] is True

    def test_auth_test_says_who_it_is_and_how_long_the_token_lives(self) -> None:
        own = self.exchange("grace")["authed_user"]
        self.time += 200
        told = self.who_is(own)
        assert (told["user_id"], told["user"], told["team_id"]) == (own["id"], "grace", "T07SANDBOX1")
        assert told["url"] == "https://analytical-guild-sandbox.slack.com/"
        assert told["expires_in"] == 43_000

    def test_auth_revoke_ends_the_token_unless_it_only_tests(self) -> None:
        own = self.exchange()["authed_user"]
        tried = read(self.call("/slack/api/auth.revoke?test=true", own), 200)
        assert tried == {"ok": True, "revoked": False}
        assert read(self.call("/slack/api/auth.revoke", own, "POST", {}), 200) == {"ok": True, "revoked": True}
        assert self.who_is(own) == {"ok": False, "error": "token_revoked"}
        assert self.renewed(own)["error"] == "invalid_refresh_token"

    def test_what_is_no_token_is_told_apart(self) -> None:
        assert self.who_is({"access_token": "xoxp-made-up"}) == {"ok": False, "error": "invalid_auth"}
        assert json.loads(self.fetch("/slack/api/auth.test").body) == {"ok": False, "error": "not_authed"}

    def test_a_token_in_the_form_is_taken_and_one_in_the_address_is_not(self) -> None:
        access = self.exchange()["authed_user"]["access_token"]
        in_form = self.fetch("/slack/api/auth.test", method="POST", body=urlencode({"token": access}))
        assert read(in_form, 200)["ok"] is True
        assert read(self.fetch(f"/slack/api/auth.test?token={access}"), 200)["error"] == "not_authed"

    def test_a_refresh_token_that_somebody_else_used_is_dead(self) -> None:
        own = self.exchange()["authed_user"]
        self.fault("slack", "rotate_reuse", user="ada")
        assert self.renewed(own)["error"] == "invalid_refresh_token"
        assert self.who_is(own)["ok"] is True

    def test_expire_ends_access_tokens_and_leaves_what_renews_them(self) -> None:
        own = self.exchange()["authed_user"]
        self.fault("slack", "expire", user="ada")
        assert self.who_is(own)["error"] == "token_expired"
        assert self.who_is(self.renewed(own))["ok"] is True
