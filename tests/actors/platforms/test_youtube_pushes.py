"""The hub's questions, and its feeds: confirmed only what is wanted here, believed only what is signed."""

import hmac
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Handshake, Parcel, Refused, Resident, Taken
from storage.records import ConnectionKey, Delivery, Secret
from tests.actors.platforms.googlers import inbound, let_in, youtube
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import DATA

TOPIC = "https://www.youtube.com/xml/feeds/videos.xml?channel_id=UCabc"
SECRET = Secret("websub-secret")
UPLOAD = (DATA / "youtube" / "upload.xml").read_bytes()
DELETED = (DATA / "youtube" / "deleted.xml").read_bytes()
ADA, GRACE = Resident("ada", SECRET, "UCabc"), Resident("grace", SECRET, "UCabc")


def signature(body: bytes, secret: Secret = SECRET) -> str:
    return "sha1=" + hmac.new(secret.reveal().encode(), body, "sha1").hexdigest()


def told(body: bytes, *residents: Resident, signed: str | None = "?") -> Taken | Handshake | Refused:
    headers = {} if signed is None else {"x_hub_signature": signature(body) if signed == "?" else signed}
    request = inbound(body, **headers)
    return let_in(youtube().receive(request), {"UCabc": residents or [ADA]})


def asked(*residents: Resident, **changes: str | None) -> Taken | Handshake | Refused:
    params = {"mode": "subscribe", "topic": TOPIC, "challenge": "c-1", "lease_seconds": "432000"} | changes
    key = {"key": youtube().hub.callback("", "UCabc").removeprefix("?key=")}
    given_ = {f"hub.{name}": value for name, value in params.items() if value is not None and name != "key"}
    given_ |= {name: value for name, value in (key | params).items() if name == "key" and value is not None}
    return let_in(youtube().receive(inbound(method="GET", params=given_)), {"UCabc": residents})


def edited(**changes: str) -> bytes:
    body = UPLOAD.decode()
    for name, value in changes.items():
        before, _, rest = body.rpartition(f"<{name}>")
        body = f"{before}<{name}>{value}</{name}>{rest.partition(f'</{name}>')[2]}"
    return body.encode()


def refusal(outcome: Taken | Handshake | Refused) -> tuple[int, str]:
    assert isinstance(outcome, Refused)
    return outcome.status, outcome.code


def parcels(outcome: Taken | Handshake | Refused) -> list[Parcel]:
    assert isinstance(outcome, Taken)
    return list(outcome.parcels)


# -- what the hub asks ------------------------------------------------------------------------------


def test_a_subscription_that_is_wanted_is_confirmed_with_the_challenge_alone() -> None:
    """And shows those who wanted it that the hub reaches us."""
    assert asked(ADA) == Handshake(200, b"c-1", "text/plain", reaches=[ADA])


@pytest.mark.parametrize(
    "topic",
    [
        "https://www.youtube.com/feeds/videos.xml?channel_id=UCabc",
        "http://www.youtube.com/xml/feeds/videos.xml?channel_id=UCabc&x=1",
        "http://127.0.0.1:3001/youtube/feeds/videos.xml?channel_id=UCabc",
    ],
)
def test_the_channel_counts_and_not_how_the_hub_writes_the_topic(topic: str) -> None:
    assert asked(ADA, topic=topic) == Handshake(200, b"c-1", "text/plain", reaches=[ADA])


def test_one_that_nobody_here_has_asked_for_is_404() -> None:
    assert refusal(asked()) == (404, "unknown_channel")


@pytest.mark.parametrize("key", [None, "", "0" * 32, "é"])
def test_one_that_a_stranger_asked_the_hub_for_is_404_also_where_we_want_the_channel(key: str | None) -> None:
    assert refusal(asked(ADA, key=key)) == (404, "unknown_channel")


def test_an_end_is_confirmed_only_when_nobody_wants_it_any_more() -> None:
    assert asked(mode="unsubscribe") == Handshake(200, b"c-1", "text/plain", reaches=[])
    assert refusal(asked(ADA, mode="unsubscribe")) == (404, "still_wanted")


def test_a_denial_is_counted() -> None:
    assert asked(ADA, mode="denied", challenge=None) == Taken(200, dropped="subscription_denied")


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": None},
        {"mode": "destroy"},
        {"topic": None},
        {"topic": "https://www.youtube.com/feeds/videos.xml"},
        {"topic": "https://x/?channel_id=a&channel_id=b"},
        {"topic": "https://x/?channel_id=a%20b"},
        {"topic": "http://[x/?channel_id=a"},
        {"topic": "https://x/?channel_id=UCabc&" + "a=1&" * 50},
        {"challenge": None},
        {"challenge": ""},
        {"challenge": "x" * 1001},
        {"challenge": "a\r\nb"},
        {"challenge": "\u00fc"},
    ],
    ids=ascii,
)
def test_a_question_that_makes_no_sense_is_400(changes: dict[str, str | None]) -> None:
    assert refusal(asked(ADA, **changes)) == (400, "malformed")


# -- what it tells ----------------------------------------------------------------------------------


def test_the_vector_of_the_fact_sheet() -> None:
    assert signature(b"<feed/>") == "sha1=1100a088d83ac1e1d1a8f9b86c3762214e85abb7"


def test_an_upload_is_for_all_who_follow_the_channel() -> None:
    id_ = "VID123:2026-11-20T11:20:05.552394234+00:00"
    assert told(UPLOAD, ADA, GRACE) == Taken(200, [Parcel("ada", id_, "upload"), Parcel("grace", id_, "upload")])


def test_one_with_two_hooks_gets_it_once() -> None:
    pending = Resident("ada", SECRET, "")
    assert [one.user for one in parcels(told(UPLOAD, ADA, pending))] == ["ada"]


def test_any_of_their_secrets_serves() -> None:
    """The app's own secret was changed, and not all have renewed since."""
    old = Resident("grace", Secret("old"), "UCabc")
    assert len(parcels(told(UPLOAD, ADA, old, signed=signature(UPLOAD, Secret("old"))))) == 2


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("sha1=", id="no-digest"),
        pytest.param(signature(b"another"), id="of-another-body"),
        pytest.param(signature(UPLOAD, Secret("guessed")), id="by-another-secret"),
        pytest.param(signature(UPLOAD).upper(), id="upper-case"),
        pytest.param("sha1=\u00fc\ud800", id="not-ascii"),
    ],
)
def test_a_missing_or_wrong_signature_is_answered_200_dropped_and_counted(signed: str | None) -> None:
    assert told(UPLOAD, signed=signed) == Taken(200, dropped="wrong_signature")


def test_without_a_secret_nobody_can_sign() -> None:
    nobody = [Resident("ada", Secret(""), "UCabc"), Resident("ada", None, "UCabc")]
    assert told(UPLOAD, *nobody, signed=signature(UPLOAD, Secret(""))) == Taken(200, dropped="wrong_signature")


def test_a_channel_that_nobody_follows_is_404() -> None:
    request = inbound(UPLOAD, x_hub_signature=signature(UPLOAD))
    assert refusal(let_in(youtube().receive(request), {})) == (404, "unknown_channel")


def test_the_same_version_of_a_video_is_a_repeat_and_an_edit_is_not() -> None:
    (once,), (again,) = parcels(told(UPLOAD)), parcels(told(UPLOAD))
    (edit,) = parcels(told(edited(updated="2026-11-20T15:00:00+00:00", title="Better")))
    assert once.delivery_id == again.delivery_id != edit.delivery_id
    assert (once.kind, edit.kind) == ("upload", "edit")


def test_a_removed_video_is_told_too() -> None:
    (parcel,) = parcels(told(DELETED))
    assert parcel == Parcel("ada", "VID123:2026-11-20T12:00:00.000000+00:00:deleted", "deletion")


BOMB = b"""<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<feed xmlns="http://www.w3.org/2005/Atom"><title>&b;</title></feed>"""
FILE = (
    b"""<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]><feed xmlns="http://www.w3.org/2005/Atom">&x;</feed>"""
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<feed",
        b"{}",
        b"<feed/>",
        b'<feed xmlns="http://www.w3.org/2005/Atom"/>',
        b"<html></html>",
        b"\xff\xfe<\x00f\x00",
        BOMB,
        BOMB.decode().encode("utf-16"),
        FILE,
        b"<!DOCTYPE feed>" + UPLOAD,
        b"<a>" * 100_000,
        UPLOAD.replace(b"<entry>", b"<x>" * 20 + b"</x>" * 20 + b"<entry>"),
        UPLOAD.replace(b"<entry>", b"<x/>" * 2000 + b"<entry>"),
        UPLOAD.replace(b"<entry>", b"<x>" + b"x" * 200_000 + b"</x><entry>"),
        b'<?xml version="1.0" encoding="cp037"?>' + UPLOAD.replace(b"New", b"\xff"),
        UPLOAD.replace(b"<yt:videoId>VID123", b"<yt:videoId>VID 123"),
        UPLOAD.replace(b"<yt:videoId>VID123</yt:videoId>", b""),
        UPLOAD.replace(b"<yt:channelId>UCabc</yt:channelId>", b""),
        UPLOAD.replace(b"<yt:channelId>UCabc", b"<yt:channelId>UCother"),
        UPLOAD.replace(b"channel_id=UCabc", b"channel_id=UCother"),
        edited(updated="yesterday"),
        DELETED.replace(b"yt:video:VID123", b"yt:video:"),
        DELETED.replace(b"/channel/UCabc", b"/user/abc"),
        DELETED.replace(b"2026-11-20T12", b"x"),
        UPLOAD.replace(b"</feed>", UPLOAD[UPLOAD.index(b"<entry>") : UPLOAD.index(b"</feed>")] * 60 + b"</feed>"),
    ],
    ids=lambda body: ascii(body[:30]),
)
def test_a_body_that_is_no_feed_is_400(body: bytes) -> None:
    assert refusal(told(body)) == (400, "malformed")


def test_an_entity_is_refused_for_what_it_is() -> None:
    outcome = told(BOMB)
    assert isinstance(outcome, Refused)
    assert "document type" in outcome.message


@settings(deadline=None)
@given(
    st.sampled_from(["GET", "POST"]),
    st.dictionaries(st.sampled_from(["hub.mode", "hub.topic", "hub.challenge"]), st.text() | st.just(TOPIC)),
    st.binary(max_size=300) | st.text().map(lambda text: edited(title=text)),
    st.text(max_size=50),
)
def test_no_request_makes_the_door_fail_in_any_other_way(
    method: str, params: dict[str, str], body: bytes, signed: str
) -> None:
    request = inbound(body, method, params, x_hub_signature=signed)
    assert let_in(youtube().receive(request), {"UCabc": [ADA]}).status in (200, 400, 404)


# -- in words ---------------------------------------------------------------------------------------


def parse(body: bytes) -> Any:
    return youtube().parse(Delivery(ConnectionKey("ada", "youtube"), "d-1", "upload", body, NOW))


def test_an_upload_is_a_line_and_an_item_that_the_poll_would_know_again() -> None:
    happening = parse(UPLOAD)
    assert happening.fields == {
        "who": "CS Talks",
        "what": "uploaded “New upload”",
        "where": "YouTube",
        "url": "https://www.youtube.com/watch?v=VID123",
        "message": "CS Talks uploaded “New upload”",
    }
    (item,) = happening.items
    assert (item.data_type, item.external_id, item.at) == ("uploads", "VID123", 1_795_173_600.0)
    assert (item.raw["title"], item.raw["channel"], item.raw["author"]) == ("New upload", "UCabc", "CS Talks")
    assert happening.fetch is False


def test_an_edit_is_told_as_such_and_is_the_same_video() -> None:
    happening = parse(edited(updated="2026-11-20T15:00:00+00:00", title="Better"))
    assert happening.fields["message"] == "CS Talks changed “Better”"
    assert happening.items[0].external_id == "VID123"


def test_a_title_that_was_mended_at_once_is_an_upload_only_where_it_was_not_told_before() -> None:
    happening = parse(edited(updated="2026-11-20T11:30:00+00:00"))
    assert happening.fields["message"] == "CS Talks uploaded “New upload”"
    assert (happening.again["message"], happening.again["kind"]) == ("CS Talks changed “New upload”", "edit")
    assert parse(DELETED).again == {}


def test_all_that_is_told_of_a_video_has_ids_that_begin_with_it() -> None:
    for body in (UPLOAD, DELETED, edited(updated="2026-11-20T11:30:00+00:00")):
        (parcel,) = parcels(told(body))
        assert parcel.delivery_id.startswith(f"{parse(body).about}:")


def test_a_removal_is_a_line_without_an_item() -> None:
    happening = parse(DELETED)
    assert (happening.fields["message"], happening.fields["url"]) == ("CS Talks removed a video", None)
    assert happening.items == []


@pytest.mark.parametrize("name", ["title", "name", "uri", "published"])
def test_what_is_missing_is_left_out(name: str) -> None:
    body = UPLOAD.decode()
    before, _, rest = body.rpartition(f"<{name}>")
    happening = parse((before + rest.partition(f"</{name}>")[2]).encode())
    assert happening.fields["message"]
    assert happening.items[0].at is not None


def test_an_address_that_is_none_is_no_link() -> None:
    assert parse(edited(uri="javascript:alert(1)")).items[0].raw["author_url"] is None


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_whatever_was_stored_has_its_line(body: bytes) -> None:
    assert parse(body).fields["message"]
