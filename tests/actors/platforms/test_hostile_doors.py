"""Whatever comes to a shared door, signed or not, ends in an answer; whatever was stored ends in a line."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Handshake, Happening, Inbound, Refused, Taken
from actors.platforms.failures import PlatformError
from tests.actors.platforms.doors import (
    ACME,
    NELLY,
    delivery,
    discord,
    from_discord,
    from_slack,
    linkedin,
    receive,
    slack,
)
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import answer, drive, payload

WORDS = [
    "type", "event", "event_id", "team_id", "authorizations", "user_id", "enterprise_id", "user", "channel", "text",
    "ts", "thread_ts", "subtype", "message", "previous_message", "item", "item_user", "reaction", "id", "name", "files",
    "creator", "created", "tokens", "oauth", "challenge", "data", "timestamp", "username", "global_name", "guild",
    "event_callback", "url_verification", "app_rate_limited", "app_uninstalled", "tokens_revoked", "channel_created",
    "reaction_added", "message_changed", "T9TK3CUKW", "U1234", "C012AB3CD", "1795173600.000100", "80351110224678912",
    "APPLICATION_DEAUTHORIZED", "ENTITLEMENT_CREATE", "user_profile", "display_name", "bot_profile", "<@U1>", "<",
]  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(WORDS)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(), inner, max_size=6),
    max_leaves=40,
)
objects = st.dictionaries(st.sampled_from(WORDS) | st.text(), values, max_size=8)
SLACK_KINDS = [
    "message", "reaction_added", "reaction_removed", "channel_created", "channel_rename", "channel_archive",
    "channel_deleted", "member_joined_channel", "tokens_revoked", "app_uninstalled", "x",
]  # fmt: skip
DISCORD_KINDS = ["APPLICATION_AUTHORIZED", "APPLICATION_DEAUTHORIZED", "ENTITLEMENT_CREATE", "LOBBY_MESSAGE_CREATE"]


class Everybody(dict[str, Any]):
    """Somebody lives at each address."""

    def get(self, address: str, default: Any = None) -> Any:
        return ["ada"]


def check_answer(verdict: Taken | Handshake | Refused) -> None:
    assert verdict.status in (200, 204, 400, 401)
    for parcel in getattr(verdict, "parcels", ()):
        assert 0 < len(parcel.delivery_id) <= 128
        assert 0 < len(parcel.kind) <= 64
        assert parcel.kind.isascii()


def check_line(told: Happening) -> None:
    assert set(told.fields) == {"who", "what", "where", "url", "message"}
    assert told.fields["message"]
    for item in told.items:
        assert 0 < len(item.external_id) <= 255
        assert item.external_id.isprintable()
    json.dumps([dict(told.fields), [item.raw for item in told.items]], ensure_ascii=False).encode()


# -- doors ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(values | st.builds(lambda event: {"type": "event_callback", "event_id": "Ev1", "event": event}, values))
def test_any_json_that_slack_signed_has_its_answer(sent: Any) -> None:
    check_answer(receive(slack().receive(from_slack(json.dumps(sent).encode())), Everybody())[0])


@settings(deadline=None)
@given(objects)
def test_any_change_of_an_event_of_slacks_has_its_answer(changes: dict[str, Any]) -> None:
    sent = json.dumps(payload("slack/message") | changes).encode()
    check_answer(receive(slack().receive(from_slack(sent)), Everybody())[0])


@settings(deadline=None)
@given(values | st.builds(lambda event: {"type": 1, "event": event}, objects))
def test_any_json_that_discord_signed_has_its_answer(sent: Any) -> None:
    check_answer(receive(discord().receive(from_discord(json.dumps(sent).encode())), Everybody())[0])


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_signed_bytes_have_their_answer(sent: bytes) -> None:
    check_answer(receive(slack().receive(from_slack(sent)), Everybody())[0])
    check_answer(receive(discord().receive(from_discord(sent)), Everybody())[0])


HEADERS = ["x-slack-signature", "x-slack-request-timestamp", "x-signature-ed25519", "x-signature-timestamp"]


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(HEADERS), st.text(max_size=200) | st.just(f"{int(NOW)}") | st.just("00" * 64)),
    st.binary(max_size=200),
)
def test_no_stranger_gets_past_the_signature_or_breaks_it(headers: dict[str, str], sent: bytes) -> None:
    for platform in (slack(), discord()):
        verdict, asked = receive(platform.receive(Inbound(headers, sent, NOW)), Everybody())
        assert verdict.status == 401
        assert asked == []


def test_a_list_of_a_million_named_users_is_cut() -> None:
    named = [{"team_id": "T1", "user_id": f"U{number}"} for number in range(100_000)]
    sent = json.dumps(payload("slack/message") | {"authorizations": named}).encode()
    _, asked = receive(slack().receive(from_slack(sent)), {"T1:U1": ["ada"]})
    assert len(asked) <= 1001


# -- lines ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.sampled_from(SLACK_KINDS), values, st.text() | st.just('{"C012AB3CD":"general"}'))
def test_any_event_of_slacks_has_its_line(kind: str, event: Any, names: str) -> None:
    sent = delivery("slack", kind, json.dumps({"event": event, "team_id": "T1"}).encode())
    check_line(slack().parse(sent))
    check_line(slack().parse_for(sent, ACME, {"conversations:names": names}))


@settings(deadline=None)
@given(st.sampled_from(SLACK_KINDS), objects)
def test_any_change_of_a_message_has_its_line(kind: str, changes: dict[str, Any]) -> None:
    body = payload("slack/message")
    body["event"] |= changes
    check_line(slack().parse_for(delivery("slack", kind, json.dumps(body).encode()), ACME, {}))


@settings(deadline=None)
@given(st.sampled_from(DISCORD_KINDS), values)
def test_any_event_of_discords_has_its_line(kind: str, data: Any) -> None:
    check_line(discord().parse(delivery("discord", kind, json.dumps({"event": {"data": data}}).encode())))


@settings(deadline=None)
@given(st.text(max_size=300), st.binary(max_size=300))
def test_any_bytes_of_any_kind_have_their_line(kind: str, sent: bytes) -> None:
    check_line(slack().parse(delivery("slack", kind, sent)))
    check_line(discord().parse(delivery("discord", kind, sent)))


def everywhere(value: Any) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [()]
    return [()] + [(name, *path) for name, child in value.items() for path in everywhere(child)]


@pytest.mark.parametrize("name", ["message", "reaction_added", "channel_created", "channel_rename", "tokens_revoked"])
@pytest.mark.parametrize(
    "junk", [None, 7, -1.5, "", "x", [], {}, True, "z" * 100_000, 10**40], ids=lambda j: str(j)[:9]
)
def test_a_real_event_with_one_value_spoiled_has_its_answer_and_its_line(name: str, junk: Any) -> None:
    kind = payload(f"slack/{name}")["event"]["type"]
    for path in everywhere(payload(f"slack/{name}"))[1:]:
        body = place = payload(f"slack/{name}")
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = junk
        sent = json.dumps(body).encode()
        check_answer(receive(slack().receive(from_slack(sent)), Everybody())[0])
        check_line(slack().parse_for(delivery("slack", kind, sent), ACME, {}))


# -- polls ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(values, st.dictionaries(st.sampled_from(["round", "read:C1", "page:C1"]), st.text() | st.just("1 C1")))
def test_any_history_is_read_or_a_trouble_with_slack(messages: Any, cursors: dict[str, str]) -> None:
    conversation = slack().poll(ACME, {"round": "1 C1", **cursors}, NOW)
    replies = [answer(200, {"ok": True, "messages": messages, "channels": messages})] * 6
    try:
        step: Any = next(conversation)
        while True:
            step = conversation.send(replies.pop() if hasattr(step, "method") else None)
    except (StopIteration, PlatformError):
        return


@settings(deadline=None)
@given(values, st.none() | st.text())
def test_any_list_of_servers_is_read_or_a_trouble_with_discord(body: Any, seen: str | None) -> None:
    told = drive(discord().poll(NELLY, {"guilds": seen} if seen else {}, NOW), [answer(200, body)])
    assert told.error is None or isinstance(told.error, PlatformError)


@settings(deadline=None)
@given(values, st.sampled_from([200, 400, 401, 403, 429, 500]))
def test_any_answer_is_read_or_a_trouble_with_linkedin(body: Any, status: int) -> None:
    told = drive(linkedin().identify(), [answer(status, body)])
    assert told.error is None or isinstance(told.error, PlatformError)
