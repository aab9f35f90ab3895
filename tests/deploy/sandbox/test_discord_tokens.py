"""Discord's tokens: forms only, a refresh token that is good once, a revocation that ends everything."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import HTTPResponse

from tests.deploy.sandbox.scene import SandboxCase, read

TOKEN = "/discord/api/oauth2/token"
ME = "/discord/api/v10/users/@me"
CLIENT = {"client_id": "sandbox-discord", "client_secret": "sandbox-discord-secret"}


class DiscordTokens(SandboxCase):
    def post(self, form: dict[str, str], path: str = TOKEN, **headers: str) -> HTTPResponse:
        return self.fetch(path, method="POST", body=urlencode(form), headers=headers)

    def refused(self, answer: HTTPResponse) -> tuple[str, str]:
        told = read(answer, 400)
        return told["error"], told["error_description"]

    def me(self, token: dict[str, Any]) -> int:
        return self.call(ME, token).code

    # ------------------------------------------------------------------------------------------------
    def test_a_token_is_good_for_a_week(self) -> None:
        given = self.connect("discord")
        assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 604_800, "identify guilds")
        self.time += 604_799
        assert self.me(given) == 200
        self.time += 1
        assert self.me(given) == 401

    def test_json_is_not_read(self) -> None:
        body = {**CLIENT, "grant_type": "authorization_code", "code": self.code("discord"), "redirect_uri": "http://x/"}
        answer = self.fetch(TOKEN, method="POST", body=json.dumps(body), headers={"Content-Type": "application/json"})
        assert self.refused(answer)[0] == "unsupported_grant_type"
        assert self.post(body).code == 200

    def test_the_client_is_known_by_basic_or_by_the_form(self) -> None:
        code = {"grant_type": "authorization_code", "code": self.code("discord"), "redirect_uri": "http://x/"}
        assert read(self.post(code), 401) == {"error": "invalid_client"}
        assert self.post({**code, **CLIENT, "client_secret": "other"}).code == 401
        known = base64.b64encode(b"sandbox-discord:sandbox-discord-secret").decode()
        assert self.post(code, Authorization=f"Basic {known}").code == 200

    def test_a_refresh_answers_in_full_and_uses_the_token_up(self) -> None:
        first = self.connect("discord")
        second = read(self.refresh("discord", first["refresh_token"]), 200)
        assert second.keys() == first.keys()
        assert second["refresh_token"] != first["refresh_token"]
        dead = ("invalid_grant", 'Invalid "refresh_token" in request')
        assert self.refused(self.refresh("discord", first["refresh_token"])) == dead
        assert self.refresh("discord", second["refresh_token"]).code == 200

    def test_unknown_used_and_withdrawn_refresh_tokens_are_answered_alike(self) -> None:
        given = self.connect("discord")
        made_up = self.refresh("discord", "made-up")
        self.fault("discord", "revoke", user="ada")
        assert self.refresh("discord", given["refresh_token"]).body == made_up.body
        assert self.me(given) == 401

    def test_a_code_is_good_once(self) -> None:
        form = {**CLIENT, "grant_type": "authorization_code", "code": self.code("discord"), "redirect_uri": "http://x/"}
        assert self.post(form).code == 200
        assert self.refused(self.post(form)) == ("invalid_grant", 'Invalid "code" in request.')

    def test_a_code_belongs_to_its_address(self) -> None:
        query = {"client_id": "sandbox-discord", "redirect_uri": "http://127.0.0.1:3001/cb", "user": "ada"}
        sent = self.fetch("/discord/oauth2/authorize", method="POST", body=urlencode(query), follow_redirects=False)
        code = sent.headers["Location"].split("code=")[1]
        form = {**CLIENT, "grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:3001/x"}
        assert self.refused(self.post(form)) == ("invalid_request", 'Invalid "redirect_uri" in request.')

    def test_revoking_any_token_ends_all_of_this_user(self) -> None:
        first, second, graces = self.connect("discord"), self.connect("discord"), self.connect("discord", "grace")
        ended = self.post({**CLIENT, "token": second["refresh_token"]}, f"{TOKEN}/revoke")
        assert read(ended, 200) == {}
        assert [self.me(token) for token in (first, second, graces)] == [401, 401, 200]
        assert self.refresh("discord", first["refresh_token"]).code == 400

    def test_revoking_what_is_no_token_is_no_mistake_and_without_the_client_it_is_one(self) -> None:
        assert self.post({**CLIENT, "token": "made-up"}, f"{TOKEN}/revoke").code == 200
        given = self.connect("discord")
        assert self.post({"token": given["access_token"]}, f"{TOKEN}/revoke").code == 401
        assert self.me(given) == 200

    def test_a_refresh_token_that_somebody_else_used_is_dead(self) -> None:
        given = self.connect("discord")
        self.fault("discord", "rotate_reuse", user="ada")
        assert self.refused(self.refresh("discord", given["refresh_token"]))[0] == "invalid_grant"
        assert self.me(given) == 200

    def test_the_standing_of_a_token_can_be_looked_up(self) -> None:
        told = read(self.call("/discord/api/v10/oauth2/@me", self.connect("discord")), 200)
        assert (told["scopes"], told["expires"]) == (["identify", "guilds"], "2026-11-27T18:40:00.000000+00:00")
        assert told["user"]["username"] == "ada"
        assert told["application"]["id"] == "1234560123453231555"
