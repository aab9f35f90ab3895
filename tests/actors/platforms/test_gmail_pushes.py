"""Pub/Sub's pushes: which are Google's, whose mailbox they are about, and when they are news."""

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Handshake, Parcel, PublicKey, Refused, Resident, Taken
from storage.records import ConnectionKey, Delivery
from tests.actors.platforms.googlers import (
    ADA,
    AUDIENCE,
    KEY,
    OTHER_KEY,
    SENDER,
    envelope,
    gmail,
    inbound,
    let_in,
    public_key,
    token,
)
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import payload

PEOPLE = {"ada@example.com": [Resident("ada")], "user@example.com": [Resident("ada"), Resident("grace")]}


def push(body: bytes | None = None, bearer: str | None = None, **options: Any) -> Taken | Handshake | Refused:
    request = inbound(envelope() if body is None else body, authorization=f"Bearer {bearer or token()}")
    return let_in(gmail(**options).receive(request), PEOPLE)


def status(outcome: Taken | Handshake | Refused) -> int:
    return outcome.status


# -- taken ------------------------------------------------------------------------------------------


def test_a_push_is_for_the_user_of_the_mailbox() -> None:
    assert push() == Taken(204, [Parcel("ada", "m-1", "mailbox_changed")])


def test_a_shared_mailbox_is_a_delivery_for_each_user() -> None:
    outcome = push(json.dumps(payload("gmail/push")).encode())
    assert isinstance(outcome, Taken)
    assert [(one.user, one.delivery_id) for one in outcome.parcels] == [
        ("ada", "2070443601311540"),
        ("grace", "2070443601311540"),
    ]


def test_capitals_in_a_mailbox_make_no_difference() -> None:
    outcome = push(envelope("ADA@Example.com"))
    assert isinstance(outcome, Taken)
    assert [one.user for one in outcome.parcels] == ["ada"]


def test_a_mailbox_of_nobodys_is_accepted_counted_and_dropped() -> None:
    assert push(envelope("stranger@example.com")) == Taken(204, dropped="unknown_mailbox")


def test_both_forms_of_the_issuer_are_googles() -> None:
    assert status(push(bearer=token(iss="accounts.google.com"))) == 204


@pytest.mark.parametrize("history_id", [1234567890, "1234567890"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
def test_both_alphabets_and_both_kinds_of_numbers_are_read(history_id: Any, encode: Any, padded: bool) -> None:
    said = json.dumps(
        {"emailAddress": "ada@example.com", "historyId": history_id, "x": "\u00ff?>~"}, ensure_ascii=False
    )
    data = encode(said.encode()).decode()
    body = {"message": {"data": data if padded else data.rstrip("="), "message_id": "m-2"}}
    assert push(json.dumps(body).encode()) == Taken(204, [Parcel("ada", "m-2", "mailbox_changed")])


# -- the token --------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "token"])
def test_without_a_token_it_is_401(header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    outcome = let_in(gmail().receive(inbound(envelope(), **headers)), PEOPLE)
    assert isinstance(outcome, Refused)
    assert (outcome.status, outcome.code) == (401, "missing_token")


def unsigned() -> str:
    return jwt.encode({"aud": AUDIENCE, "email": SENDER, "email_verified": True}, "", algorithm="none")


def by_the_public_key() -> str:
    """A signature with a secret that everybody knows, passed off as one with the private key."""
    claims = {"aud": AUDIENCE, "email": SENDER, "email_verified": True, "exp": int(NOW) + 60}
    return jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": "key-1"})


@pytest.mark.parametrize(
    "bearer",
    [
        pytest.param("not.a.token", id="no-jwt"),
        pytest.param("x", id="no-dots"),
        pytest.param("\u00fc.\u00fc.\u00fc", id="not-ascii"),
        pytest.param(unsigned(), id="alg-none"),
        pytest.param(by_the_public_key(), id="hmac"),
        pytest.param(token(OTHER_KEY), id="another-key"),
        pytest.param(token(headers={"kid": "key-2"}), id="unknown-kid"),
        pytest.param(token()[:-6] + "AAAAAA", id="changed-signature"),
        pytest.param(token(aud="https://other.example"), id="another-audience"),
        pytest.param(token(without="aud"), id="no-audience"),
        pytest.param(token(iss="https://accounts.goggle.com"), id="another-issuer"),
        pytest.param(token(without="iss"), id="no-issuer"),
        pytest.param(token(email="other@project.iam.gserviceaccount.com"), id="another-account"),
        pytest.param(token(without="email"), id="no-account"),
        pytest.param(token(email_verified=False), id="unverified"),
        pytest.param(token(email_verified="true"), id="verified-in-words"),
        pytest.param(token(without="email_verified"), id="not-said-to-be-verified"),
        pytest.param(token(exp=int(NOW) - 61), id="expired"),
        pytest.param(token(without="exp"), id="never-expires"),
        pytest.param(token(iat=int(NOW) + 61), id="of-the-future"),
        pytest.param("a" * 9000, id="endless"),
    ],
)
def test_a_token_that_is_not_googles_for_us_is_401(bearer: str) -> None:
    outcome = push(bearer=bearer)
    assert isinstance(outcome, Refused)
    assert (outcome.status, outcome.code) == (401, "wrong_token")


def test_clocks_may_differ_by_a_minute() -> None:
    assert status(push(bearer=token(exp=int(NOW) - 59))) == 204
    assert status(push(bearer=token(iat=int(NOW) + 59))) == 204


@pytest.mark.parametrize("option", ["audience", "service_account"])
def test_where_nobody_has_said_whose_pushes_to_expect_none_is_taken(option: str) -> None:
    assert status(push(**{option: None})) == 401
    assert status(push(bearer=token(email=None, aud=""), **{option: ""})) == 401


def test_the_key_is_asked_for_where_the_settings_say() -> None:
    conversation = gmail(certs_url="http://certs").receive(inbound(envelope(), authorization=f"Bearer {token()}"))
    assert next(conversation) == PublicKey("http://certs", "key-1")


def test_no_key_is_asked_for_a_token_of_another_kind() -> None:
    for bearer in (unsigned(), by_the_public_key(), token(headers={"kid": ""})):
        conversation = gmail().receive(inbound(envelope(), authorization=f"Bearer {bearer}"))
        with pytest.raises(StopIteration):
            next(conversation)


def test_a_stranger_is_told_nothing_of_the_body() -> None:
    assert status(push(b"{", bearer=token(OTHER_KEY))) == 401


# -- the body ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"message": {"messageId": "1"}}',
        b'{"message": {"data": "e30="}}',
        b'{"message": {"data": "e30=", "messageId": "1"}}',
        b'{"message": {"data": "%%%", "messageId": "1"}}',
        b'{"message": {"data": "W10=", "messageId": "1"}}',
        b'{"message": {"data": "/////w==", "messageId": "1"}}',
        envelope(mailbox=None),
        envelope(mailbox=["ada@example.com"]),
        envelope(history_id=None),
        envelope(history_id="soon"),
        envelope(history_id=-1),
        envelope(message_id="a\nb"),
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b"[" * 200_000,
    ],
    ids=lambda body: ascii(body[:40]),
)
def test_a_body_that_is_no_push_is_400(body: bytes) -> None:
    outcome = push(body)
    assert isinstance(outcome, Refused)
    assert (outcome.status, outcome.code) == (400, "malformed")


@settings(deadline=None)
@given(st.text(max_size=100) | st.just(f"Bearer {token()}"), st.binary(max_size=200) | st.just(envelope()))
def test_no_request_makes_the_door_fail_in_any_other_way(authorization: str, body: bytes) -> None:
    outcome = let_in(gmail().receive(inbound(body, authorization=authorization)), PEOPLE)
    assert outcome.status in (204, 400, 401)


@settings(deadline=None, max_examples=30)
@given(
    st.dictionaries(
        st.sampled_from(["exp", "iat", "aud", "iss", "email", "email_verified", "nbf"]),
        st.none() | st.text() | st.integers() | st.lists(st.text()),
    )
)
def test_no_claims_make_the_door_fail_in_any_other_way(claims: dict[str, Any]) -> None:
    try:
        bearer = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "key-1"})
    except TypeError:
        return  # not to be signed at all
    assert status(push(bearer=bearer)) == 401


def test_a_key_that_cannot_have_signed_it_is_no_crash() -> None:
    request = inbound(envelope(), authorization=f"Bearer {token()}")
    assert status(let_in(gmail().receive(request), PEOPLE, {"key-1": public_key(OTHER_KEY)})) == 401
    assert status(let_in(gmail().receive(request), PEOPLE, {})) == 401


# -- what it says -----------------------------------------------------------------------------------


def delivery(body: bytes) -> Delivery:
    return Delivery(ConnectionKey("ada", "gmail"), "m-1", "mailbox_changed", body, NOW)


def test_a_push_is_a_reason_to_read_the_history() -> None:
    told = gmail().parse(delivery(envelope()))
    assert told.fetch
    assert told.items == ()
    assert told.fields["message"] == "The mailbox ada@example.com has changed"


@pytest.mark.parametrize(
    ("reached", "is_news"), [("1234579", True), ("1234580", False), ("1234581", False), ("99", True), (None, True)]
)
def test_a_push_for_what_is_known_already_is_no_reason(reached: str | None, is_news: bool) -> None:
    cursors = {"messages:history": reached} if reached else {}
    told = gmail().parse_for(delivery(envelope()), ADA, cursors)
    assert told.fetch is is_news
    assert ("has changed" in str(told.fields["message"])) is is_news


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_whatever_is_in_it_it_has_its_line(body: bytes) -> None:
    told = gmail().parse(delivery(body))
    assert told.fetch
    assert told.fields["message"]
