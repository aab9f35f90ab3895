"""Discord's signed events at the door: what is theirs, whom it concerns, and what is answered."""

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actors.platforms.base import Handshake, Inbound, Parcel, Refused, Taken
from actors.platforms.failures import HookRefused
from storage.records import Hook, Secret
from tests.actors.platforms.doors import NELLY, delivery, discord, from_discord, receive
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import drive, payload

USER = "80351110224678912"
ADA = {USER: ["ada"]}
STRANGER = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)


def body(name: str, **event: Any) -> bytes:
    whole = payload(f"discord/{name}")
    whole["event"] |= event
    return json.dumps(whole).encode()


def take(request: Inbound, people: dict[str, list[str]] | None = None) -> Taken | Handshake | Refused:
    return receive(discord().receive(request), ADA if people is None else people)[0]


# -- the signature ----------------------------------------------------------------------------------

PING = b'{"version":1,"application_id":"1234560123453231555","type":0}'
VECTOR = (
    "506e4e1e38ce57f3fe92c32c3dab9a3ca32466e2d11874b864ce596c6f75d485"
    "aeddc700d944aedf483d31ebb396a80b439fd151f924eb873169a67742ce0300"
)


def test_the_vector_of_rfc_8032s_key() -> None:
    headers = {"x-signature-ed25519": VECTOR, "x-signature-timestamp": "1700000000"}
    assert take(Inbound(headers, PING, 1_700_000_000.0)) == Handshake(204, reaches_all=True)
    headers["x-signature-ed25519"] = "4" + VECTOR[1:]
    assert take(Inbound(headers, PING, 1_700_000_000.0)).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"x_signature_ed25519": None}, id="no-signature"),
        pytest.param({"x_signature_timestamp": None}, id="no-timestamp"),
        pytest.param({"x_signature_ed25519": ""}, id="empty"),
        pytest.param({"x_signature_ed25519": "00" * 64}, id="a-probe-of-zeros"),
        pytest.param({"x_signature_ed25519": "00" * 63}, id="too-short"),
        pytest.param({"x_signature_ed25519": "no hex"}, id="no-hex"),
        pytest.param({"x_signature_ed25519": "\u00fc"}, id="not-ascii"),
        pytest.param({"x_signature_timestamp": f"{int(NOW) - 1}"}, id="another-timestamp"),
        pytest.param({"x_signature_timestamp": "now"}, id="timestamp-in-words"),
        pytest.param({"x_signature_timestamp": "1" * 400}, id="timestamp-without-end"),
    ],
)
@pytest.mark.parametrize("sent", [PING, body("deauthorized")], ids=["ping", "event"])
def test_discords_probes_with_wrong_signatures_are_401(headers: dict[str, str | None], sent: bytes) -> None:
    assert take(from_discord(sent, **headers)).status == 401


def test_another_apps_key_signs_nothing() -> None:
    assert take(from_discord(PING, key=STRANGER)).status == 401


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 204), (300, 204), (301, 401)])
def test_what_is_more_than_five_minutes_off_is_a_copy(seconds: int, status: int) -> None:
    assert take(from_discord(PING, at=NOW + seconds)).status == status


def test_without_a_public_key_nobody_can_sign() -> None:
    verdict, _ = receive(discord(None).receive(from_discord(PING)))
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.code) == (401, "not_configured")


# -- the answers ------------------------------------------------------------------------------------


def test_a_ping_is_answered_empty() -> None:
    verdict = take(from_discord(PING))
    assert verdict == Handshake(204, reaches_all=True)
    assert isinstance(verdict, Handshake)
    assert verdict.body == b""


def test_an_event_goes_to_whom_it_names() -> None:
    verdict, asked = receive(discord().receive(from_discord(body("deauthorized"))), {USER: ["ada", "alan"]})
    told = f"APPLICATION_DEAUTHORIZED|2026-11-20T14:42:53.064834|{USER}"
    id_ = hashlib.sha256(told.encode()).hexdigest()
    assert asked == [USER]
    assert verdict == Taken(204, [Parcel(user, id_, "APPLICATION_DEAUTHORIZED") for user in ("ada", "alan")])


def test_a_repeat_is_the_same_delivery_and_a_later_event_another() -> None:
    first, again = take(from_discord(body("deauthorized"))), take(from_discord(body("deauthorized"), at=NOW + 60))
    later = take(from_discord(body("deauthorized", timestamp="2026-11-20T15:00:00.000000")))
    assert first == again != later


def test_an_entitlement_names_its_user_by_number() -> None:
    verdict = take(from_discord(body("entitlement")))
    assert isinstance(verdict, Taken)
    assert [parcel.user for parcel in verdict.parcels] == ["ada"]


@pytest.mark.parametrize("people", [{}, {USER: []}], ids=["nobody", "empty"])
def test_an_unknown_user_is_answered_well_and_counted(people: dict[str, list[str]]) -> None:
    assert take(from_discord(body("deauthorized")), people) == Taken(204, dropped="unknown_user")


@pytest.mark.parametrize("data", [None, {}, {"user": {"id": 7}}, {"user": {"id": "x"}}, []], ids=repr)
def test_an_event_that_names_nobody_is_answered_well_and_counted(data: Any) -> None:
    assert take(from_discord(body("deauthorized", data=data))) == Taken(204, dropped="unknown_user")


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"type":2}',
        b'{"type":true}',
        b'{"type":"0"}',
        b'{"type":1}',
        b'{"type":1,"event":7}',
        b'{"type":1,"event":{"type":"lower","timestamp":"x"}}',
        b'{"type":1,"event":{"type":"APPLICATION_DEAUTHORIZED"}}',
        b'{"a":' * 100 + b"1" + b"}" * 100,
    ],
    ids=lambda junk: junk[:50].decode(),
)
def test_what_is_signed_and_no_event_is_malformed(junk: bytes) -> None:
    verdict = take(from_discord(junk))
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.code) == (400, "malformed")


# -- a line for people ------------------------------------------------------------------------------


def line(name: str, **event: Any) -> str | None:
    whole = payload(f"discord/{name}")
    whole["event"] |= event
    told = discord().parse(delivery("discord", whole["event"]["type"], json.dumps(whole).encode()))
    return told.fields["message"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("deauthorized", "Nelly withdrew this app's access"),
        ("authorized", "Nelly gave this app access"),
        ("entitlement", "You got something from this app's shop"),
    ],
)
def test_each_kind_has_its_sentence(name: str, sentence: str) -> None:
    assert line(name) == sentence


def test_other_kinds_are_told_plainly() -> None:
    assert line("authorized", type="LOBBY_MESSAGE_CREATE") == "Discord event “lobby message create” by Nelly"


def test_a_server_is_named_where_there_is_one() -> None:
    data = {"user": {"username": "nelly"}, "guild": {"name": "1337 Krew"}}
    assert line("authorized", data=data) == "nelly gave this app access in 1337 Krew"


def test_a_withdrawal_ends_the_grant_and_nothing_else_does() -> None:
    ended = discord().parse(delivery("discord", "APPLICATION_DEAUTHORIZED", body("deauthorized"))).ended
    assert ended is not None
    assert ended.reason == "user_revoked"
    assert ended.at is not None, "what comes late is told from what ends the grant that is there now"
    assert discord().parse(delivery("discord", "APPLICATION_AUTHORIZED", body("authorized"))).ended is None


# -- the subscription -------------------------------------------------------------------------------


def test_the_apps_subscription_is_recorded_as_a_hook_and_nothing_is_called() -> None:
    told = drive(discord().register(NELLY, "http://here", [], lambda *_, **__: Secret("made"), NOW), [])
    assert told.result == [Hook("webhook-events", "the app's webhook events", Secret("made"))]
    again = drive(discord().register(NELLY, "http://here", told.result, lambda *_, **__: Secret("new"), NOW), [])
    assert again.result == told.result
    assert drive(discord().unregister(told.result[0], "https://here"), []).calls == []


def test_without_a_public_key_it_says_what_is_missing() -> None:
    told = drive(discord(None).register(NELLY, "http://here", [], lambda *_, **__: Secret("made"), NOW), [])
    assert isinstance(told.error, HookRefused)
    assert "DISCORD_PUBLIC_KEY" in told.error.detail


def test_its_events_tell_nothing_of_servers_and_so_the_poll_keeps_its_pace() -> None:
    assert discord().pushes
    assert not discord().push_suffices
