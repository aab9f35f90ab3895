"""Polling Slack: one conversation each time, one call a minute in a workspace, and nothing read twice or lost."""

from typing import Any

import pytest

from actors.platforms.base import Answer, Limit
from actors.platforms.failures import BadAnswer, GrantRefused, PlatformError, RateLimited
from tests.actors.platforms.doors import ACME, slack
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import Conversation, answer, drive, external_ids, payload

LISTED = answer(200, payload("slack/conversations"))
READ = answer(200, payload("slack/history"))
GRACE = {"people:names": '{"U5678":"grace"}'}
EMPTY = answer(200, {"ok": True, "messages": [], "has_more": False})


def poll(cursors: dict[str, str], *answers: Answer | PlatformError) -> Conversation:
    """The cursors given are brought up to date."""
    told = drive(slack().poll(ACME, dict(cursors), NOW), answers)
    cursors |= told.cursors
    return told


def begin(listed: Answer = LISTED) -> dict[str, str]:
    """The cursors once a first round has begun."""
    cursors = dict(GRACE)
    poll(cursors, listed)
    return cursors


def page(*stamps: str, following: str = "") -> Answer:
    messages = [{"type": "message", "user": "U5678", "text": "x", "ts": ts} for ts in stamps]
    said = {"ok": True, "messages": messages, "has_more": bool(following)}
    return answer(200, said | {"response_metadata": {"next_cursor": following}})


def test_a_round_begins_with_the_list_of_conversations() -> None:
    told = poll({}, LISTED)
    assert told.called == ["GET http://sl/api/users.conversations"]
    assert {item.data_type for item in told.items} == {"conversations"}
    assert external_ids(told.items) == ["C012AB3CD", "C0RANDOM1", "D0GRACE12"]
    assert (told.result.rest_in, told.result.unread) == (1, True)


def test_the_next_poll_reads_the_first_of_them() -> None:
    told = poll(begin(), READ)
    assert told.called == ["GET http://sl/api/conversations.history"]
    assert dict(told.calls[0].params) == {"channel": "C012AB3CD", "limit": 15}
    assert (told.result.rest_in, told.result.unread) == (60, True)


def test_a_message_is_named_by_its_conversation_and_its_timestamp_as_text() -> None:
    messages = poll(begin(), READ).items
    assert external_ids(messages) == ["C012AB3CD:1795173600.000100", "C012AB3CD:1795172400.000900"]
    assert messages[0].raw["channel"] == "C012AB3CD"
    assert messages[0].raw["reactions"]
    assert messages[0].at == 1_795_173_600.0001


def test_each_call_for_messages_counts_against_its_workspace() -> None:
    cursors = begin()
    limits = [call.limit for reply in (READ, EMPTY, EMPTY) for call in poll(cursors, reply).calls]
    assert limits == [Limit("conversations.history:T9TK3CUKW", 60.0)] * 3


def round_done() -> dict[str, str]:
    cursors = begin()
    for reply in (READ, EMPTY, EMPTY):
        poll(cursors, reply)
    return cursors


def test_a_round_goes_through_all_conversations_and_then_rests_until_the_next_poll() -> None:
    cursors = begin()
    told = [poll(cursors, reply) for reply in (READ, EMPTY, EMPTY)]
    assert [one.calls[0].params["channel"] for one in told] == ["C012AB3CD", "C0RANDOM1", "D0GRACE12"]
    assert [one.result.rest_in for one in told] == [60, 60, None]
    assert poll(cursors, LISTED).called == ["GET http://sl/api/users.conversations"]


def test_a_second_round_is_no_hurry_and_goes_on_from_the_last_message_known() -> None:
    cursors = round_done()
    assert not poll(cursors, LISTED).result.unread
    told = poll(cursors, READ)
    assert told.calls[0].params["oldest"] == "1795173600.000100"
    assert told.calls[0].params["inclusive"] == "false"
    assert not told.result.unread


def test_a_limit_reached_in_the_midst_of_a_round_costs_no_second_list() -> None:
    cursors = begin()
    poll(cursors, answer(429, {"ok": False, "error": "ratelimited"}))
    assert poll(cursors, READ).called == ["GET http://sl/api/conversations.history"]


def test_a_conversation_that_is_new_in_a_later_round_comes_first() -> None:
    cursors = round_done()
    body = payload("slack/conversations")
    body["channels"].append({"id": "C0BRANDNEW", "name": "new", "is_member": True})
    assert poll(cursors, answer(200, body)).result.unread
    told = poll(cursors, EMPTY)
    assert told.calls[0].params["channel"] == "C0BRANDNEW"
    assert not told.result.unread


def test_an_empty_conversation_is_read_from_now_on() -> None:
    cursors = begin()
    poll(cursors, EMPTY)
    assert cursors["read:C012AB3CD"] == "1795180000.000000"


KNOWN = GRACE | {
    "round": "2 C012AB3CD,C0RANDOM1",
    "read:C012AB3CD": "1795100000.000100",
    "read:C0RANDOM1": "1795100000.000100",
}


def test_more_news_than_a_page_are_read_back_page_by_page_before_the_next_conversation() -> None:
    cursors = dict(KNOWN)
    first = poll(cursors, page("1795173600.000300", "1795173600.000200", following="bmV4dA=="))
    assert first.result.rest_in == 60
    assert cursors["read:C012AB3CD"] == "1795100000.000100"
    second = poll(cursors, page("1795173600.000100"))
    assert second.calls[0].params["cursor"] == "bmV4dA=="
    assert second.calls[0].params["oldest"] == "1795100000.000100"
    assert cursors["read:C012AB3CD"] == "1795173600.000300"
    assert poll(cursors, EMPTY).calls[0].params["channel"] == "C0RANDOM1"


def test_a_first_read_takes_one_page_and_does_not_dig_for_years() -> None:
    cursors = begin()
    poll(cursors, page("1795173600.000300", following="bmV4dA=="))
    assert poll(cursors, EMPTY).calls[0].params["channel"] == "C0RANDOM1"


def test_a_first_read_tells_how_far_it_has_come() -> None:
    cursors = begin()
    pages = [poll(cursors, reply).pages[0] for reply in (READ, EMPTY, EMPTY)]
    done = [(page.done, page.total) for page in pages]
    assert done == [(1, 3), (2, 3), (3, 3)]


def test_a_round_that_is_begun_anew_has_read_back_nowhere() -> None:
    cursors = KNOWN | {"round": "", "page:C012AB3CD": "bmV4dA== 1795173600.000300"}
    poll(cursors, LISTED)
    assert cursors["page:C012AB3CD"] == ""
    assert cursors["read:C012AB3CD"] == "1795100000.000100"


def test_a_place_that_slack_has_forgotten_is_read_again_from_the_newest() -> None:
    cursors = KNOWN | {"page:C012AB3CD": "bmV4dA== 1795173600.000300"}
    gone = poll(cursors, answer(200, {"ok": False, "error": "invalid_cursor"}))
    assert gone.error is None
    told = poll(cursors, page("1795173600.000400"))
    assert "cursor" not in told.calls[0].params
    assert told.calls[0].params["oldest"] == "1795100000.000100"


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel"])
def test_a_conversation_that_can_not_be_read_does_not_hold_up_the_others(error: str) -> None:
    cursors = dict(KNOWN)
    told = poll(cursors, answer(200, {"ok": False, "error": error}))
    assert told.error is None
    assert poll(cursors, EMPTY).calls[0].params["channel"] == "C0RANDOM1"


def test_many_conversations_are_listed_over_several_pages() -> None:
    first = payload("slack/conversations") | {"response_metadata": {"next_cursor": "dGVhbQ=="}}
    second = payload("slack/conversations")
    second["channels"] = [{"id": "C0SECOND1", "name": "second"}]
    told = poll({}, answer(200, first), answer(200, second))
    assert told.calls[1].params["cursor"] == "dGVhbQ=="
    assert told.cursors["round"].startswith("4 ")


def test_a_channel_that_the_user_is_not_in_is_none_of_theirs() -> None:
    body = payload("slack/conversations")
    body["channels"][0]["is_member"] = False
    assert external_ids(poll({}, answer(200, body)).items) == ["C0RANDOM1", "D0GRACE12"]


def test_nobody_without_conversations_is_asked_for_messages() -> None:
    told = poll({}, answer(200, {"ok": True, "channels": []}))
    assert told.error is None
    assert told.result.rest_in is None


def test_notes_of_slacks_own_are_no_messages() -> None:
    kept = ["1.0", "2.0", "3.0"]
    messages = [
        {"type": "message", "subtype": subtype, "ts": f"{at}.0", "text": "x"}
        for at, subtype in enumerate(
            ["thread_broadcast", "file_share", "me_message", "channel_join", "channel_topic", "bot_message"], 1
        )
    ]
    told = poll(dict(KNOWN), answer(200, {"ok": True, "messages": messages}))
    assert external_ids(told.items) == [f"C012AB3CD:{ts}" for ts in kept]


def test_a_limit_says_how_long_to_wait_for_this_workspace() -> None:
    told = poll(dict(KNOWN), answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "42"}))
    assert isinstance(told.error, RateLimited)
    assert told.error.retry_after == 42
    assert slack().limit_scope == "user"


def test_a_token_that_was_withdrawn_ends_the_poll_for_good() -> None:
    told = poll(dict(KNOWN), answer(200, {"ok": False, "error": "token_revoked"}))
    assert isinstance(told.error, GrantRefused)


@pytest.mark.parametrize("body", [{}, [], {"ok": True}, {"ok": True, "messages": {}}, b"<html>", b""], ids=str)
def test_what_has_no_messages_is_a_bad_answer(body: Any) -> None:
    assert isinstance(poll(dict(KNOWN), answer(200, body)).error, BadAnswer)


def test_a_round_that_makes_no_sense_is_begun_anew() -> None:
    assert poll({"round": "x <>"}, LISTED).called == ["GET http://sl/api/users.conversations"]


@pytest.mark.parametrize(
    ("kind", "count", "line"),
    [("messages", 1, "1 new message at Slack"), ("conversations", 2, "2 new conversations at Slack")],
)
def test_what_was_found_is_told_in_words(kind: str, count: int, line: str) -> None:
    assert slack().found(kind, count) == line
