"""Slack's events at the door: what is theirs, whom it concerns, and what is answered."""

import json
from typing import Any

import pytest

from actors.platforms.base import Handshake, Inbound, Parcel, Refused, Resident, Taken
from actors.platforms.failures import HookRefused
from storage.records import Hook, Secret
from tests.actors.platforms.doors import ACME, SIGNING, from_slack, receive, slack
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import drive, payload

ADA = {"T9TK3CUKW:U1234": ["ada"], "T9TK3CUKW": ["ada", "grace"]}


def body(name: str, **changes: Any) -> bytes:
    return json.dumps(payload(f"slack/{name}") | changes).encode()


def take(request: Inbound, people: dict[str, list[str]] | None = None) -> Taken | Handshake | Refused:
    return receive(slack().receive(request), ADA if people is None else people)[0]


def status(request: Inbound) -> int:
    return take(request).status


# -- the signature ----------------------------------------------------------------------------------

OFFICIAL = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


def test_the_official_vector() -> None:
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    headers = {"x-slack-signature": signature, "x-slack-request-timestamp": "1531420618"}
    # Signed well, and refused for what it is: a command's form, and no event.
    assert status(Inbound(headers, OFFICIAL, 1_531_420_618.0)) == 400
    headers["x-slack-signature"] = signature[:-1] + "4"
    assert status(Inbound(headers, OFFICIAL, 1_531_420_618.0)) == 401


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_what_was_signed_within_five_minutes_is_taken(seconds: int) -> None:
    assert status(from_slack(body("message"), at=NOW + seconds)) == 200


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_was_signed_longer_ago_or_in_the_future_is_a_copy(seconds: int) -> None:
    verdict = take(from_slack(body("message"), at=NOW + seconds))
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.code) == (401, "stale_signature")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"x_slack_signature": None}, id="no-signature"),
        pytest.param({"x_slack_request_timestamp": None}, id="no-timestamp"),
        pytest.param({"x_slack_signature": ""}, id="empty"),
        pytest.param({"x_slack_signature": "v0=" + "0" * 64}, id="wrong"),
        pytest.param({"x_slack_signature": "v0=\u00fc"}, id="not-ascii"),
        pytest.param({"x_slack_request_timestamp": "now"}, id="timestamp-in-words"),
        pytest.param({"x_slack_request_timestamp": f"{int(NOW) + 1}"}, id="another-timestamp"),
        pytest.param({"x_slack_request_timestamp": "1" * 400}, id="timestamp-without-end"),
        pytest.param({"x_slack_request_timestamp": "١٧٩٥١٨٠٠٠٠"}, id="other-digits"),
    ],
)
def test_a_missing_or_wrong_signature_is_401(headers: dict[str, str | None]) -> None:
    assert status(from_slack(body("message"), **headers)) == 401


def test_somebody_elses_secret_signs_nothing() -> None:
    assert status(from_slack(body("message"), secret=Secret("guessed"))) == 401


@pytest.mark.parametrize("secret", [None, Secret("")], ids=["unset", "empty"])
def test_without_a_signing_secret_nobody_can_sign(secret: Secret | None) -> None:
    verdict, _ = receive(slack(secret).receive(from_slack(body("message"), secret=Secret(""))), ADA)
    assert isinstance(verdict, Refused)
    assert verdict.status == 401


def test_the_address_check_is_signed_too() -> None:
    assert status(from_slack(body("url_verification"), x_slack_signature="v0=0")) == 401


# -- the answers ------------------------------------------------------------------------------------


def test_the_challenge_comes_back_as_it_is() -> None:
    verdict = take(from_slack(body("url_verification")))
    assert verdict == Handshake(200, b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", "text/plain")


@pytest.mark.parametrize("challenge", [None, "", 7, "x" * 1001, "a\r\nb"], ids=lambda one: repr(one)[:9])
def test_a_challenge_that_is_none_is_malformed(challenge: Any) -> None:
    assert status(from_slack(body("url_verification", challenge=challenge))) == 400


def test_an_event_goes_to_those_whom_it_names_and_to_nobody_else() -> None:
    verdict, asked = receive(slack().receive(from_slack(body("message"))), ADA)
    assert verdict == Taken(200, [Parcel("ada", "Ev0PV52K25", "message")])
    assert asked == ["T9TK3CUKW:U1234", "T9TK3CUKW"]


def test_several_users_may_be_named_and_one_account_may_have_several() -> None:
    named = [{"team_id": "T9TK3CUKW", "user_id": user} for user in ("U1234", "U5678", "U1234")]
    people = {"T9TK3CUKW:U1234": ["ada", "alan"], "T9TK3CUKW:U5678": ["grace", "ada"]}
    verdict = take(from_slack(body("message", authorizations=named)), people)
    assert isinstance(verdict, Taken)
    assert [parcel.user for parcel in verdict.parcels] == ["ada", "alan", "grace"]


def test_an_organisations_number_stands_in_for_the_workspaces() -> None:
    named = [{"team_id": None, "enterprise_id": "E0ORG1234", "user_id": "U1234", "is_enterprise_install": True}]
    verdict = take(from_slack(body("message", authorizations=named)), {"E0ORG1234:U1234": ["ada"]})
    assert isinstance(verdict, Taken)
    assert [parcel.user for parcel in verdict.parcels] == ["ada"]


def test_a_repeat_is_the_same_delivery_and_is_not_dropped_for_calling_itself_one() -> None:
    again = from_slack(body("message"), x_slack_retry_num="1", x_slack_retry_reason="http_timeout")
    assert take(again) == take(from_slack(body("message")))


@pytest.mark.parametrize(
    ("people", "why"),
    [({}, "unknown_team"), ({"T9TK3CUKW": ["grace"]}, "unknown_user")],
    ids=["unknown-team", "known-team"],
)
def test_an_unknown_team_or_user_is_answered_well_and_counted(people: dict[str, list[str]], why: str) -> None:
    assert take(from_slack(body("message")), people) == Taken(200, dropped=why)


@pytest.mark.parametrize("named", [None, [], {}, "U1234", [None, 7, {}], [{"user_id": "U 1"}]], ids=str)
def test_an_event_that_names_nobody_reaches_nobody(named: Any) -> None:
    assert take(from_slack(body("message", authorizations=named))) == Taken(200, dropped="unknown_user")


def test_a_users_own_door_takes_what_is_theirs_only() -> None:
    request = from_slack(body("message"))
    mine = Inbound(request.headers, request.body, request.at, user="ada")
    others = Inbound(request.headers, request.body, request.at, user="grace")
    assert take(mine) == Taken(200, [Parcel("ada", "Ev0PV52K25", "message")])
    assert take(others) == Taken(200, dropped="unknown_user")


@pytest.mark.parametrize("subtype", ["channel_join", "channel_leave", "group_join", "group_leave", "message_replied"])
def test_who_comes_and_goes_or_replies_is_told_by_its_own_event_and_not_by_the_note_of_it_too(subtype: str) -> None:
    event = payload("slack/message")["event"] | {"subtype": subtype}
    assert take(from_slack(body("message", event=event))) == Taken(200, dropped="told_otherwise")
    taken = take(from_slack(body("member_joined_channel")))
    assert isinstance(taken, Taken)
    assert [parcel.user for parcel in taken.parcels] == ["ada"]


EDITED = {"text": "ship it now", "edited": {"user": "U1234", "ts": "1795173700.000000"}}


@pytest.mark.parametrize(
    ("now", "before", "is_told"),
    [
        ({"text": "https://a.example", "attachments": [{}]}, {"text": "https://a.example"}, False),
        (EDITED | {"attachments": [{}]}, EDITED, False),
        (EDITED, {"text": "ship it"}, True),
        (EDITED, {"text": "ship it now"}, True),
        ({"text": "step 2"}, {"text": "step 1"}, True),
        (EDITED, None, True),
        ({}, {}, True),
    ],
    ids=str,
)
def test_a_preview_that_slack_adds_to_a_message_is_no_news(now: Any, before: Any, is_told: bool) -> None:
    event = payload("slack/message")["event"] | {"subtype": "message_changed"}
    taken = take(from_slack(body("message", event=event | {"message": now, "previous_message": before})))
    assert isinstance(taken, Taken)
    assert (bool(taken.parcels), taken.dropped) == ((True, None) if is_told else (False, "nothing_changed"))


def test_too_many_events_are_noted_and_stored_for_nobody() -> None:
    assert take(from_slack(body("app_rate_limited"))) == Taken(200, dropped="app_rate_limited")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "block_actions"},
        {"type": None},
        {"event": None},
        {"event": {"type": 7}},
        {"event": {"type": "two words"}},
        {"event_id": None},
        {"event_id": "x" * 65},
        {"event_id": "a b"},
    ],
    ids=str,
)
def test_what_is_signed_and_no_event_is_malformed(changes: Any) -> None:
    assert status(from_slack(body("message", **changes))) == 400


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"a":' * 100 + b"1" + b"}" * 100], ids=repr)
def test_what_is_signed_and_no_object_is_malformed(junk: bytes) -> None:
    assert status(from_slack(junk)) == 400


# -- the end of a grant -----------------------------------------------------------------------------


def test_withdrawn_tokens_concern_the_users_they_name() -> None:
    verdict, asked = receive(slack().receive(from_slack(body("tokens_revoked"))), ADA)
    assert verdict == Taken(200, [Parcel("ada", "Ev0PV52K25", "tokens_revoked")])
    assert "T9TK3CUKW:U0KRQLJ9H" not in asked


def test_a_long_list_of_users_is_asked_for_in_pieces() -> None:
    users = [f"U{number:04}" for number in range(120)]
    sent = body("tokens_revoked", event={"type": "tokens_revoked", "tokens": {"oauth": users}})
    people = {f"T9TK3CUKW:{user}": [user.lower()] for user in users}
    conversation = slack().receive(from_slack(sent))
    pieces = []
    question: Any = next(conversation)
    try:
        while True:
            pieces.append(len(question.addresses))
            question = conversation.send(
                {one: [Resident(user) for user in people.get(one, ())] for one in question.addresses}
            )
    except StopIteration as end:
        assert len(end.value.parcels) == 120
    assert max(pieces) == 50


def test_a_bots_token_alone_concerns_nobody() -> None:
    revoked = {"type": "tokens_revoked", "tokens": {"bot": ["U0KRQLJ9H"]}}
    assert take(from_slack(body("tokens_revoked", event=revoked))) == Taken(200, dropped="unknown_user")


def test_a_removed_app_concerns_everybody_of_the_workspace() -> None:
    verdict = take(from_slack(body("app_uninstalled")))
    assert isinstance(verdict, Taken)
    assert [parcel.user for parcel in verdict.parcels] == ["ada", "grace"]


# -- the subscription -------------------------------------------------------------------------------


def register(known: list[Hook], secret: Secret | None = SIGNING) -> Any:
    conversation = slack(secret).register(ACME, "http://here/hook", known, lambda *_, **__: Secret("made"), NOW)
    return drive(conversation, [])


def test_the_apps_subscription_is_recorded_as_a_hook_and_nothing_is_called() -> None:
    told = register([])
    assert told.calls == []
    assert told.result == [Hook("events-api", "the app's event subscription", Secret("made"))]


def test_it_stays_the_same_from_day_to_day() -> None:
    standing = Hook("events-api", "the app's event subscription", Secret("made before"))
    assert register([standing]).result == [standing]


def test_without_a_signing_secret_it_says_what_is_missing() -> None:
    told = register([], None)
    assert isinstance(told.error, HookRefused)
    assert "SLACK_SIGNING_SECRET" in told.error.detail


def test_to_unregister_nothing_is_called() -> None:
    assert drive(slack().unregister(Hook("events-api", "x", Secret("s")), "https://here"), []).calls == []
