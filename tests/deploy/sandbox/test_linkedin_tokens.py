"""LinkedIn's tokens: sixty days and no more, but for partners; and three ways of not being taken."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import jwt
from tornado.httpclient import HTTPResponse

from tests.deploy.sandbox.scene import SandboxCase, read

OAUTH = "/linkedin/oauth/v2"
ME = "/linkedin/v2/userinfo"
DAY = 86_400
YEAR = 365 * DAY
CLIENT = {"client_id": "sandbox-linkedin", "client_secret": "sandbox-linkedin-secret"}


class LinkedInTokens(SandboxCase):
    def post(self, path: str, **form: str) -> HTTPResponse:
        return self.fetch(f"{OAUTH}/{path}", method="POST", body=urlencode({**CLIENT, **form}))

    def refused(self, answer: HTTPResponse) -> str:
        told = read(answer, 400)
        assert told["error"] == "invalid_request"
        return str(told["error_description"])

    def partner(self, seconds: float = YEAR) -> dict[str, Any]:
        self.ordered("linkedin/lifetime", {"refresh": seconds})
        return self.connect("linkedin")

    # -- everybody's apps ----------------------------------------------------------------------------
    def test_a_token_lasts_sixty_days_and_there_is_none_to_refresh_it_with(self) -> None:
        given = self.connect("linkedin")
        assert given["expires_in"] == 60 * DAY
        assert not {"refresh_token", "refresh_token_expires_in"} & given.keys()
        assert (given["token_type"], given["scope"]) == ("Bearer", "email,openid,profile")
        assert len(given["access_token"]) >= 1_000
        self.time += 60 * DAY - 1
        assert self.call(ME, given).code == 200
        self.time += 1
        assert self.call(ME, given).code == 401

    def test_the_identity_token_is_linkedins_and_says_who_it_is(self) -> None:
        given = self.connect("linkedin")
        keys = read(self.fetch("/linkedin/oauth/openid/jwks"), 200)["keys"]
        claims = jwt.decode(
            given["id_token"], jwt.PyJWK(keys[0]).key, ["RS256"], audience="sandbox-linkedin",
            options={"verify_exp": False, "verify_iat": False},
        )  # fmt: skip
        assert claims["sub"] == read(self.call(ME, given), 200)["sub"]
        assert claims["iss"].endswith("/linkedin/oauth")
        assert jwt.get_unverified_header(given["id_token"])["kid"] == keys[0]["kid"]

    # -- partners' -----------------------------------------------------------------------------------
    def test_a_partners_refresh_token_lives_a_year_from_consent_and_use_does_not_prolong_it(self) -> None:
        given = self.partner()
        assert given["refresh_token_expires_in"] == YEAR
        self.time += 59 * DAY
        again = read(self.refresh("linkedin", given["refresh_token"]), 200)
        assert again["refresh_token"] == given["refresh_token"]
        assert again["refresh_token_expires_in"] == 306 * DAY
        assert (again["expires_in"], again["access_token"] == given["access_token"]) == (60 * DAY, False)
        self.time += 306 * DAY
        assert "expired" in self.refused(self.refresh("linkedin", given["refresh_token"]))

    def test_an_app_is_everybodys_again_after_the_order_is_taken_back(self) -> None:
        self.partner()
        self.ordered("linkedin/lifetime", {})
        assert "refresh_token" not in self.connect("linkedin")

    def test_a_refresh_token_that_is_none_any_more_is_an_invalid_request(self) -> None:
        given = self.partner()
        assert self.refused(self.refresh("linkedin", "made-up")) == "The provided refresh token is invalid"
        assert self.refused(self.refresh("linkedin", "")) == 'A required parameter "refresh_token" is missing'
        self.fault("linkedin", "rotate_reuse", user="ada")
        assert "revoked" in self.refused(self.refresh("linkedin", given["refresh_token"]))

    # -- the token endpoint --------------------------------------------------------------------------
    def test_the_client_is_in_the_form_and_nowhere_else(self) -> None:
        form = {"grant_type": "authorization_code", "code": self.code("linkedin"), "redirect_uri": "http://x/"}
        wrong = self.post("accessToken", **form, client_secret="other")
        assert read(wrong, 401) == {"error": "invalid_client", "error_description": "Client authentication failed"}
        known = base64.b64encode(b"sandbox-linkedin:sandbox-linkedin-secret").decode()
        by_basic = self.fetch(
            f"{OAUTH}/accessToken", method="POST", body=urlencode(form), headers={"Authorization": f"Basic {known}"}
        )
        assert by_basic.code == 401
        assert self.post("accessToken", **form).code == 200

    def test_every_trouble_with_a_code_is_one_and_the_same(self) -> None:
        form = {"grant_type": "authorization_code", "code": self.code("linkedin"), "redirect_uri": "http://x/"}
        assert self.post("accessToken", **form).code == 200
        used = self.refused(self.post("accessToken", **form))
        assert "Or authorization code expired" in used
        assert self.refused(self.post("accessToken", **{**form, "code": "made-up"})) == used
        late = self.code("linkedin")
        self.time += 1_801
        assert self.refused(self.post("accessToken", **{**form, "code": late})) == used

    def test_what_is_missing_is_named(self) -> None:
        told = self.post("accessToken", grant_type="authorization_code", code=self.code("linkedin"))
        assert self.refused(told) == 'A required parameter "redirect_uri" is missing'
        assert self.refused(self.post("accessToken")) == 'A required parameter "grant_type" is missing'
        assert read(self.post("accessToken", grant_type="password"), 400)["error"] == "unsupported_grant_type"

    def test_who_says_no_is_sent_back_with_linkedins_own_word(self) -> None:
        query = {"client_id": "sandbox-linkedin", "redirect_uri": "http://127.0.0.1:3001/cb", "decision": "deny"}
        sent = self.fetch(f"{OAUTH}/authorization", method="POST", body=urlencode(query), follow_redirects=False)
        assert "error=user_cancelled_authorize" in sent.headers["Location"]

    # -- the end -------------------------------------------------------------------------------------
    def test_invalid_revoked_and_expired_are_told_apart(self) -> None:
        given, graces = self.connect("linkedin"), self.connect("linkedin", "grace")
        self.fault("linkedin", "revoke", user="grace")
        self.fault("linkedin", "expire", user="ada")
        told = [read(self.call(ME, token), 401) for token in ("AQXmade-up", graces, given)]
        assert [(one["serviceErrorCode"], one["code"]) for one in told] == [
            (65600, "INVALID_ACCESS_TOKEN"), (65601, "REVOKED_ACCESS_TOKEN"), (65602, "EXPIRED_ACCESS_TOKEN"),
        ]  # fmt: skip
        assert {one["status"] for one in told} == {401}
        assert self.fetch(ME).code == 401

    def test_a_token_can_be_revoked_and_looked_up(self) -> None:
        access = self.connect("linkedin")["access_token"]
        assert read(self.post("introspectToken", token=access), 200)["status"] == "active"
        answer = self.post("revoke", token=access)
        assert (answer.code, answer.body) == (200, b"")
        assert read(self.call(ME, access), 401)["serviceErrorCode"] == 65601
        assert read(self.post("introspectToken", token=access), 200)["active"] is False
        assert self.post("revoke", token=access).code == 400
        assert self.post("revoke", token=access, client_secret="other").code == 401
        assert json.loads(self.post("introspectToken", token="made-up").body) == {"active": False}
