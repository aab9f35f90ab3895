"""A code for a grant, and a grant for a newer one, as each platform's token endpoint has it."""

import pytest

from actors.platforms.base import Call, Grant, Platform
from actors.platforms.failures import AppMisconfigured, BadAnswer, GrantRefused
from storage.records import Secret, Token
from tests.actors.platforms.people import github, spotify
from tests.fakes.conversation import answer, drive

CODE = Secret("code-1")
CALLBACK = "https://app.example/api/oauth/github/callback"
OLD = Token(Secret("old-access"), Secret("old-refresh"))


def form_of(call: Call) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in (call.form or {}).items()}


def test_github_takes_the_apps_secret_in_the_form() -> None:
    told = drive(github().exchange(CODE, CALLBACK), [answer(200, {"access_token": "gho_1", "scope": "repo"})])
    (call,) = told.calls
    assert (call.method, call.url, call.auth) == ("POST", "http://gh/token", "none")
    assert call.headers["Accept"] == "application/json"
    assert form_of(call) == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": CALLBACK,
        "client_id": "app-1",
        "client_secret": "app-secret",
    }


def test_spotify_takes_the_apps_secret_by_basic_auth() -> None:
    told = drive(spotify().exchange(CODE, CALLBACK), [answer(200, {"access_token": "BQD1", "expires_in": 3600})])
    (call,) = told.calls
    assert (call.method, call.url, call.auth) == ("POST", "http://sp/token", "basic")
    assert form_of(call) == {"grant_type": "authorization_code", "code": "code-1", "redirect_uri": CALLBACK}


@pytest.mark.parametrize("platform", [github(), spotify()], ids=["github", "spotify"])
def test_the_verifier_of_a_pkce_flow_goes_along(platform: Platform) -> None:
    told = drive(platform.exchange(CODE, CALLBACK, Secret("v" * 43)), [answer(200, {"access_token": "a"})])
    assert form_of(told.calls[0])["code_verifier"] == "v" * 43


@pytest.mark.parametrize("platform", [github(), spotify()], ids=["github", "spotify"])
def test_no_secret_shows_in_what_is_called(platform: Platform) -> None:
    exchange = drive(platform.exchange(CODE, CALLBACK, Secret("v" * 43)), [answer(200, {"access_token": "a"})])
    refresh = drive(platform.refresh(OLD), [answer(200, {"access_token": "a"})])
    shown = repr(exchange) + repr(refresh)
    for secret in ("code-1", "app-secret", "v" * 43, "old-access", "old-refresh"):
        assert secret not in shown


def test_a_classic_github_token_never_expires() -> None:
    said = {"access_token": "gho_1", "scope": "repo,user:email", "token_type": "bearer"}
    told = drive(github().exchange(CODE, CALLBACK), [answer(200, said)])
    assert told.result == Grant(Secret("gho_1"), scope="repo,user:email")


def test_an_expiring_github_pair_has_both_lives() -> None:
    said = {
        "access_token": "ghu_a1",
        "expires_in": 28800,
        "refresh_token": "ghr_b2",
        "refresh_token_expires_in": 15811200,
        "scope": "",
        "token_type": "bearer",
    }
    told = drive(github().refresh(OLD), [answer(200, said)])
    assert told.result == Grant(Secret("ghu_a1"), Secret("ghr_b2"), 28800, 15811200, "")
    assert form_of(told.calls[0])["refresh_token"] == "old-refresh"
    assert form_of(told.calls[0])["grant_type"] == "refresh_token"


def test_an_urlencoded_github_answer_is_read_too() -> None:
    body = b"access_token=ghu_a1&expires_in=28800&refresh_token=ghr_b2&refresh_token_expires_in=15811200"
    told = drive(github().refresh(OLD), [answer(200, body, {"Content-Type": "application/x-www-form-urlencoded"})])
    assert told.result == Grant(Secret("ghu_a1"), Secret("ghr_b2"), 28800, 15811200)


def test_spotify_may_keep_the_refresh_token_or_send_another() -> None:
    same = drive(spotify().refresh(OLD), [answer(200, {"access_token": "BQD2", "expires_in": 3600})])
    other = drive(spotify().refresh(OLD), [answer(200, {"access_token": "BQD3", "refresh_token": "AQC9"})])
    assert same.result == Grant(Secret("BQD2"), None, 3600)
    assert other.result.refresh == Secret("AQC9")


def test_a_dead_github_grant_is_seen_in_its_200() -> None:
    said = {"error": "bad_refresh_token", "error_description": "The refresh token passed is incorrect or expired."}
    told = drive(github().refresh(OLD), [answer(200, said)])
    assert isinstance(told.error, GrantRefused)


def test_a_code_used_twice_is_refused_in_words() -> None:
    told = drive(github().exchange(CODE, CALLBACK), [answer(200, {"error": "bad_verification_code"})])
    assert isinstance(told.error, GrantRefused)
    assert told.error.reason == "code_expired"


def test_a_wrong_app_secret_is_not_the_users_trouble() -> None:
    told = drive(spotify().refresh(OLD), [answer(400, {"error": "invalid_client"})])
    assert isinstance(told.error, AppMisconfigured)


@pytest.mark.parametrize("access", [None, "", " ", 7, ["a"], "a\r\nX-Evil: 1", "gr\u00fcn"], ids=ascii)
def test_an_answer_without_a_usable_token_is_a_bad_answer(access: object) -> None:
    told = drive(spotify().refresh(OLD), [answer(200, {"access_token": access, "expires_in": 3600})])
    assert isinstance(told.error, BadAnswer)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(3600, 3600), ("3600", 3600), (None, None), ("soon", None), (0, None), (-1, None), (True, None), ([], None)],
)
def test_a_life_that_makes_no_sense_is_no_reason_to_lose_a_token(value: object, seconds: float | None) -> None:
    told = drive(spotify().refresh(OLD), [answer(200, {"access_token": "a", "expires_in": value})])
    assert told.result.expires_in == seconds


def test_a_life_without_end_has_one() -> None:
    told = drive(spotify().refresh(OLD), [answer(200, {"access_token": "a", "expires_in": 10**30})])
    assert told.result.expires_in == 10 * 365 * 86_400


def test_a_token_without_a_refresh_token_is_not_refreshed() -> None:
    with pytest.raises(ValueError, match="never refreshed"):
        drive(github().refresh(Token(Secret("gho_1"))), [])
