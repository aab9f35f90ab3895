"""Which answers of a token endpoint are permanent: one test per shape."""

from typing import Any

import pytest

from actors.platforms.base import Answer
from actors.platforms.failures import (
    AppMisconfigured,
    BadAnswer,
    GrantRefused,
    PlatformDown,
    PlatformError,
    RateLimited,
    by_age,
    token_answer,
)
from tests.fakes.conversation import answer

JSON = {"Content-Type": "application/json;charset=UTF-8"}
HTML = {"Content-Type": "text/html"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
PROXY_PAGE = b"<html><head><title>403 Forbidden</title></head><body>invalid_grant</body></html>"

PERMANENT = {
    "400-invalid_grant": (answer(400, {"error": "invalid_grant", "error_description": "Revoked"}), "user_revoked"),
    "400-invalid_grant-without-words": (answer(400, {"error": "invalid_grant"}), "user_revoked"),
    "400-invalid_grant-without-content-type": (answer(400, b'{"error":"invalid_grant"}'), "user_revoked"),
    "401-invalid_grant": (answer(401, {"error": "invalid_grant"}), "user_revoked"),
    "403-invalid_grant-in-json": (answer(403, {"error": "invalid_grant"}), "user_revoked"),
    "200-bad_refresh_token-of-github": (
        answer(200, {"error": "bad_refresh_token", "error_description": "incorrect or expired."}),
        "user_revoked",
    ),
    "200-bad_refresh_token-urlencoded": (
        answer(200, b"error=bad_refresh_token&error_description=incorrect+or+expired.", FORM),
        "user_revoked",
    ),
    "400-bad_refresh_token": (answer(400, {"error": "bad_refresh_token"}), "user_revoked"),
    "200-invalid_refresh_token-of-slack": (
        answer(200, {"ok": False, "error": "invalid_refresh_token"}),
        "rotated_elsewhere",
    ),
    "200-token_revoked-of-slack": (answer(200, {"ok": False, "error": "token_revoked"}), "user_revoked"),
    "200-account_inactive-of-slack": (answer(200, {"ok": False, "error": "account_inactive"}), "account_inactive"),
    "200-token_expired-of-slack": (answer(200, {"ok": False, "error": "token_expired"}), "expired_by_age"),
    "401-unauthorized_client": (answer(401, {"error": "unauthorized_client"}), "app_secret_changed"),
    "400-unauthorized_client": (answer(400, {"error": "unauthorized_client"}), "app_secret_changed"),
    "400-admin_policy_enforced-of-google": (answer(400, {"error": "admin_policy_enforced"}), "admin_policy"),
}

TRANSIENT: dict[str, tuple[Answer, type[PlatformError]]] = {
    "403-html-of-a-proxy": (answer(403, PROXY_PAGE, HTML), PlatformDown),
    "401-html-of-a-proxy": (answer(401, PROXY_PAGE, HTML), PlatformDown),
    "403-html-that-says-it-is-json": (answer(403, PROXY_PAGE, JSON), PlatformDown),
    "400-invalid_grant-labelled-as-html": (answer(400, b'{"error":"invalid_grant"}', HTML), PlatformDown),
    "400-invalid_grant-as-plain-text": (
        answer(400, b'{"error":"invalid_grant"}', {"Content-Type": "text/plain"}),
        BadAnswer,
    ),
    "400-truncated-json": (answer(400, b'{"error":"invalid_gra', JSON), BadAnswer),
    "400-empty": (answer(400, b"", JSON), BadAnswer),
    "400-an-array": (answer(400, ["invalid_grant"]), BadAnswer),
    "400-error-is-an-object": (answer(400, {"error": {"code": "invalid_grant"}}), BadAnswer),
    "400-error-is-null": (answer(400, {"error": None}), BadAnswer),
    "400-error-is-empty": (answer(400, {"error": ""}), BadAnswer),
    "400-error-unknown": (answer(400, {"error": "invalid_request"}), BadAnswer),
    "400-temporarily_unavailable": (answer(400, {"error": "temporarily_unavailable"}), PlatformDown),
    "400-deeply-nested": (answer(400, b"[" * 200_000, JSON), BadAnswer),
    "408": (answer(408), PlatformDown),
    "429-without-retry-after": (answer(429, {"error": "invalid_grant"}), RateLimited),
    "429-with-retry-after": (answer(429, b"", {"Retry-After": "7"}), RateLimited),
    "429-html": (answer(429, PROXY_PAGE, HTML), RateLimited),
    "500-invalid_grant": (answer(500, {"error": "invalid_grant"}), PlatformDown),
    "502-html": (answer(502, PROXY_PAGE, HTML), PlatformDown),
    "503-invalid_grant": (answer(503, {"error": "invalid_grant"}), PlatformDown),
    "503-bad_refresh_token": (answer(503, {"error": "bad_refresh_token"}), PlatformDown),
    "200-invalid_grant": (answer(200, {"error": "invalid_grant"}), BadAnswer),
    "200-unknown-error": (answer(200, {"ok": False, "error": "fatal_error"}), BadAnswer),
    "200-internal_failure": (answer(200, {"error": "internal_failure"}), PlatformDown),
    "200-html": (answer(200, b"<!doctype html><p>Sign in to the hotel's network", HTML), BadAnswer),
    "200-truncated-json": (answer(200, b'{"access_token":"gho_16C7e42F2', JSON), BadAnswer),
    "200-empty": (answer(200, b""), BadAnswer),
    "204": (answer(204), BadAnswer),
    "302-to-a-sign-in-page": (answer(302, b"", {"Location": "https://example.com/login"}), BadAnswer),
    "304": (answer(304), BadAnswer),
}


@pytest.mark.parametrize(("shape", "reason"), PERMANENT.values(), ids=PERMANENT)
def test_a_structured_oauth_error_says_that_the_grant_is_gone(shape: Answer, reason: str) -> None:
    with pytest.raises(GrantRefused) as refused:
        token_answer(shape)
    assert refused.value.reason == reason
    assert refused.value.hint.endswith(".")


@pytest.mark.parametrize(("shape", "kind"), TRANSIENT.values(), ids=TRANSIENT)
def test_everything_else_says_nothing_about_the_grant(shape: Answer, kind: type[PlatformError]) -> None:
    with pytest.raises(PlatformError) as trouble:
        token_answer(shape)
    assert type(trouble.value) is kind


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(answer(400, {"error": "invalid_client"}), id="400-invalid_client"),
        pytest.param(answer(401, {"error": "invalid_client"}), id="401-invalid_client"),
        pytest.param(answer(401, {"error": "deleted_client"}), id="401-deleted_client-of-google"),
        pytest.param(answer(200, {"error": "incorrect_client_credentials"}), id="200-of-github"),
        pytest.param(answer(200, {"ok": False, "error": "bad_client_secret"}), id="200-of-slack"),
        pytest.param(answer(200, {"ok": False, "error": "invalid_client_id"}), id="200-of-slack-id"),
    ],
)
def test_a_wrong_secret_of_the_app_costs_nobody_their_grant(shape: Answer) -> None:
    with pytest.raises(AppMisconfigured) as trouble:
        token_answer(shape)
    assert trouble.value.reason == "app_secret_changed"
    assert "client id and secret" in trouble.value.hint


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        pytest.param(answer(200, {"error": "bad_verification_code"}), "code_expired", id="github"),
        pytest.param(answer(400, {"error": "invalid_grant"}), "code_expired", id="spotify"),
        pytest.param(answer(200, {"ok": False, "error": "invalid_code"}), "code_expired", id="slack"),
        pytest.param(answer(200, {"ok": False, "error": "code_already_used"}), "code_expired", id="slack-used"),
        pytest.param(answer(200, {"error": "unverified_user_email"}), "email_unverified", id="github-email"),
    ],
)
def test_a_code_that_is_refused_is_told_as_that_and_not_as_a_withdrawal(shape: Answer, reason: str) -> None:
    with pytest.raises(GrantRefused) as refused:
        token_answer(shape, exchanging=True)
    assert refused.value.reason == reason


@pytest.mark.parametrize("error", ["redirect_uri_mismatch", "bad_redirect_uri"])
def test_a_wrong_redirect_address_is_for_the_operator(error: str) -> None:
    with pytest.raises(AppMisconfigured) as trouble:
        token_answer(answer(200, {"error": error}), exchanging=True)
    assert trouble.value.reason == "redirect_mismatch"


@pytest.mark.parametrize(("body", "everybody"), [(PROXY_PAGE, True), (b'{"message":"slow down"}', False)])
def test_a_page_in_place_of_a_limit_speaks_of_this_service_and_not_of_one_user(body: bytes, everybody: bool) -> None:
    with pytest.raises(RateLimited) as limited:
        token_answer(answer(429, body))
    assert limited.value.everybody is everybody


def test_a_grant_in_a_wrong_wrapping_is_taken_for_the_old_one_may_be_dead() -> None:
    said = token_answer(answer(200, b'{"access_token":"a","refresh_token":"r"}', {"Content-Type": "text/plain"}))
    assert said["refresh_token"] == "r"


def test_an_urlencoded_grant_is_read() -> None:
    said = token_answer(answer(200, b"access_token=gho_1&scope=repo%2Cuser&token_type=bearer", FORM))
    assert said == {"access_token": "gho_1", "scope": "repo,user", "token_type": "bearer"}


def test_the_wait_that_was_asked_for_is_kept() -> None:
    with pytest.raises(PlatformDown) as down:
        token_answer(answer(503, b"", {"Retry-After": "120"}))
    assert down.value.retry_after == 120


def test_what_the_platform_echoes_of_a_token_shows_nowhere() -> None:
    canary = "AQC7canary-x1_refresh.token"
    with pytest.raises(GrantRefused) as refused:
        token_answer(answer(400, {"error": "invalid_grant", "error_description": f"Token {canary} was revoked"}))
    assert refused.value.detail == "400 invalid_grant: Token *** was revoked"


def test_long_names_of_errors_are_not_taken_for_tokens() -> None:
    with pytest.raises(BadAnswer, match="device_flow_is_disabled_for_all"):
        token_answer(answer(400, {"error": "device_flow_is_disabled_for_all"}))


def test_a_refusal_after_the_grants_time_is_told_as_its_age() -> None:
    refused = GrantRefused("user_revoked", "Please reconnect.")
    assert by_age(refused, now=1000.0, reauth_due_at=999.0).reason == "expired_by_age"


@pytest.mark.parametrize("due", [None, 1001.0], ids=["no-fixed-life", "not-yet"])
def test_a_refusal_before_the_grants_time_is_left_as_it_is(due: float | None) -> None:
    refused = GrantRefused("user_revoked", "Please reconnect.")
    assert by_age(refused, now=1000.0, reauth_due_at=due) is refused


def test_an_error_that_says_why_more_precisely_is_not_put_down_to_age() -> None:
    refused = GrantRefused("account_inactive", "Closed.")
    assert by_age(refused, now=1000.0, reauth_due_at=1.0) is refused


@pytest.mark.parametrize("junk", [0, 1.5, True, [], {}, "\ud83d", "x" * 100_000])
def test_no_error_value_whatever_its_type_is_more_than_a_bad_answer(junk: Any) -> None:
    with pytest.raises(BadAnswer):
        token_answer(answer(400, {"error": junk, "error_description": junk}))
