"""A channel's messages: headers without a body, known by the channel and its token."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Handshake, Parcel, Refused, Resident, Taken
from storage.records import ConnectionKey, Delivery, Secret
from tests.actors.platforms.googlers import ADA as ACCOUNT
from tests.actors.platforms.googlers import calendar, inbound, let_in
from tests.actors.platforms.people import NOW

CHANNEL = "01234567-89ab-cdef-0123456789ab"
ADA = Resident("ada", Secret("opaque-random"), "ada@example.com|o3hgv1538sdjfh")
PENDING = Resident("ada", Secret("opaque-random"), "")
HEADERS = {
    "x_goog_channel_id": CHANNEL,
    "x_goog_message_number": "10",
    "x_goog_resource_id": "o3hgv1538sdjfh",
    "x_goog_resource_state": "exists",
    "x_goog_resource_uri": "https://www.googleapis.com/calendar/v3/calendars/ada@example.com/events?alt=json",
    "x_goog_channel_token": "opaque-random",
    "x_goog_channel_expiration": "Fri, 27 Nov 2026 13:20:00 GMT",
}


def push(*residents: Resident, **changes: str | None) -> Taken | Handshake | Refused:
    headers = {name: value for name, value in (HEADERS | changes).items() if value is not None}
    return let_in(calendar().receive(inbound(b"", **headers)), {CHANNEL: residents or [ADA]})


def refusal(outcome: Taken | Handshake | Refused) -> tuple[int, str]:
    assert isinstance(outcome, Refused)
    return outcome.status, outcome.code


def test_a_message_is_for_the_user_of_the_channel() -> None:
    outcome = push()
    assert isinstance(outcome, Taken)
    assert outcome.status == 200
    (parcel,) = outcome.parcels
    assert (parcel.user, parcel.delivery_id, parcel.kind) == ("ada", f"{CHANNEL}:10", "calendar_changed")


def test_what_the_headers_say_is_stored_for_there_is_no_body() -> None:
    outcome = push()
    assert isinstance(outcome, Taken)
    assert json.loads(outcome.parcels[0].body or b"") == {
        "channel": CHANNEL,
        "number": "10",
        "state": "exists",
        "resource": "o3hgv1538sdjfh",
        "calendar": "ada@example.com",
    }


def test_not_exists_is_a_change_too() -> None:
    assert isinstance(push(x_goog_resource_state="not_exists"), Taken)


def test_the_first_message_only_shows_whose_channel_reaches_us() -> None:
    sync = {"x_goog_resource_state": "sync", "x_goog_message_number": "1"}
    shown = push(**sync)
    assert isinstance(shown, Handshake)
    assert (shown.status, [one.user for one in shown.reaches]) == (200, ["ada"])
    assert push(PENDING, **sync) == Handshake(200, reaches=[PENDING])  # before the answer to the registration has come


def test_a_change_that_comes_before_that_answer_is_taken_too() -> None:
    assert isinstance(push(PENDING, x_goog_resource_id="whatever"), Taken)


def test_a_channel_that_nobody_has_is_404() -> None:
    outcome = let_in(calendar().receive(inbound(b"", **{k: v for k, v in HEADERS.items() if v})), {})
    assert refusal(outcome) == (404, "unknown_channel")


@pytest.mark.parametrize("state", ["exists", "sync"])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"x_goog_channel_token": None}, "missing_token"),
        ({"x_goog_channel_token": ""}, "missing_token"),
        ({"x_goog_channel_token": "guessed"}, "wrong_token"),
        ({"x_goog_channel_token": "opaque-random2"}, "wrong_token"),
        ({"x_goog_channel_token": "\u00fc\ud800"}, "wrong_token"),
        ({"x_goog_resource_id": "another"}, "wrong_token"),
    ],
    ids=str,
)
def test_a_missing_or_wrong_token_is_401(state: str, changes: dict[str, Any], code: str) -> None:
    assert refusal(push(**changes, x_goog_resource_state=state)) == (401, code)


def test_a_channel_without_a_secret_is_nobodys() -> None:
    assert refusal(push(Resident("ada", Secret(""), ""), x_goog_channel_token="x")) == (401, "wrong_token")
    assert refusal(push(Resident("ada", None, ""), x_goog_channel_token="x")) == (401, "wrong_token")


@pytest.mark.parametrize(
    "changes",
    [
        {"x_goog_channel_id": None},
        {"x_goog_channel_id": ""},
        {"x_goog_channel_id": "x" * 65},
        {"x_goog_channel_id": "a b"},
        {"x_goog_message_number": None},
        {"x_goog_message_number": "ten"},
        {"x_goog_message_number": "\u0661"},
        {"x_goog_message_number": "1" * 21},
        {"x_goog_resource_state": None},
        {"x_goog_resource_state": "exploded"},
        {"x_goog_resource_id": None},
    ],
    ids=str,
)
def test_what_is_no_message_of_a_channel_is_400(changes: dict[str, str | None]) -> None:
    assert refusal(push(**changes)) == (400, "malformed")


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(HEADERS)), st.text(max_size=80)))
def test_no_request_makes_the_door_fail_in_any_other_way(changes: dict[str, str]) -> None:
    assert push(**changes).status in (200, 400, 401, 404)


# -- what it says -----------------------------------------------------------------------------------


def delivery(body: bytes) -> Delivery:
    return Delivery(ConnectionKey("ada", "calendar"), f"{CHANNEL}:10", "calendar_changed", body, NOW)


def test_a_message_is_a_reason_to_look_what_has_changed() -> None:
    outcome = push()
    assert isinstance(outcome, Taken)
    (parcel,) = outcome.parcels
    assert isinstance(parcel, Parcel)
    told = calendar().parse(delivery(parcel.body or b""))
    assert told.fetch
    assert told.cursors == {"rang:ada@example.com": "1"}
    assert told.fields["message"] == "Something has changed in one of your calendars"


@pytest.mark.parametrize(
    ("calendar_", "where", "message"),
    [
        ("ada@example.com", "Google Calendar", "Something has changed in your calendar"),
        ("c_1@group.calendar.google.com", "Reading group", "Something has changed in the calendar “Reading group”"),
        ("c_2@group.calendar.google.com", "Google Calendar", "Something has changed in one of your calendars"),
        ("ada.l@example.com", "Google Calendar", "Something has changed in your calendar"),
    ],
)
def test_a_calendar_is_called_by_its_name_and_never_by_its_id(calendar_: str, where: str, message: str) -> None:
    names = json.dumps({"c_1@group.calendar.google.com": "Reading group", "ada.l@example.com": ""})
    body = json.dumps({"calendar": calendar_}).encode()
    told = calendar().parse_for(delivery(body), ACCOUNT, {"calendars:names": names})
    assert (told.fields["where"], told.fields["message"]) == (where, message)
    assert told.cursors == {f"rang:{calendar_}": "1"}


def test_names_that_make_no_sense_are_none() -> None:
    told = calendar().parse_for(delivery(b'{"calendar": "c_1"}'), ACCOUNT, {"calendars:names": "["})
    assert told.fields["message"] == "Something has changed in one of your calendars"


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_whatever_was_stored_has_its_line(body: bytes) -> None:
    told = calendar().parse(delivery(body))
    assert told.fetch
    assert told.fields["message"]
