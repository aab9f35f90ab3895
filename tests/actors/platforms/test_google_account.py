"""What Google's three platforms share: consent, tokens, who it is, and why a grant is gone."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from actors.platforms.base import Answer, Platform
from actors.platforms.failures import (
    AppMisconfigured,
    BadAnswer,
    Forbidden,
    GrantRefused,
    PlatformDown,
    RateLimited,
    Unauthorized,
)
from actors.platforms.gmail import Gmail
from actors.platforms.google.answers import checked, reason, whole
from actors.platforms.google_calendar import GoogleCalendar
from actors.platforms.youtube import YouTube
from storage.records import Secret, Token
from tests.actors.platforms.googlers import SUB, calendar, gmail, youtube
from tests.actors.platforms.people import CLIENT, NOW
from tests.fakes.conversation import answer, drive

ALL = [gmail(), calendar(), youtube()]
NAMES = ["gmail", "calendar", "youtube"]
DAY = 86_400.0
OLD = Token(Secret("old-access"), Secret("old-refresh"))
REVOKED = answer(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
every = pytest.mark.parametrize("platform", ALL, ids=NAMES)


def refused(said: dict[str, Any], status: int = 400) -> GrantRefused:
    error = drive(gmail().refresh(OLD), [answer(status, said)]).error
    assert isinstance(error, GrantRefused)
    return error


# -- consent ----------------------------------------------------------------------------------------


@every
def test_a_lasting_grant_is_asked_for_even_of_who_has_consented_before(platform: Platform) -> None:
    asked = parse_qs(urlsplit(platform.authorize_url("s-1", "https://app.example/back", "c" * 43)).query)
    assert asked["access_type"] == ["offline"]
    assert asked["prompt"] == ["consent"]
    assert asked["include_granted_scopes"] == ["true"]
    assert (asked["code_challenge"], asked["code_challenge_method"]) == (["c" * 43], ["S256"])
    assert asked["scope"] == [" ".join(platform.scopes)]
    assert asked["state"] == ["s-1"]


@every
def test_a_scope_that_was_unticked_is_named_in_words(platform: Any) -> None:
    (needed,) = platform.needs
    identity = "openid https://www.googleapis.com/auth/userinfo.email"
    assert platform.missing(f"{identity} {needed}") == []
    assert platform.missing(identity) == list(platform.needs.values())
    assert not platform.missing("")  # an answer without a scope grants what was asked for


# -- where ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Gmail, GoogleCalendar, YouTube])
def test_the_real_addresses_are_googles(kind: Any) -> None:
    real = kind(CLIENT)
    assert real.userinfo_url == "https://openidconnect.googleapis.com/v1/userinfo"
    assert real.revoke_url == "https://oauth2.googleapis.com/revoke"


def test_a_stand_in_has_them_beside_its_token_endpoint_unless_told_otherwise() -> None:
    assert gmail().userinfo_url == "http://127.0.0.1:1/gm/userinfo"
    assert gmail().revoke_url == "http://127.0.0.1:1/gm/revoke"
    assert gmail().subscription.certs_url == "http://127.0.0.1:1/gm/certs"
    assert Gmail(CLIENT).subscription.certs_url == "https://www.googleapis.com/oauth2/v3/certs"
    told = gmail(userinfo_url="http://u", revoke_url="http://r", certs_url="http://c")
    assert (told.userinfo_url, told.revoke_url, told.subscription.certs_url) == ("http://u", "http://r", "http://c")


# -- tokens -----------------------------------------------------------------------------------------


@every
def test_a_refresh_brings_no_refresh_token_and_the_old_one_stays(platform: Platform) -> None:
    told = drive(platform.refresh(OLD), [answer(200, {"access_token": "ya29.b", "expires_in": 3599, "scope": "x"})])
    assert (told.result.access, told.result.refresh, told.result.expires_in) == (Secret("ya29.b"), None, 3599)
    assert platform.refresh_rotates is False


@every
def test_neither_tokens_nor_identity_are_counted_with_what_the_apis_allow(platform: Platform) -> None:
    refresh = drive(platform.refresh(OLD), [REVOKED])
    exchange = drive(platform.exchange(Secret("c"), "https://x"), [REVOKED])
    identity = drive(platform.identify(), [answer(500)])
    assert [told.calls[0].cost for told in (refresh, exchange, identity)] == [0, 0, 0]


def test_a_refresh_token_that_does_come_is_taken() -> None:
    told = drive(gmail().refresh(OLD), [answer(200, {"access_token": "a", "refresh_token": "1//new"})])
    assert told.result.refresh == Secret("1//new")


def test_a_grant_that_is_limited_in_time_says_until_when() -> None:
    said = {"access_token": "a", "refresh_token": "1//r", "expires_in": 3599, "refresh_token_expires_in": 604_799}
    assert drive(gmail().exchange(Secret("c"), "https://x"), [answer(200, said)]).result.refresh_expires_in == 604_799


def test_a_token_without_a_refresh_token_is_not_refreshed() -> None:
    with pytest.raises(ValueError, match="never refreshed"):
        drive(gmail().refresh(Token(Secret("a"))), [])


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, "user_revoked"),
        ({"error": "invalid_grant"}, "user_revoked"),
        ({"error": "invalid_grant", "error_description": "Bad Request"}, "token_limit"),
        ({"error": "invalid_grant", "error_subtype": "invalid_rapt"}, "rapt_required"),
        ({"error": "invalid_grant", "error_description": "reauth", "error_subtype": "rapt_required"}, "rapt_required"),
        ({"error": "invalid_grant", "error_subtype": ["x"]}, "user_revoked"),
        ({"error": "admin_policy_enforced"}, "admin_policy"),
        ({"error": "unauthorized_client", "error_subtype": "invalid_rapt"}, "app_secret_changed"),
    ],
    ids=str,
)
def test_a_dead_grant_has_its_reason_and_a_hint(said: dict[str, Any], why: str) -> None:
    assert refused(said).reason == why
    assert refused(said).hint.endswith((".", "”."))


@pytest.mark.parametrize("error", ["internal_failure", "server_error", "temporarily_unavailable"])
def test_googles_own_trouble_costs_nobody_their_grant(error: str) -> None:
    assert isinstance(drive(gmail().refresh(OLD), [answer(400, {"error": error})]).error, PlatformDown)


def test_a_wrong_client_is_not_the_users_trouble() -> None:
    said = {"error": "invalid_client", "error_description": "Unauthorized"}
    assert isinstance(drive(gmail().refresh(OLD), [answer(401, said)]).error, AppMisconfigured)


# -- by age -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [6, 7, 7.05, 8.4])
def test_a_grant_that_died_about_a_week_old_was_one_of_an_app_in_testing(days: float) -> None:
    why = gmail().explain(refused({"error": "invalid_grant"}), NOW, None, NOW - days * DAY)
    assert why.reason == "google_testing_mode"
    assert "Testing" in why.hint


@pytest.mark.parametrize("days", [0.1, 5, 9, 200])
def test_one_of_another_age_was_withdrawn(days: float) -> None:
    assert gmail().explain(refused({"error": "invalid_grant"}), NOW, None, NOW - days * DAY).reason == "user_revoked"


def test_one_that_came_with_an_end_and_reached_it_was_one_of_testing_too() -> None:
    gone = refused({"error": "invalid_grant"})
    assert gmail().explain(gone, NOW, NOW - 1).reason == "google_testing_mode"
    assert gmail().explain(gone, NOW, NOW + 1).reason == "user_revoked"
    assert gmail().explain(gone, NOW, NOW - 1, NOW - 90 * DAY).reason == "expired_by_age"


def test_what_is_known_better_is_not_explained_by_age() -> None:
    gone = refused({"error": "invalid_grant", "error_subtype": "invalid_rapt"})
    assert gmail().explain(gone, NOW, NOW - 1, NOW - 7 * DAY) is gone


# -- the end ----------------------------------------------------------------------------------------


@every
def test_the_three_share_a_grant(platform: Platform) -> None:
    assert platform.grant_family == "google"


def test_a_grant_is_revoked_by_its_refresh_token() -> None:
    told = drive(youtube().revoke(OLD), [answer(200, {})])
    (call,) = told.calls
    assert (call.method, call.url, call.auth) == ("POST", "http://127.0.0.1:1/yt/revoke", "none")
    assert call.form == {"token": Secret("old-refresh")}


def test_a_token_that_was_gone_already_is_as_good_as_revoked() -> None:
    gone = answer(400, {"error": "invalid_token", "error_description": "Token expired or revoked"})
    assert drive(gmail().revoke(Token(Secret("a"))), [gone]).error is None
    assert isinstance(drive(gmail().revoke(OLD), [answer(400, {"error": "invalid_request"})]).error, BadAnswer)
    assert isinstance(drive(gmail().revoke(OLD), [answer(503)]).error, PlatformDown)


# -- who --------------------------------------------------------------------------------------------


def test_an_account_is_known_by_sub_which_never_changes() -> None:
    who = {"sub": SUB, "email": "ada@example.com", "email_verified": True, "name": "Ada"}
    told = drive(calendar().identify(), [answer(200, who)])
    assert told.called == ["GET http://127.0.0.1:1/gc/userinfo"]
    assert (told.result.id, told.result.name, told.result.addresses) == (SUB, "ada@example.com", ())


@pytest.mark.parametrize("sub", [None, "", 7, "x" * 256, "a\nb"], ids=ascii)
def test_an_answer_without_a_usable_sub_is_a_bad_answer(sub: object) -> None:
    assert isinstance(drive(calendar().identify(), [answer(200, {"sub": sub, "email": "a@b"})]).error, BadAnswer)


# -- how the APIs say no ----------------------------------------------------------------------------


def said(status: int, why: str, message: str = "No.") -> Answer:
    errors = [{"message": message, "domain": "global", "reason": why}]
    return answer(status, {"error": {"code": status, "message": message, "errors": errors}})


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("why", ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"])
def test_a_limit_is_waited_out_whatever_its_status(status: int, why: str) -> None:
    with pytest.raises(RateLimited) as limited:
        checked(said(status, why))
    assert limited.value.retry_after == 60
    with pytest.raises(RateLimited) as limited:
        checked(Answer(status, {"retry-after": "7"}, said(status, why).body))
    assert limited.value.retry_after == 7


def test_a_limit_in_the_newer_shapes_is_seen_too() -> None:
    newer = {"error": {"code": 403, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}
    detailed = {"error": {"code": 403, "message": "Quota", "details": [{}, {"reason": "RATE_LIMIT_EXCEEDED"}]}}
    for body in (newer, detailed):
        with pytest.raises(RateLimited):
            checked(answer(403, body))


@pytest.mark.parametrize(
    ("got", "means"),
    [
        (said(401, "authError", "Invalid Credentials"), Unauthorized),
        (said(401, "youtubeSignupRequired"), Forbidden),
        (said(401, "push.webhookUrlUnauthorized"), Forbidden),
        (said(403, "insufficientPermissions"), Forbidden),
        (said(403, "forbidden"), Forbidden),
        (said(403, "accessNotConfigured"), AppMisconfigured),
        (answer(403, b"<html>no", {"Content-Type": "text/html"}), PlatformDown),
        (answer(403, b"{"), Forbidden),
    ],
)
def test_each_reason_has_its_meaning(got: Answer, means: type[Exception]) -> None:
    with pytest.raises(means):
        checked(got)


@every
def test_only_a_token_that_is_not_taken_is_a_reason_to_refresh(platform: Platform) -> None:
    assert platform.rejects_token(said(401, "authError"))
    assert platform.rejects_token(answer(401))
    assert not platform.rejects_token(said(401, "youtubeSignupRequired"))
    assert not platform.rejects_token(said(401, "push.webhookUrlUnauthorized"))
    assert not platform.rejects_token(said(403, "authError"))


@pytest.mark.parametrize("body", [None, [], {}, {"error": "x"}, {"error": {"errors": [None, 7]}}], ids=str)
def test_an_error_without_a_reason_has_none(body: Any) -> None:
    assert reason(answer(403, body)) == ""


NO_NUMBERS = ["18446744073709551616", "-1", True, 1.5, "", "1e3", "\u0663", None, [], "9" * 99]


@pytest.mark.parametrize(
    ("value", "number"),
    [("17", 17), (17, 17), ("18446744073709551615", 2**64 - 1), *[(one, None) for one in NO_NUMBERS]],
    ids=str,
)
def test_numbers_come_as_text_or_as_numbers(value: object, number: int | None) -> None:
    assert whole({"n": value}, "n") == number


@every
def test_no_secret_shows_in_what_is_called(platform: Platform) -> None:
    exchange = drive(
        platform.exchange(Secret("code-1"), "https://x", Secret("v" * 43)), [answer(200, {"access_token": "a"})]
    )
    shown = repr([exchange, drive(platform.refresh(OLD), [REVOKED]), drive(platform.revoke(OLD), [answer(200)])])
    for secret in ("code-1", "app-secret", "v" * 43, "old-access", "old-refresh"):
        assert secret not in shown
