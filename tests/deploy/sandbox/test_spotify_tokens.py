"""Spotify's token endpoint: Basic, no new refresh token, and an end six months after the consent."""

from tests.deploy.sandbox.scene import SandboxCase, read

HOUR = 3_600
SIX_MONTHS = 183 * 86_400
ME = "/spotify/v1/me"


class SpotifyTokens(SandboxCase):
    def test_a_code_gives_an_hour_and_a_refresh_token(self) -> None:
        given = self.connect("spotify")
        assert given.keys() == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
        assert (given["expires_in"], given["token_type"]) == (HOUR, "Bearer")
        assert "user-read-recently-played" in given["scope"].split(" ")

    def test_the_app_proves_itself_by_basic_only(self) -> None:
        form = "grant_type=refresh_token&refresh_token=x&client_id=sandbox-spotify&client_secret=sandbox-spotify-secret"
        refused = self.fetch("/spotify/api/token", method="POST", body=form)
        assert read(refused, 400) == {"error": "invalid_client", "error_description": "Invalid client"}
        guessed = self.fetch(
            "/spotify/api/token", method="POST", body=form, auth_username="sandbox-spotify", auth_password="guessed"
        )
        assert read(guessed, 400)["error"] == "invalid_client"

    def test_a_code_works_once(self) -> None:
        form = {"grant_type": "authorization_code", "code": self.code("spotify"), "redirect_uri": "http://x/cb"}
        read(self.ask_token("spotify", **form), 200)
        told = read(self.ask_token("spotify", **form), 400)
        assert told == {"error": "invalid_grant", "error_description": "Invalid authorization code"}

    def test_a_refresh_brings_no_refresh_token_and_the_old_one_stays_good(self) -> None:
        given = self.connect("spotify")
        for _ in range(2):
            new = read(self.refresh("spotify", given["refresh_token"]), 200)
            assert "refresh_token" not in new
            assert self.call(ME, new).code == 200
        assert self.call(ME, given).code == 200

    def test_an_access_token_ends_after_its_hour(self) -> None:
        given = self.connect("spotify")
        self.time += HOUR
        told = read(self.call(ME, given), 401)
        assert told == {"error": {"status": 401, "message": "The access token expired"}}
        assert read(self.call(ME, "BQnonsense"), 401)["error"]["message"] == "Invalid access token"
        assert read(self.fetch(ME), 401)["error"]["message"] == "No token provided"

    def test_the_grant_ends_six_months_after_the_consent_however_often_it_was_refreshed(self) -> None:
        given = self.connect("spotify")
        self.time += SIX_MONTHS - 1
        read(self.refresh("spotify", given["refresh_token"]), 200)
        self.time += 1
        assert read(self.refresh("spotify", given["refresh_token"]), 400)["error"] == "invalid_grant"

    def test_a_new_consent_starts_a_new_six_months(self) -> None:
        self.connect("spotify")
        self.time += SIX_MONTHS
        again = self.connect("spotify")
        self.time += SIX_MONTHS - 1
        read(self.refresh("spotify", again["refresh_token"]), 200)

    def test_told_to_rotate_it_gives_a_new_refresh_token_and_ends_the_old_one(self) -> None:
        self.ordered("spotify/lifetime", {"rotate": True})
        given = self.connect("spotify")
        new = read(self.refresh("spotify", given["refresh_token"]), 200)
        assert new["refresh_token"] != given["refresh_token"]
        assert read(self.refresh("spotify", given["refresh_token"]), 400)["error"] == "invalid_grant"
        assert self.call(ME, given).code == 200

    def test_a_rotated_refresh_token_ends_six_months_after_the_consent_too(self) -> None:
        self.ordered("spotify/lifetime", {"rotate": True})
        given = self.connect("spotify")
        self.time += SIX_MONTHS - 1
        new = read(self.refresh("spotify", given["refresh_token"]), 200)
        self.time += 1
        assert read(self.refresh("spotify", new["refresh_token"]), 400)["error"] == "invalid_grant"

    def test_an_ordered_lifetime_counts_from_the_consent_too(self) -> None:
        self.ordered("spotify/lifetime", {"access": 5, "refresh": 60})
        given = self.connect("spotify")
        self.time += 59
        assert read(self.refresh("spotify", given["refresh_token"]), 200)["expires_in"] == 5
        self.time += 1
        assert read(self.refresh("spotify", given["refresh_token"]), 400)["error"] == "invalid_grant"

    def test_tokens_without_an_end_are_not_to_be_had(self) -> None:
        assert self.order("spotify/lifetime", {"access": None}).code == 400

    def test_bad_requests(self) -> None:
        assert read(self.ask_token("spotify", grant_type="password"), 400)["error"] == "unsupported_grant_type"
        assert read(self.refresh("spotify", "AQnonsense"), 400)["error_description"] == "Invalid refresh token"
        no_redirect = self.ask_token("spotify", grant_type="authorization_code", code=self.code("spotify"))
        assert read(no_redirect, 400)["error"] == "invalid_request"
