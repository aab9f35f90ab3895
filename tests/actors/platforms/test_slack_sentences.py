"""Slack's events made readable, and the messages that they carry."""

import json
from typing import Any

import pytest

from actors.platforms.base import Happening
from tests.actors.platforms.doors import ACME, delivery, slack
from tests.fakes.conversation import answer, drive, external_ids, payload

NAMES = {"conversations:names": '{"C012AB3CD": "general"}'}


def told(name: str, *, plain: bool = False, **event: Any) -> Happening:
    """The event of this name with changes; `plain`: with nothing known of the account."""
    body = payload(f"slack/{name}")
    body["event"] |= event
    arrived = delivery("slack", body["event"]["type"], json.dumps(body).encode())
    return slack().parse(arrived) if plain else slack().parse_for(arrived, ACME, NAMES)


def line(name: str, *, plain: bool = False, **event: Any) -> str | None:
    return told(name, plain=plain, **event).fields["message"]


GRACE = {"user_profile": {"display_name": "Grace", "real_name": "Grace Hopper"}}


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({}, "Somebody wrote in #general: “ship it”"),
        (GRACE, "Grace wrote in #general: “ship it”"),
        ({"user": "U1234"}, "You wrote in #general: “ship it”"),
        ({"channel": "D0GRACE12", "channel_type": "im"}, "Somebody wrote in a direct message: “ship it”"),
        ({"channel": "G0GROUP12", "channel_type": "mpim"}, "Somebody wrote in a group message: “ship it”"),
        ({"channel": "C0UNKNOWN", "channel_type": "channel"}, "Somebody wrote in a channel: “ship it”"),
        ({"thread_ts": "1795170000.000100"}, "Somebody replied in #general: “ship it”"),
        ({"subtype": "file_share"}, "Somebody shared a file in #general: “ship it”"),
        ({"files": [{}], "text": ""}, "Somebody shared a file in #general"),
        ({"subtype": "bot_message", "username": "Deploys"}, "Deploys wrote in #general: “ship it”"),
        ({"subtype": "channel_join"}, "Somebody joined #general"),
        ({"subtype": "message_deleted", "previous_message": {}}, "A message in #general was deleted"),
        ({"subtype": "message_deleted", "previous_message": GRACE}, "Grace's message in #general was deleted"),
        ({"subtype": "message_deleted", "previous_message": {"user": "U1234"}}, "Your message in #general was deleted"),
        ({"subtype": "channel_topic", "text": "set the topic: tea"}, "A note in #general: “set the topic: tea”"),
        ({"subtype": "channel_topic", "text": ""}, "Slack event “message”"),
        ({"text": None}, "Somebody wrote in #general"),
    ],
    ids=str,
)
def test_a_message_says_who_wrote_what_and_where(event: dict[str, Any], sentence: str) -> None:
    assert line("message", **event) == sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("reaction_added", "Somebody reacted with :rocket: to your message in #general"),
        ("channel_created", "Somebody created #launch"),
        ("channel_rename", "#general is called #shipping now"),
        ("channel_archive", "Somebody archived #general"),
        ("channel_deleted", "Somebody deleted #general"),
        ("member_joined_channel", "You joined #general"),
        ("tokens_revoked", "The access was withdrawn at Slack"),
        ("app_uninstalled", "The app was removed from the Slack workspace"),
    ],
)
def test_each_kind_has_its_sentence(name: str, sentence: str) -> None:
    assert line(name) == sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("message", "Somebody wrote in a channel: “ship it”"),
        ("reaction_added", "Somebody reacted with :rocket: to a message in a conversation"),
        ("channel_rename", "A channel is called #shipping now"),
        ("channel_archive", "Somebody archived a channel"),
    ],
)
def test_where_no_name_is_known_none_is_made_up(name: str, sentence: str) -> None:
    assert line(name, plain=True) == sentence


REWRITTEN = {"user": "U1234", "text": "ship it now", "edited": {"user": "U1234", "ts": "1795173700.000000"}}


@pytest.mark.parametrize(
    ("message", "before", "sentence"),
    [
        (REWRITTEN, {}, "You edited a message in #general: “ship it now”"),
        (REWRITTEN, {"edited": {"ts": "1795173650.000000"}}, "You edited a message in #general: “ship it now”"),
        (REWRITTEN | {"text": ""}, {}, "You edited a message in #general"),
        (REWRITTEN, {"edited": REWRITTEN["edited"]}, "Your message in #general has changed"),
        (GRACE | {"text": "https://a.example"}, {}, "Grace's message in #general has changed"),
        ({"text": "https://a.example"}, {}, "A message in #general has changed"),
    ],
    ids=str,
)
def test_a_preview_that_slack_adds_to_a_message_is_nobodys_edit(
    message: dict[str, Any], before: dict[str, Any], sentence: str
) -> None:
    event = {"subtype": "message_changed", "message": message, "previous_message": before}
    assert line("message", **event) == sentence


def test_other_kinds_are_told_plainly() -> None:
    assert line("message", type="team_domain_change") == "Slack event “team domain change”"


def test_the_link_leads_to_the_message() -> None:
    assert told("message").fields["url"] == "https://acme.slack.com/archives/C012AB3CD/p1795173600000100"
    assert told("message", plain=True).fields["url"] == "https://app.slack.com/client/T9TK3CUKW/C012AB3CD"
    assert told("channel_archive").fields["url"] == "https://acme.slack.com/archives/C012AB3CD"


def test_the_link_to_a_reply_leads_into_its_thread() -> None:
    reply = told("message", thread_ts="1795170000.000100").fields["url"]
    page = "https://acme.slack.com/archives/C012AB3CD/p1795173600000100"
    assert reply == f"{page}?thread_ts=1795170000.000100&cid=C012AB3CD"
    assert told("message", thread_ts="1795173600.000100").fields["url"] == page


def test_programs_learn_who_by_number_where_no_name_is_there() -> None:
    assert told("message").fields["who"] == "U5678"
    assert told("message", **GRACE).fields["who"] == "Grace"
    assert told("message", user="U1234").fields["who"] == "You"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<@U5678> look at <https://example.com/a|this> &amp; that", "@somebody look at this & that"),
        ("<@U5678|grace> in <#C012AB3CD|general>", "@grace in #general"),
        ("<@U1234> and <@U1234|ada> in <#C012AB3CD>, <#C0UNKNOWN|>", "@you and @you in #general, #a-channel"),
        ("<https://example.com/a>", "https://example.com/a"),
        ("<!here> <!subteam^S1|@team> <!date^1^x|today>", "@here @team today"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("two\nlines", "two lines"),
    ],
)
def test_slacks_markup_is_shown_as_people_see_it(text: str, shown: str) -> None:
    assert line("message", text=text) == f"Somebody wrote in #general: “{shown}”"


# -- items ------------------------------------------------------------------------------------------


def test_a_message_by_event_is_the_same_item_as_by_poll() -> None:
    (pushed,) = told("message").items
    polled = drive(
        slack().poll(ACME, {"round": "1 C012AB3CD", "people:names": '{"U5678":""}'}, 1_795_180_000.0),
        [answer(200, payload("slack/history"))],
    ).items[0]
    assert (pushed.data_type, pushed.external_id, pushed.at) == (polled.data_type, polled.external_id, polled.at)
    assert pushed.external_id == "C012AB3CD:1795173600.000100"


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        ({"subtype": "thread_broadcast"}, True),
        ({"subtype": "file_share"}, True),
        ({"thread_ts": "1795170000.000100"}, True),
        ({"bot_id": "B1", "app_id": "A0OTHERAPP"}, True),
        ({"bot_id": "B1", "app_id": "A0KRD7HC3"}, False),
        ({"subtype": "message_changed"}, False),
        ({"subtype": "message_deleted"}, False),
        ({"subtype": "channel_join"}, False),
        ({"ts": 1795173600.0001}, False),
        ({"ts": "1795173600"}, False),
        ({"channel": None}, False),
    ],
    ids=str,
)
def test_what_somebody_said_is_kept_and_nothing_else(event: dict[str, Any], kept: bool) -> None:
    assert len(told("message", **event).items) == kept


def test_a_new_channel_is_the_same_item_as_by_poll() -> None:
    assert external_ids(told("channel_created").items) == ["C0NEWCHAN"]


@pytest.mark.parametrize(
    ("name", "reason"), [("tokens_revoked", "user_revoked"), ("app_uninstalled", "app_uninstalled")]
)
def test_the_end_of_a_grant_is_told_as_such(name: str, reason: str) -> None:
    ended = told(name).ended
    assert ended is not None
    assert ended.reason == reason
    assert ended.hint.endswith("Please reconnect.")
    assert ended.at is not None, "Slack sends again for hours: by then the user may have reconnected"


def test_no_message_ends_a_grant() -> None:
    assert told("message", text="tokens_revoked").ended is None
