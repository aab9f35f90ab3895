"""Google's token endpoint: one client for three platforms, and every way in which a grant ends."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPResponse

from deploy.sandbox.app import Sandbox
from deploy.sandbox.places import GOOGLE, endpoints
from deploy.sandbox.settings import Settings
from tests.deploy.sandbox.google_scene import BACK, DAY, GoogleCase, refusal
from tests.deploy.sandbox.scene import read

API = {
    "gmail": "/gmail/gmail/v1/users/me/profile",
    "calendar": "/calendar/calendar/v3/calendars/primary",
    "youtube": "/youtube/youtube/v3/channels?part=id&mine=true",
}
GONE = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
EMAIL = "https://www.googleapis.com/auth/userinfo.email"


class Tokens(GoogleCase):
    slug = "gmail"

    def test_a_code_gives_a_token_for_an_hour_and_one_to_refresh_it(self) -> None:
        for slug in GOOGLE:
            given = self.connect(slug)
            assert given.keys() == {"access_token", "expires_in", "refresh_token", "scope", "token_type", "id_token"}
            assert (given["expires_in"], given["token_type"]) == (3599, "Bearer")
            assert given["access_token"].startswith("ya29.")
            assert given["refresh_token"].startswith("1//0")
            assert given["scope"] == f"openid {self.sandbox_platform(slug).needs} {EMAIL}"
            assert self.call(API[slug], given).code == 200

    def test_a_refresh_brings_no_new_refresh_token_and_the_old_one_stays_good(self) -> None:
        for _ in range(2):
            self.time += 3600
            assert self.call(API["gmail"], self.token).code == 401
            given = read(self.refresh("gmail", self.token["refresh_token"]), 200)
            assert "refresh_token" not in given
            assert self.call(API["gmail"], given).code == 200

    def test_the_client_proves_itself_in_the_form_or_by_basic(self) -> None:
        path, form = "/gmail/token", f"grant_type=refresh_token&refresh_token={self.token['refresh_token']}"
        basic = {"auth_username": "sandbox-google", "auth_password": "sandbox-google-secret"}
        assert self.fetch(path, method="POST", body=form, **basic).code == 200
        for wrong in ({"client_secret": "guessed"}, {"client_id": "sandbox-gmail"}, {"client_secret": ""}):
            answer = self.ask_token("gmail", grant_type="refresh_token", refresh_token="x", **wrong)
            assert read(answer, 401)["error"] == "invalid_client"

    def test_a_token_opens_its_own_platform_only(self) -> None:
        assert refusal(self.call(API["calendar"], self.token)) == (401, "authError")

    def test_a_code_is_good_once_for_ten_minutes_with_its_address_and_proof(self) -> None:
        verifier = "v" * 43
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        pkce = {"code_challenge": challenge, "code_challenge_method": "S256", "access_type": "offline"}
        code = self.consent(**pkce)["code"]
        wrong = self.exchange(code, code_verifier="w" * 43)
        assert read(wrong, 400) == {"error": "invalid_grant", "error_description": "Invalid code verifier."}
        elsewhere = self.exchange(code, code_verifier=verifier, redirect_uri=f"{BACK}/x")
        assert read(elsewhere, 400)["error"] == "redirect_uri_mismatch"
        assert self.exchange(code, code_verifier=verifier).code == 200
        assert read(self.exchange(code, code_verifier=verifier), 400)["error"] == "invalid_grant"
        late = self.consent()["code"]
        self.time += 601
        assert read(self.exchange(late), 400)["error"] == "invalid_grant"
        assert read(self.exchange("4/made-up"), 400)["error_description"] == "Malformed auth code."

    def test_what_makes_no_sense_is_refused(self) -> None:
        assert read(self.ask_token("gmail", grant_type="password"), 400)["error"] == "unsupported_grant_type"
        assert read(self.ask_token("gmail", grant_type="refresh_token"), 400)["error"] == "invalid_request"
        unknown = {"error": "invalid_grant", "error_description": "Bad Request"}
        assert read(self.refresh("gmail", "1//0nobodys"), 400) == unknown

    def test_an_app_in_testing_gets_grants_of_seven_days_that_no_refresh_makes_longer(self) -> None:
        self.ordered("gmail/lifetime", {"refresh": 604_800})
        given = self.connect("gmail", "grace")
        assert given["refresh_token_expires_in"] == 604_800
        self.time += 6.9 * DAY
        assert self.refresh("gmail", given["refresh_token"]).code == 200
        self.time += 0.2 * DAY
        assert read(self.refresh("gmail", given["refresh_token"]), 400) == GONE

    def test_of_more_than_a_hundred_grants_the_oldest_is_forgotten_without_a_word(self) -> None:
        for number in range(100):
            self.connect(GOOGLE[number % 3])
        answer = read(self.refresh("gmail", self.token["refresh_token"]), 400)
        assert answer == {"error": "invalid_grant", "error_description": "Bad Request"}
        assert self.call(API["gmail"], self.token).code == 200

    def sandbox_platform(self, slug: str) -> Any:
        return next(platform for platform in self.sandbox.platforms if platform.slug == slug)


class Ends(GoogleCase):
    def setUp(self) -> None:
        super().setUp()
        self.tokens = {slug: self.connect(slug) for slug in GOOGLE}
        self.graces = self.connect("calendar", "grace")

    def live(self) -> set[str]:
        return {slug for slug, token in self.tokens.items() if self.call(API[slug], token).code == 200}

    def revoke(self, token: str) -> HTTPResponse:
        return self.fetch("/gmail/revoke", method="POST", body=f"token={token}")

    def test_revoking_one_token_ends_all_that_the_account_granted_to_this_client(self) -> None:
        assert self.revoke(self.tokens["gmail"]["refresh_token"]).code == 200
        assert self.live() == set()
        for slug, token in self.tokens.items():
            assert read(self.refresh(slug, token["refresh_token"]), 400) == GONE
        assert self.call(API["calendar"], self.graces).code == 200

    def test_an_access_token_revokes_as_well(self) -> None:
        assert self.revoke(self.tokens["gmail"]["access_token"]).code == 200
        assert self.live() == set()

    def test_revoking_what_is_no_token_is_400(self) -> None:
        told = {"error": "invalid_token", "error_description": "Token expired or revoked"}
        assert read(self.revoke("guessed"), 400) == told
        self.revoke(self.tokens["gmail"]["refresh_token"])
        assert read(self.revoke(self.tokens["gmail"]["refresh_token"]), 400) == told
        assert self.call(API["calendar"], self.graces).code == 200

    def test_an_order_to_revoke_ends_one_platforms_grants(self) -> None:
        self.fault("youtube", "revoke", user="ada")
        assert self.live() == {"gmail", "calendar"}
        assert read(self.refresh("youtube", self.tokens["youtube"]["refresh_token"]), 400) == GONE

    def test_an_expired_token_is_401_with_a_challenge_and_can_be_refreshed(self) -> None:
        for slug, token in self.tokens.items():
            self.fault(slug, "expire")
            answer = self.call(API[slug], token)
            told = read(answer, 401)["error"]
            assert (told["status"], told["errors"][0]["reason"]) == ("UNAUTHENTICATED", "authError")
            challenge = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
            assert answer.headers["WWW-Authenticate"] == challenge
            assert self.refresh(slug, token["refresh_token"]).code == 200

    def test_a_used_refresh_token_is_as_good_as_revoked(self) -> None:
        self.fault("gmail", "rotate_reuse")
        assert read(self.refresh("gmail", self.tokens["gmail"]["refresh_token"]), 400) == GONE
        assert self.live() == set(GOOGLE)


class Faults(GoogleCase):
    slug = "gmail"

    def test_limits_are_403_and_429_in_turn_and_say_nothing_of_their_end(self) -> None:
        for slug in GOOGLE:
            token = self.connect(slug)
            self.fault(slug, "rate_limit")
            answers = [self.call(API[slug], token) for _ in range(2)]
            assert [refusal(one) for one in answers] == [(403, "userRateLimitExceeded"), (429, "rateLimitExceeded")]
            assert not any("Retry-After" in one.headers for one in answers)
            assert self.refresh(slug, token["refresh_token"]).code == 200

    def test_down_is_503_and_at_the_token_endpoint_what_may_be_tried_again(self) -> None:
        self.fault("gmail", "down")
        assert refusal(self.call(API["gmail"], self.token)) == (503, "backendError")
        answer = self.refresh("gmail", self.token["refresh_token"])
        assert read(answer, 503)["error"] == "temporarily_unavailable"


class Identity(GoogleCase):
    slug = "gmail"

    def test_a_person_is_the_same_account_on_all_three(self) -> None:
        seen = []
        for slug, told in endpoints(0).items():
            if slug in GOOGLE:
                beside = told["token"].removeprefix("http://127.0.0.1:0").removesuffix("token") + "userinfo"
                seen.append(read(self.call(beside, self.connect(slug)), 200))
        assert seen[0] == seen[1] == seen[2]
        assert seen[0]["email"] == "ada@example.com"
        assert (len(seen[0]["sub"]), seen[0]["email_verified"]) == (21, True)
        graces = read(self.call("/gmail/userinfo", self.connect("gmail", "grace")), 200)
        assert graces["sub"] != seen[0]["sub"]

    def test_userinfo_needs_a_token(self) -> None:
        assert self.fetch("/gmail/userinfo").code == 401

    def test_the_id_token_is_signed_and_says_the_same(self) -> None:
        claims = self.verified(self.token["id_token"], "sandbox-google")
        who = read(self.call("/gmail/v1/userinfo", self.token), 200)
        assert (claims["sub"], claims["email"], claims["azp"]) == (who["sub"], who["email"], "sandbox-google")
        assert claims["exp"] - claims["iat"] == 3600

    def test_tokeninfo_tells_what_a_token_is_worth(self) -> None:
        told = read(self.fetch(f"/gmail/tokeninfo?access_token={self.token['access_token']}"), 200)
        assert (told["aud"], told["scope"]) == ("sandbox-google", self.token["scope"])
        assert self.fetch("/gmail/tokeninfo?access_token=guessed").code == 400

    def test_the_keys_may_be_kept_and_stay_the_same_after_a_restart(self) -> None:
        answer = self.fetch("/google/oauth2/v3/certs")
        assert "max-age=" in answer.headers["Cache-Control"]
        keys = json.loads(answer.body)["keys"]
        assert {(key["kty"], key["alg"], key["use"]) for key in keys} == {("RSA", "RS256", "sig")}
        assert not any("d" in key for key in keys)
        self.io_loop.run_sync(self.sandbox.close)
        self.sandbox = Sandbox(Path(self.directory.name), 1, Settings(frozenset()), lambda: self.time)
        again = next(one for one in self.sandbox.platforms if one.slug == "gmail")
        assert again.key.published()["keys"] == keys


class Consent(GoogleCase):
    slug = "calendar"

    def given(self, form: dict[str, Any] | None = None, **asked: str) -> dict[str, Any]:
        scope = "openid email https://www.googleapis.com/auth/calendar.readonly"
        asked = {"scope": scope, "access_type": "offline", "prompt": "consent", **asked}
        return read(self.exchange(self.consent(form=form, **asked)["code"]), 200)

    def test_the_page_has_a_box_for_the_scope_that_can_be_left_out(self) -> None:
        scope = "https://www.googleapis.com/auth/calendar.readonly"
        page = self.fetch(
            f"/calendar/o/oauth2/v2/auth?client_id=sandbox-google&redirect_uri={BACK}&scope=openid+{scope}"
        )
        assert f'name="granted" value="{scope}" checked'.encode() in page.body
        assert b"Continue as Ada Lovelace" in page.body

    def test_a_scope_that_was_unticked_is_not_granted_and_its_api_is_403(self) -> None:
        self.fault("calendar", "revoke")
        given = self.given({"offered": "https://www.googleapis.com/auth/calendar.readonly"})
        assert given["scope"].split() == ["openid", EMAIL]
        assert refusal(self.call(API["calendar"], given)) == (403, "insufficientPermissions")
        assert self.call("/calendar/userinfo", given).code == 200

    def test_without_offline_there_is_no_refresh_token(self) -> None:
        assert "refresh_token" in self.given()
        assert "refresh_token" not in self.given(access_type="online")

    def test_who_comes_back_unasked_gets_no_second_refresh_token(self) -> None:
        assert "refresh_token" not in self.given(prompt="")
        self.fault("calendar", "revoke")
        assert "refresh_token" in self.given(prompt="")

    def test_scopes_granted_before_are_included_where_that_was_asked_for(self) -> None:
        self.connect("gmail")
        gmail = "https://www.googleapis.com/auth/gmail.readonly"
        assert gmail in self.given(include_granted_scopes="true")["scope"].split()
        assert gmail not in self.given()["scope"].split()

    def test_what_was_unticked_is_not_among_them(self) -> None:
        own = "https://www.googleapis.com/auth/calendar.readonly"
        self.connect("gmail")
        given = self.given({"offered": own}, include_granted_scopes="true")
        assert own not in given["scope"].split()

    def test_a_no_is_sent_back_as_one(self) -> None:
        told = self.consent(form={"decision": "deny"}, state="s1")
        assert (told["error"], told["state"]) == ("access_denied", "s1")
