"""LinkedIn: a token of 60 days that mostly can't be renewed, and a profile that is looked at once a day."""

from typing import Any

import pytest

from actors import tokens
from actors.platforms.base import Answer
from actors.platforms.failures import (
    AppMisconfigured,
    BadAnswer,
    GrantRefused,
    PlatformDown,
    PlatformError,
    RateLimited,
    Unauthorized,
)
from storage.records import Account, Secret, Token
from tests.actors.platforms.doors import linkedin
from tests.actors.platforms.people import CLIENT, NOW
from tests.fakes.conversation import Conversation, answer, drive, external_ids, payload

DAY = 86_400.0
LOVELACE = Account("782bbtaQ", "Ada Lovelace")
OLD = Token(Secret("AQX-old"), Secret("AQW-old"))
GIVEN = {"access_token": "AQX-new", "expires_in": 5183999, "scope": "email,openid,profile", "token_type": "Bearer"}


def exchange(body: Any, status: int = 200) -> Conversation:
    return drive(linkedin().exchange(Secret("code-1"), "http://here/cb", Secret("proof")), [answer(status, body)])


def refresh(body: Any, status: int = 200) -> Conversation:
    return drive(linkedin().refresh(OLD), [answer(status, body)])


# -- tokens -----------------------------------------------------------------------------------------


def test_no_proof_key_is_sent_for_linkedin_takes_none_on_the_web() -> None:
    assert "code_challenge" not in linkedin().authorize_url("state-1", "http://here/cb", challenge="c")
    (call,) = exchange(GIVEN).calls
    assert call.form == {
        "grant_type": "authorization_code",
        "code": Secret("code-1"),
        "redirect_uri": "http://here/cb",
        "client_id": CLIENT.id,
        "client_secret": CLIENT.secret,
    }
    assert call.auth == "none"


def test_without_a_refresh_token_the_access_ends_in_sixty_days_and_that_is_known() -> None:
    token = tokens.granted(exchange(GIVEN).result, NOW)
    assert token.refresh is None
    assert token.refresh_due_at is None
    assert token.reauth_due_at == token.expires_at == NOW + 5183999


def test_a_partners_refresh_token_is_not_prolonged_by_use() -> None:
    partner = GIVEN | {"refresh_token": "AQW-1", "refresh_token_expires_in": 365 * DAY}
    first = tokens.granted(exchange(partner).result, NOW)
    assert first.reauth_due_at == NOW + 365 * DAY
    later = NOW + 59 * DAY
    told = refresh(partner | {"refresh_token_expires_in": 306 * DAY})
    assert tokens.granted(told.result, later, before=first).reauth_due_at == first.reauth_due_at


@pytest.mark.parametrize(
    "body",
    [
        {"error": "invalid_grant", "error_description": "The provided refresh token has expired"},
        {"error": "invalid_request", "error_description": "The provided authorization grant or refresh token is bad"},
        {"error": "something_new"},
    ],
    ids=str,
)
def test_any_structured_400_to_a_refresh_ends_the_grant(body: Any) -> None:
    told = refresh(body, 400)
    assert isinstance(told.error, GrantRefused)
    assert told.error.reason == "user_revoked"


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (answer(400, b"<html>Bad Request"), PlatformDown),
        (answer(400, b'{"error":"invalid_gr', {"Content-Type": "application/json"}), BadAnswer),
        (answer(400, {"message": "no error named"}), BadAnswer),
        (answer(400, b'{"error":"invalid_request"}', {"Content-Type": "text/plain"}), BadAnswer),
        (answer(500, {"error": "invalid_request"}), PlatformDown),
        (answer(429, {"status": 429}), RateLimited),
        (answer(401, {"error": "invalid_client"}), AppMisconfigured),
        (answer(400, {"error": "invalid_client"}), AppMisconfigured),
    ],
    ids=["page", "cut-off", "no-error", "plain-text", "500", "429", "401-client", "400-client"],
)
def test_other_failures_of_a_refresh_end_nothing(shape: Answer, kind: type[PlatformError]) -> None:
    assert type(drive(linkedin().refresh(OLD), [shape]).error) is kind


STALE = (
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. "
    "Or authorization code expired. Or external member binding exists"
)


def test_a_code_that_is_not_taken_asks_for_another_try() -> None:
    told = exchange({"error": "invalid_request", "error_description": STALE}, 400)
    assert isinstance(told.error, GrantRefused)
    assert told.error.reason == "code_expired"


def test_another_invalid_request_is_no_word_about_the_code() -> None:
    told = exchange({"error": "invalid_request", "error_description": 'A required parameter "code" is missing'}, 400)
    assert isinstance(told.error, BadAnswer)


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_disconnect_revokes_what_is_still_a_token(status: int) -> None:
    told = drive(linkedin().revoke(OLD), [answer(status, {})])
    assert told.error is None
    assert told.called == ["POST http://li/oauth/v2/revoke"]
    assert told.calls[0].form == {"token": Secret("AQX-old"), "client_id": CLIENT.id, "client_secret": CLIENT.secret}


# -- refused access tokens --------------------------------------------------------------------------


def refused(code: int | None, text: str = "no") -> Answer:
    return answer(401, {"status": 401, "serviceErrorCode": code, "code": text, "message": text})


REVOKED = refused(65601, "REVOKED_ACCESS_TOKEN")


def poll(cursors: dict[str, str], *answers: Answer) -> Conversation:
    return drive(linkedin().poll(LOVELACE, cursors, NOW), answers)


@pytest.mark.parametrize(("code", "worth"), [(65600, True), (65602, True), (None, True), (65601, False)])
def test_a_revoked_token_is_not_cured_by_a_refresh_the_others_may_be(code: int | None, worth: bool) -> None:
    assert linkedin().rejects_token(refused(code)) is worth


def test_a_token_so_fresh_that_it_is_called_revoked_is_tried_once_more_after_five_seconds() -> None:
    told = drive(linkedin().identify(), [REVOKED, answer(200, payload("linkedin/userinfo"))])
    assert told.result == LOVELACE
    assert [call.after for call in told.calls] == [0, 5]


def test_one_that_is_still_revoked_then_is() -> None:
    told = poll({}, REVOKED, REVOKED)
    assert isinstance(told.error, GrantRefused)
    assert told.error.reason == "user_revoked"


def test_an_expired_token_is_told_as_its_age() -> None:
    told = poll({}, refused(65602, "EXPIRED_ACCESS_TOKEN"))
    assert isinstance(told.error, GrantRefused)
    assert told.error.reason == "expired_by_age"


@pytest.mark.parametrize("code", [65600, None, 7])
def test_a_token_that_is_none_is_refused_without_more_words(code: int | None) -> None:
    assert isinstance(poll({}, refused(code)).error, Unauthorized)


# -- the profile ------------------------------------------------------------------------------------


def profile(**changes: Any) -> Answer:
    return answer(200, payload("linkedin/userinfo") | changes)


def test_the_account_is_known_by_what_linkedin_calls_it_for_this_app() -> None:
    told = drive(linkedin().identify(), [profile()])
    assert told.called == ["GET http://li/v2/userinfo"]
    assert told.result == LOVELACE


@pytest.mark.parametrize("sub", [None, "", 7, {}], ids=repr)
def test_nobody_in_particular_is_a_bad_answer(sub: Any) -> None:
    assert isinstance(drive(linkedin().identify(), [profile(sub=sub)]).error, BadAnswer)


def test_somebody_elses_profile_is_a_bad_answer() -> None:
    assert isinstance(poll({}, profile(sub="other")).error, BadAnswer)


def test_the_first_look_is_an_item() -> None:
    told = poll({}, profile())
    (item,) = told.items
    assert (item.data_type, item.at) == ("profile", NOW)
    assert item.external_id.startswith("782bbtaQ:")
    assert item.raw == payload("linkedin/userinfo")


def test_an_unchanged_profile_is_none() -> None:
    told = poll(poll({}, profile()).cursors, profile())
    assert (told.items, told.cursors) == ([], {})


@pytest.mark.parametrize(
    "changes",
    [
        {"picture": "https://media.licdn.com/dms/image/x?e=1799999999&v=beta&t=other"},
        {"locale": "en_US"},
        {"locale": "en-US"},
        {"email_verified": False},
    ],
    ids=str,
)
def test_what_nobody_would_call_a_change_is_none(changes: Any) -> None:
    assert poll(poll({}, profile()).cursors, profile(**changes)).items == []


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Augusta Ada King"},
        {"picture": "https://media.licdn.com/dms/image/y?e=1"},
        {"picture": None},
        {"locale": {"language": "fr", "country": "FR"}},
        {"email": "king@example.com"},
    ],
    ids=str,
)
def test_a_change_is_an_item_once(changes: Any) -> None:
    before = poll({}, profile()).cursors
    told = poll(before, profile(**changes))
    assert len(told.items) == 1
    assert poll(told.cursors, profile(**changes)).items == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"picture": "https://media.licdn.com/other"}, "Your LinkedIn picture has changed"),
        ({"name": "Augusta King"}, "Your LinkedIn name is now Augusta King"),
        ({"email": "king@example.com", "locale": "de_DE"}, "Your LinkedIn e-mail address and language have changed"),
        ({"name": "Augusta King", "email": None}, "Your LinkedIn name and e-mail address have changed"),
    ],
)
def test_what_has_changed_is_said(changes: Any, line: str) -> None:
    (item,) = poll(poll({}, profile()).cursors, profile(**changes)).items
    assert linkedin().line(item)["message"] == line


@pytest.mark.parametrize("parts", [{}, {"profile:parts": "["}, {"profile:parts": "[]"}])
def test_where_it_is_not_known_what_has_changed_that_is_not_said(parts: dict[str, str]) -> None:
    (item,) = poll({"profile:seen": "0123"} | parts, profile()).items
    assert linkedin().line(item)["message"] == "Your LinkedIn profile has changed"


def test_going_back_to_what_it_was_is_a_change_like_any_other() -> None:
    first = poll({}, profile())
    second = poll(first.cursors, profile(name="Augusta"))
    third = poll(second.cursors, profile())
    assert len(set(external_ids([*first.items, *second.items, *third.items]))) == 3


def test_a_first_look_taken_again_adds_nothing() -> None:
    assert external_ids(poll({}, profile()).items) == external_ids(poll({}, profile()).items)


@pytest.mark.parametrize(
    "bare", [{"picture": None, "locale": None, "email": None}, {"locale": 7, "picture": []}], ids=str
)
def test_what_is_missing_or_odd_does_not_matter(bare: Any) -> None:
    assert len(poll({}, profile(**bare)).items) == 1


def test_a_name_may_come_in_parts() -> None:
    assert drive(linkedin().identify(), [profile(name=None)]).result == LOVELACE


# -- limits -----------------------------------------------------------------------------------------

THROTTLED = {"status": 429, "serviceErrorCode": 101, "message": "Resource level throttle limit is reached."}


def test_a_limit_without_a_word_about_its_end_lasts_until_midnight_utc() -> None:
    told = poll({}, answer(429, THROTTLED))
    assert isinstance(told.error, RateLimited)
    assert told.error.retry_after is not None
    assert (NOW + told.error.retry_after) % DAY == 0
    assert 0 < told.error.retry_after <= DAY


def test_a_limit_that_says_when_is_believed() -> None:
    told = poll({}, answer(429, THROTTLED, {"Retry-After": "30"}))
    assert isinstance(told.error, RateLimited)
    assert told.error.retry_after == 30


def test_it_is_polled_daily_and_pushes_nothing() -> None:
    assert (linkedin().poll_every, linkedin().pushes) == ("1d", False)
    assert linkedin().found("profile", 1) == "Your LinkedIn profile has changed"
