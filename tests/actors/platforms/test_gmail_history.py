"""Reading a mailbox: its newest messages once, then what its history says was added."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Answer, Page
from actors.platforms.failures import BadAnswer, PlatformError, RateLimited
from tests.actors.platforms.googlers import ADA, SUB, gmail
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import Conversation, answer, drive, external_ids, payload

API = "http://127.0.0.1:1/gm/gmail/v1/users/me"
AT = 1_795_173_600_000
FROM_5 = {"messages:history": "5"}
GONE = answer(404, payload("gmail/not_found"))
LIMIT = answer(403, {"error": {"errors": [{"reason": "userRateLimitExceeded"}], "code": 403, "message": "Slow down"}})


def poll(cursors: dict[str, str], *answers: Answer | PlatformError) -> Conversation:
    return drive(gmail().poll(ADA, cursors, NOW), answers)


def message(id_: str, at: int = AT, **others: Any) -> Answer:
    return answer(200, payload("gmail/message") | {"id": id_, "internalDate": str(at)} | others)


def history(*records: tuple[int, list[str]], upto: Any = "9", **others: Any) -> Answer:
    """Records by id, each with the messages that it added."""
    said: dict[str, Any] = {"historyId": upto} | others
    if records:
        said["history"] = [
            {"id": str(id_), "messagesAdded": [{"message": {"id": one, "labelIds": ["INBOX"]}} for one in added]}
            for id_, added in records
        ]
    return answer(200, said)


def listing(*ids: str, **others: Any) -> Answer:
    return answer(200, ({"messages": [{"id": id_, "threadId": id_} for id_ in ids]} if ids else {}) | others)


PROFILE = answer(200, payload("gmail/profile"))


# -- who --------------------------------------------------------------------------------------------


def test_the_mailboxs_address_is_kept_in_small_letters_for_pushes_name_it() -> None:
    told = drive(gmail().identify(), [answer(200, {"sub": SUB, "email": "ada@example.com"}), PROFILE])
    assert told.called[1] == f"GET {API}/profile"
    assert (told.result.id, told.result.name) == (SUB, "Ada@Example.com")
    assert told.result.addresses == ("ada@example.com",)


def test_an_account_without_a_mailbox_is_a_bad_answer() -> None:
    told = drive(gmail().identify(), [answer(200, {"sub": SUB}), answer(200, {})])
    assert isinstance(told.error, BadAnswer)


# -- the first read ---------------------------------------------------------------------------------


def test_where_the_history_stands_is_asked_before_the_messages_are_listed() -> None:
    told = poll({}, PROFILE, listing("b", "a"), message("b", AT), message("a", AT - 5000))
    assert told.called == [
        f"GET {API}/profile",
        f"GET {API}/messages",
        f"GET {API}/messages/b",
        f"GET {API}/messages/a",
    ]
    assert external_ids(told.items) == ["b", "a"]
    assert told.cursors == {"messages:history": "1234567", "messages:latest": str(AT)}
    assert [page.cursors for page in told.pages] == [{}]  # only the end makes them true


def test_a_message_is_stored_as_it_came_at_the_time_it_came_in() -> None:
    (item,) = poll({}, PROFILE, listing("18c2f0a1b2c3d4e5"), message("18c2f0a1b2c3d4e5")).items
    assert (item.data_type, item.at, item.raw) == ("messages", AT / 1000, payload("gmail/message"))


def test_no_body_is_fetched_and_each_call_says_what_it_costs() -> None:
    told = poll({}, PROFILE, listing("a"), message("a"))
    assert told.calls[2].params["format"] == "metadata"
    assert {"From", "Subject", "Date"} <= set(told.calls[2].params["metadataHeaders"])
    assert [call.cost for call in told.calls] == [1, 5, 20]


def test_an_empty_mailbox_has_no_list_at_all() -> None:
    told = poll({}, PROFILE, listing())
    assert told.items == []
    assert told.cursors == {"messages:history": "1234567"}


def test_the_first_hundred_are_told_as_they_come() -> None:
    ids = [f"m{number}" for number in range(100)]
    told = poll({}, PROFILE, listing(*ids, nextPageToken="t"), *map(message, ids))
    assert dict(told.calls[1].params) == {"maxResults": 100}
    assert [(page.done, page.total) for page in told.pages] == [(25, 100), (50, 100), (75, 100), (100, 100)]
    assert len(told.items) == 100


@pytest.mark.parametrize("label", ["DRAFT", "SPAM", "TRASH"])
def test_drafts_and_rubbish_are_no_messages(label: str) -> None:
    assert poll({}, PROFILE, listing("a"), message("a", labelIds=[label])).items == []


def test_a_message_that_was_deleted_meanwhile_is_passed_over() -> None:
    assert external_ids(poll({}, PROFILE, listing("b", "a"), GONE, message("a")).items) == ["a"]


# -- from then on -----------------------------------------------------------------------------------


def test_the_history_is_read_from_where_it_was_left() -> None:
    told = poll(FROM_5, history((7, ["a"]), upto="9"), message("a"))
    asked = {"startHistoryId": "5", "historyTypes": ["messageAdded", "labelRemoved"], "maxResults": 500}
    assert (told.called[0], dict(told.calls[0].params)) == (f"GET {API}/history", asked)
    assert external_ids(told.items) == ["a"]
    assert told.cursors == {"messages:history": "9", "messages:latest": str(AT)}


def test_no_news_is_one_call() -> None:
    told = poll(FROM_5, history(upto="8"))
    assert told.items == []
    assert told.cursors == {"messages:history": "8"}


def test_a_message_in_several_records_is_fetched_once() -> None:
    told = poll(FROM_5, history((6, ["a"]), (7, ["a", "b"])), message("a"), message("b"))
    assert external_ids(told.items) == ["a", "b"]


def test_all_pages_of_the_history_are_read() -> None:
    told = poll(
        FROM_5,
        history((6, ["a"]), upto="9", nextPageToken="2"),
        message("a"),
        history((8, ["b"]), upto="9"),
        message("b"),
    )
    assert told.calls[2].params["pageToken"] == "2"
    assert told.calls[2].params["startHistoryId"] == "5"
    assert external_ids(told.items) == ["a", "b"]
    assert told.cursors["messages:history"] == "9"


@pytest.mark.parametrize("upto", ["3", None, "soon", 4])
def test_the_history_never_goes_back(upto: Any) -> None:
    assert poll(FROM_5, history(upto=upto)).cursors == {"messages:history": "5"}


def test_ids_are_compared_as_numbers() -> None:
    assert poll({"messages:history": "99"}, history(upto="100")).cursors == {"messages:history": "100"}
    assert poll({"messages:history": "100"}, history(upto=99)).cursors == {"messages:history": "100"}


def test_a_draft_that_was_added_is_not_even_fetched() -> None:
    added = [{"message": {"id": "d", "labelIds": ["DRAFT"]}}, {"message": {"id": "a", "labelIds": ["INBOX"]}}]
    said = {"historyId": "9", "history": [{"id": "6", "messagesAdded": added}]}
    assert external_ids(poll(FROM_5, answer(200, said), message("a")).items) == ["a"]


def test_a_limit_in_the_midst_keeps_what_was_read_and_where_it_stands() -> None:
    records = [(10 + number, [f"m{number}"]) for number in range(30)]
    told = poll(FROM_5, history(*records, upto="99"), *[message(f"m{number}") for number in range(26)], LIMIT)
    assert isinstance(told.error, RateLimited)
    assert len(told.items) == 25
    assert told.cursors["messages:history"] == "34"


def removed(label: str, id_: str, *left: str) -> dict[str, Any]:
    return {"message": {"id": id_, "labelIds": list(left)}, "labelIds": [label]}


def test_a_mail_that_is_taken_out_of_the_spam_is_a_mail_and_one_that_was_read_is_no_news() -> None:
    out = [removed("SPAM", "a", "INBOX"), removed("UNREAD", "b", "INBOX"), removed("SPAM", "c", "TRASH")]
    said = {"historyId": "9", "history": [{"id": "6", "labelsRemoved": out}]}
    assert external_ids(poll(FROM_5, answer(200, said), message("a")).items) == ["a"]


def many(count: int) -> list[str]:
    return [f"m{number}" for number in range(count)]


def test_no_more_are_fetched_in_a_minute_than_gmail_allows_a_user() -> None:
    ids = many(600)
    told = poll(FROM_5, history(*[(10, [one]) for one in ids], upto="99"), *map(message, ids))
    waited = [number for number, call in enumerate(told.calls[1:]) if call.after]
    assert waited == [250, 500]
    assert {told.calls[1 + number].after for number in waited} == {60}
    assert len(told.items) == 600
    assert told.result.rest_in is None


def test_a_poll_of_very_many_ends_before_its_token_does_and_the_next_goes_on() -> None:
    ids = many(1600)
    told = poll(
        FROM_5, history(*[(10 + at, [one]) for at, one in enumerate(ids)], upto="9999"), *map(message, ids[:1500])
    )
    assert len(told.items) == 1500
    assert told.cursors["messages:history"] == str(10 + 1499)
    assert (told.result.rest_in, told.result.unread) == (60, True)


def test_after_a_long_absence_the_read_of_the_newest_goes_back_as_far_as_there_is_news() -> None:
    ids = many(700)
    cursors = FROM_5 | {"messages:latest": str(AT)}
    lists = [listing(*ids[at : at + 100], nextPageToken=str(at)) for at in range(0, 600, 100)] + [listing(*ids[600:])]
    told = poll(cursors, GONE, PROFILE, *lists, *[message(one, AT + 1000) for one in ids])
    assert len(told.items) == 700
    assert sum(call.after for call in told.calls) == 120


# -- a history that doesn't reach back --------------------------------------------------------------


def test_a_history_id_that_is_too_old_is_a_read_of_the_newest_without_repeats() -> None:
    cursors = FROM_5 | {"messages:latest": str(AT)}
    told = poll(cursors, GONE, PROFILE, listing("b", "a"), message("b", AT + 1000), message("a", AT))
    assert external_ids(told.items) == ["b", "a"]  # `a` is known by its id where it is stored
    assert told.cursors == {"messages:history": "1234567", "messages:latest": str(AT + 1000)}


def test_that_read_ends_where_the_known_ones_begin() -> None:
    ids = [f"m{number}" for number in range(75)]
    cursors = FROM_5 | {"messages:latest": str(AT)}
    new = [message(id_, AT + 1000) for id_ in ids[:25]]
    known = [message(id_, AT - 1000) for id_ in ids[25:50]]
    told = poll(cursors, GONE, PROFILE, listing(*ids), *new, *known)
    assert len(told.items) == 50
    assert told.cursors["messages:latest"] == str(AT + 1000)


def test_a_cursor_that_makes_no_sense_is_a_first_read() -> None:
    assert poll({"messages:history": "x"}, PROFILE, listing()).cursors == {"messages:history": "1234567"}


# -- whatever comes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [[], "x", 7, b"<html>"], ids=str)
def test_a_history_or_a_list_that_is_none_is_a_bad_answer(body: Any) -> None:
    assert isinstance(poll(FROM_5, answer(200, body)).error, BadAnswer)
    assert isinstance(poll({}, PROFILE, answer(200, body)).error, BadAnswer)
    assert isinstance(poll({}, answer(200, body)).error, BadAnswer)


WORDS = st.sampled_from(
    ["historyId", "history", "id", "messagesAdded", "message", "messages", "labelIds", "nextPageToken", "internalDate"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.booleans(), st.lists(values, min_size=1, max_size=4))
def test_any_answer_is_read_or_a_trouble_with_gmail(first: bool, bodies: list[Any]) -> None:
    conversation = gmail().poll(ADA, {} if first else FROM_5, NOW)
    step: Any = next(conversation)
    try:
        for body in bodies * 50:
            step = conversation.send(None if isinstance(step, Page) else answer(200, body))
    except (StopIteration, PlatformError):
        return
