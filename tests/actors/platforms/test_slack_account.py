"""Slack's tokens: the user's and not the bot's, which rotate or never expire, and failures in HTTP 200."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from actors import tokens
from actors.platforms.base import Grant
from actors.platforms.failures import (
    AppMisconfigured,
    BadAnswer,
    Forbidden,
    GrantRefused,
    PlatformDown,
    PlatformError,
    RateLimited,
    Unauthorized,
)
from actors.platforms.slack.api import said
from storage.records import Secret, Token
from tests.actors.platforms.doors import ACME, slack
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import Conversation, answer, drive, payload

OLD = Token(Secret("xoxe.xoxp-old"), Secret("xoxe-1-old"))


def exchange(body: Any, status: int = 200) -> Conversation:
    return drive(slack().exchange(Secret("code-1"), "http://here/callback", Secret("proof")), [answer(status, body)])


def refresh(body: Any, status: int = 200) -> Conversation:
    return drive(slack().refresh(OLD), [answer(status, body)])


def test_the_user_is_asked_for_a_users_token_and_for_no_bot() -> None:
    url = urlsplit(slack().authorize_url("state-1", "http://here/callback", challenge="c"))
    asked = parse_qs(url.query)
    assert "channels:history" in asked["user_scope"][0].split(",")
    assert "scope" not in asked
    assert "code_challenge" not in asked


def test_a_code_is_exchanged_with_the_apps_secret_in_the_header_and_no_proof_key() -> None:
    (call,) = exchange(payload("slack/oauth")).calls
    assert call.auth == "basic"
    assert call.form == {
        "grant_type": "authorization_code",
        "code": Secret("code-1"),
        "redirect_uri": "http://here/callback",
    }


def test_of_a_bots_and_a_users_token_the_users_is_taken() -> None:
    grant = exchange(payload("slack/oauth")).result
    assert grant.access == Secret("xoxp-1-user")
    assert grant.scope == "channels:history,channels:read"


def test_a_token_that_never_expires_is_never_refreshed() -> None:
    token = tokens.granted(exchange(payload("slack/oauth")).result, NOW)
    assert (token.expires_at, token.refresh_due_at, token.refresh, token.reauth_due_at) == (None, None, None, None)


def test_a_rotating_token_comes_with_its_end_and_what_renews_it() -> None:
    body = payload("slack/oauth")
    body["authed_user"] |= {"access_token": "xoxe.xoxp-1", "refresh_token": "xoxe-1-r", "expires_in": 43200}
    body |= {"access_token": "xoxe.xoxb-1", "refresh_token": "xoxe-1-bot", "expires_in": 43200}
    grant = exchange(body).result
    assert (grant.access, grant.refresh, grant.expires_in) == (Secret("xoxe.xoxp-1"), Secret("xoxe-1-r"), 43200)


def test_an_answer_with_a_bots_token_only_is_no_grant() -> None:
    body = payload("slack/oauth")
    del body["authed_user"]["access_token"]
    assert isinstance(exchange(body).error, BadAnswer)


FRESH = {"access_token": "xoxe.xoxp-2", "refresh_token": "xoxe-1-2", "expires_in": 43200, "token_type": "user"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"ok": True, **FRESH}, id="at-the-top"),
        pytest.param({"ok": True, "authed_user": {"id": "U1234", **FRESH}}, id="within-authed_user"),
        pytest.param(
            {"ok": True, "access_token": "xoxb", "token_type": "bot", "authed_user": FRESH}, id="beside-a-bots"
        ),
    ],
)
def test_a_refreshed_token_is_read_wherever_it_stands(body: Any) -> None:
    told = refresh(body)
    assert told.result == Grant(Secret("xoxe.xoxp-2"), Secret("xoxe-1-2"), 43200)
    assert told.calls[0].auth == "basic"
    assert told.calls[0].form == {"grant_type": "refresh_token", "refresh_token": Secret("xoxe-1-old")}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("invalid_refresh_token", "rotated_elsewhere"),
        ("token_revoked", "user_revoked"),
        ("account_inactive", "account_inactive"),
        ("token_expired", "expired_by_age"),
    ],
)
def test_a_dead_refresh_token_is_told_with_http_200(error: str, reason: str) -> None:
    told = refresh({"ok": False, "error": error})
    assert isinstance(told.error, GrantRefused)
    assert told.error.reason == reason


def test_a_dead_refresh_token_in_rfc_6749s_shape_counts_too() -> None:
    assert isinstance(refresh({"error": "invalid_grant"}, 400).error, GrantRefused)


@pytest.mark.parametrize("error", ["invalid_code", "code_already_used"])
def test_a_code_that_is_not_taken_asks_for_another_try(error: str) -> None:
    told = exchange({"ok": False, "error": error})
    assert isinstance(told.error, GrantRefused)
    assert told.error.reason == "code_expired"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("bad_client_secret", "app_secret_changed"),
        ("invalid_client_id", "app_secret_changed"),
        ("bad_redirect_uri", "redirect_mismatch"),
        ("invalid_team_for_non_distributed_app", "app_not_distributed"),
    ],
)
def test_what_is_wrong_with_the_app_costs_nobody_a_grant(error: str, reason: str) -> None:
    told = refresh({"ok": False, "error": error})
    assert isinstance(told.error, AppMisconfigured)
    assert told.error.reason == reason


# -- who it is --------------------------------------------------------------------------------------


def test_an_account_is_a_person_in_a_workspace_and_found_by_both() -> None:
    told = drive(slack().identify(), [answer(200, payload("slack/auth_test"))])
    assert told.called == ["POST http://sl/api/auth.test"]
    assert told.result == ACME


@pytest.mark.parametrize("spoiled", [{"team_id": None}, {"user_id": 7}, {"team_id": "T1 T2"}, {"ok": "yes"}], ids=str)
def test_an_answer_that_names_nobody_is_a_bad_one(spoiled: Any) -> None:
    told = drive(slack().identify(), [answer(200, payload("slack/auth_test") | spoiled)])
    assert isinstance(told.error, BadAnswer)


# -- the access token -------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["invalid_auth", "not_authed", "token_expired", "token_revoked"])
def test_a_refused_access_token_in_http_200_is_worth_a_refresh(error: str) -> None:
    assert slack().rejects_token(answer(200, {"ok": False, "error": error}))


@pytest.mark.parametrize("error", ["account_inactive", "missing_scope", "ratelimited", "channel_not_found"])
def test_what_no_new_token_cures_is_not(error: str) -> None:
    assert not slack().rejects_token(answer(200, {"ok": False, "error": error}))


def test_an_answer_that_went_well_is_no_refusal_even_with_such_a_word_in_it() -> None:
    assert not slack().rejects_token(answer(200, {"ok": True, "error": "invalid_auth"}))
    assert not slack().rejects_token(answer(503, {"ok": False, "error": "invalid_auth"}))
    assert slack().rejects_token(answer(401))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("token_revoked", GrantRefused),
        ("account_inactive", GrantRefused),
        ("invalid_auth", Unauthorized),
        ("token_expired", Unauthorized),
        ("missing_scope", Forbidden),
        ("ratelimited", RateLimited),
        ("fatal_error", PlatformDown),
        ("org_login_required", PlatformDown),
        ("never_heard_of", BadAnswer),
    ],
)
def test_each_word_of_the_api_has_its_meaning(error: str, kind: type[PlatformError]) -> None:
    with pytest.raises(PlatformError) as trouble:
        said(answer(200, {"ok": False, "error": error}))
    assert type(trouble.value) is kind


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("missing_scope", "Slack does not let this app see that (missing_scope). Please connect again."),
        ("ekm_access_denied", "Slack does not let this app see that (ekm_access_denied). An administrator of the"),
        ("fatal_error", "Slack is in trouble (fatal_error)"),
        ("never_heard_of", "Slack says “never_heard_of”"),
    ],
)
def test_what_a_user_is_shown_of_it_says_what_helps(error: str, words: str) -> None:
    with pytest.raises(PlatformError) as trouble:
        said(answer(200, {"ok": False, "error": error}))
    assert trouble.value.detail.startswith(words)


def test_two_connections_to_one_account_may_share_a_token_and_are_one_family() -> None:
    assert slack().grant_family == "slack"


def test_a_disconnect_revokes_the_token() -> None:
    told = drive(slack().revoke(OLD), [answer(200, {"ok": True, "revoked": True})])
    assert told.called == ["POST http://sl/api/auth.revoke"]
    assert told.calls[0].auth == "bearer"


@pytest.mark.parametrize("error", ["token_revoked", "invalid_auth", "account_inactive"])
def test_a_token_that_is_none_any_more_is_as_good_as_revoked(error: str) -> None:
    assert drive(slack().revoke(OLD), [answer(200, {"ok": False, "error": error})]).error is None


def test_a_revocation_that_failed_is_told() -> None:
    assert drive(slack().revoke(OLD), [answer(200, {"ok": False, "error": "fatal_error"})]).error is not None


@pytest.mark.parametrize(
    ("rejection", "refusal", "reason"),
    [
        ("token_revoked", "invalid_refresh_token", "user_revoked"),
        ("token_expired", "invalid_refresh_token", "rotated_elsewhere"),
        ("invalid_auth", "invalid_refresh_token", "rotated_elsewhere"),
        ("token_revoked", "account_inactive", "account_inactive"),
    ],
)
def test_a_user_who_removed_the_app_is_told_apart_from_a_token_rotated_elsewhere(
    rejection: str, refusal: str, reason: str
) -> None:
    refused = refresh({"ok": False, "error": refusal}).error
    assert isinstance(refused, GrantRefused)

    why = slack().refused_after(answer(200, {"ok": False, "error": rejection}), refused)

    assert why.reason == reason
    assert ("withdrawn at the platform" in why.hint) is (reason == "user_revoked")
