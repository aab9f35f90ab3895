"""Reading calendars: all that is on once, then what has changed since the sync token."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Answer, Page
from actors.platforms.failures import BadAnswer, Forbidden, PlatformDown, PlatformError, RateLimited
from actors.platforms.google_calendar import changes
from tests.actors.platforms.googlers import ADA, calendar
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import Conversation, answer, drive, external_ids, payload

API = "http://127.0.0.1:1/gc/calendar/v3"
MINE, TEAM = "ada@example.com", "team@example.com"
LIST = answer(200, payload("calendar/list"))
GONE = answer(410, payload("calendar/gone"))
KNOWN = {"calendars": json.dumps([MINE]), "calendars:at": str(int(NOW) - 60), f"events:{MINE}": "token-1"}


def poll(cursors: dict[str, str], *answers: Answer | PlatformError, calendars: int = 10) -> Conversation:
    return drive(calendar(calendars=calendars).poll(ADA, cursors, NOW), answers)


def events(*items: Any, following: str | None = "token-2", page: str | None = None) -> Answer:
    said = payload("calendar/events") | {"items": list(items)}
    del said["nextSyncToken"]
    return answer(200, said | ({"nextPageToken": page} if page else {"nextSyncToken": following} if following else {}))


def event(id_: str, etag: str = '"1"', **others: Any) -> Any:
    return {"id": id_, "etag": etag, "status": "confirmed", "updated": "2026-11-20T11:20:00.000Z"} | others


def address(id_: str) -> str:
    return f"GET {API}/calendars/{id_.replace('@', '%40')}/events"


# -- which ------------------------------------------------------------------------------------------


def test_the_users_own_calendar_comes_first_then_those_they_show() -> None:
    told = poll({}, LIST, events(), events(), events())
    assert told.called == [
        f"GET {API}/users/me/calendarList",
        address(MINE),
        address(TEAM),
        address("c_9f3a@group.calendar.google.com"),
    ]
    assert json.loads(told.cursors["calendars"])[:2] == [MINE, TEAM]
    assert json.loads(told.cursors["calendars:names"])[MINE] == ""
    assert json.loads(told.cursors["calendars:names"])[TEAM] == "Team"


def test_only_so_many_are_read() -> None:
    assert len(poll({}, LIST, events(), calendars=1).calls) == 2


def test_further_pages_of_calendars_are_looked_at() -> None:
    first = answer(200, payload("calendar/list") | {"nextPageToken": "2", "items": []})
    told = poll({}, first, LIST, events(), calendars=1)
    assert told.calls[1].params["pageToken"] == "2"


def test_which_there_are_is_asked_a_few_times_a_day() -> None:
    assert poll(KNOWN, events()).called == [address(MINE)]
    later = KNOWN | {"calendars:at": str(int(NOW) - 6 * 3600)}
    assert poll(later, LIST, events(), events(), events()).called[0] == f"GET {API}/users/me/calendarList"


@pytest.mark.parametrize("broken", ["x", "[", '{"a": 1}', "[7]", "[]"])
def test_a_list_that_makes_no_sense_is_asked_for_anew(broken: str) -> None:
    assert len(poll(KNOWN | {"calendars": broken}, LIST, events(), events(), events()).calls) == 4


@pytest.mark.parametrize("items", [None, [], [{"id": "x#holiday@group.v.calendar.google.com", "accessRole": "reader"}]])
def test_an_account_without_a_calendar_is_a_bad_answer(items: Any) -> None:
    assert isinstance(poll({}, answer(200, {"items": items})).error, BadAnswer)


# -- the first read ---------------------------------------------------------------------------------


def test_a_first_read_begins_a_month_ago() -> None:
    told = poll({}, LIST, answer(200, payload("calendar/events")), calendars=1)
    assert dict(told.calls[1].params) == {"maxResults": 250, "timeMin": "2026-10-21T13:06:40Z"}
    assert external_ids(told.items) == [f'{MINE}:6oq3c1:"3590"', f'{MINE}:7pr4d2:"3591"']
    assert told.cursors[f"events:{MINE}"] == "CPDAlvWDx70CEPDAlvWDx70CGAU="


def test_a_cancelled_event_has_nothing_but_its_id_and_version() -> None:
    told = poll({}, LIST, answer(200, payload("calendar/events")), calendars=1)
    full, stub = told.items
    assert (full.data_type, full.at) == ("events", 1_795_173_600.0)
    assert (stub.raw["status"], stub.at) == ("cancelled", None)


def test_only_the_last_page_has_the_token_and_only_then_it_is_true() -> None:
    told = poll({}, LIST, events(event("a"), page="2"), events(event("b")), calendars=1)
    assert told.calls[2].params == {"maxResults": 250, "timeMin": "2026-10-21T13:06:40Z", "pageToken": "2"}
    assert [page.cursors for page in told.pages] == [{}, {f"events:{MINE}": "token-2"}]
    assert len(told.items) == 2


def test_a_calendar_without_an_end_is_trouble_told_and_does_not_keep_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "PAGES", 2)
    endless = [events(page="2"), events(page="3")]
    assert isinstance(poll(KNOWN, *endless).error, BadAnswer)
    both = KNOWN | {"calendars": json.dumps([MINE, TEAM])}
    assert poll(both, *endless, events()).cursors[f"events:{TEAM}"] == "token-2"


def test_progress_is_told_by_calendar() -> None:
    told = poll({}, LIST, events(event("a"), page="2"), events(), events(), events())
    assert [(page.done, page.total) for page in told.pages] == [(0, 3), (1, 3), (2, 3), (3, 3)]


# -- from then on -----------------------------------------------------------------------------------


def test_what_changed_is_asked_for_with_the_token_alone() -> None:
    told = poll(KNOWN, events(event("a", '"2"')))
    assert dict(told.calls[0].params) == {"maxResults": 250, "syncToken": "token-1"}
    assert external_ids(told.items) == [f'{MINE}:a:"2"']
    assert told.cursors == {f"events:{MINE}": "token-2"}
    assert [page.total for page in told.pages] == [None]


def test_the_token_stays_on_all_pages() -> None:
    told = poll(KNOWN, events(page="2"), events())
    assert dict(told.calls[1].params) == {"maxResults": 250, "syncToken": "token-1", "pageToken": "2"}


def test_each_version_of_an_event_is_an_item_and_the_same_version_the_same_one() -> None:
    once, again = poll(KNOWN, events(event("a", '"2"'))), poll(KNOWN, events(event("a", '"2"'), event("a", '"3"')))
    assert external_ids(again.items)[0] == external_ids(once.items)[0]
    assert len(set(external_ids(again.items))) == 2


def test_an_event_without_a_version_goes_by_when_it_was_changed() -> None:
    told = poll(KNOWN, events(event("a", etag=None), {"id": "b", "status": "cancelled"}, None, {"etag": '"4"'}))
    assert external_ids(told.items) == [f"{MINE}:a:2026-11-20T11:20:00.000Z"]


def test_a_name_that_no_column_holds_is_shortened_and_still_its_own() -> None:
    told = poll(KNOWN, events(event("x" * 900), event("x" * 899 + "y")))
    assert all(len(id_) <= 255 for id_ in external_ids(told.items))
    assert len(set(external_ids(told.items))) == 2


@pytest.mark.parametrize("gone", [GONE, answer(400, {"error": {"code": 400, "message": "Invalid sync token value."}})])
def test_a_token_that_is_gone_is_a_full_read_without_repeats(gone: Answer) -> None:
    told = poll(KNOWN, gone, answer(200, payload("calendar/events")))
    assert dict(told.calls[1].params) == {"maxResults": 250, "timeMin": "2026-10-21T13:06:40Z"}
    assert external_ids(told.items) == [f'{MINE}:6oq3c1:"3590"', f'{MINE}:7pr4d2:"3591"']
    assert told.cursors[f"events:{MINE}"] == "CPDAlvWDx70CEPDAlvWDx70CGAU="


def test_a_token_that_goes_in_the_midst_is_a_full_read_too() -> None:
    told = poll(KNOWN, events(event("a"), page="2"), GONE, events(event("a"), event("b")))
    assert told.cursors[f"events:{MINE}"] == "token-2"
    assert "syncToken" not in told.calls[2].params


# -- after a push -----------------------------------------------------------------------------------

BOTH = KNOWN | {"calendars": json.dumps([MINE, TEAM]), f"events:{TEAM}": "token-1"}


def test_a_push_has_only_the_calendar_read_that_it_names() -> None:
    told = poll(BOTH | {f"rang:{TEAM}": "1"}, events(event("a")))
    assert told.called == [address(TEAM)]
    assert told.cursors == {f"events:{TEAM}": "token-2", f"rang:{TEAM}": ""}


def test_a_poll_that_no_push_set_off_reads_all() -> None:
    assert poll(BOTH | {f"rang:{TEAM}": ""}, events(), events()).called == [address(MINE), address(TEAM)]
    assert poll(BOTH | {"rang:gone@example.com": "1"}, events(), events()).called == [address(MINE), address(TEAM)]


def test_a_few_times_a_day_all_are_read_whichever_rang() -> None:
    old = BOTH | {f"rang:{TEAM}": "1", "calendars:at": str(int(NOW) - 6 * 3600)}
    told = poll(old, LIST, events(), events(), events())
    assert len(told.calls) == 4
    assert told.cursors[f"rang:{TEAM}"] == ""


def test_a_calendar_that_rang_and_was_taken_back_has_the_others_looked_at_next() -> None:
    told = poll(BOTH | {f"rang:{TEAM}": "1"}, answer(404, {"error": {"code": 404, "message": "Not Found"}}))
    assert told.error is None
    assert told.cursors == {f"rang:{TEAM}": "", "calendars:at": "0"}


# -- trouble ----------------------------------------------------------------------------------------

TWO = KNOWN | {"calendars": json.dumps([MINE, TEAM])}


@pytest.mark.parametrize("status", [403, 404])
def test_a_calendar_that_was_taken_back_does_not_keep_the_others(status: int) -> None:
    told = poll(TWO, answer(status, {"error": {"code": status, "message": "Not Found"}}), events(event("a")))
    assert told.error is None
    assert external_ids(told.items) == [f'{TEAM}:a:"1"']
    assert told.cursors["calendars:at"] == "0"  # and which there are is asked anew


def test_when_none_is_left_it_is_told() -> None:
    no = answer(403, {"error": {"code": 403, "message": "Forbidden"}})
    assert isinstance(poll(TWO, no, no).error, Forbidden)


def test_a_trouble_keeps_what_was_read() -> None:
    told = poll(TWO, events(event("a")), answer(503))
    assert isinstance(told.error, PlatformDown)
    assert told.cursors == {f"events:{MINE}": "token-2"}


def test_a_limit_is_waited_out() -> None:
    body = {"error": {"errors": [{"domain": "usageLimits", "reason": "rateLimitExceeded"}], "code": 403, "message": ""}}
    assert isinstance(poll(KNOWN, answer(403, body)).error, RateLimited)


@pytest.mark.parametrize("body", [[], "x", 7, b"<html>"], ids=str)
def test_what_is_no_object_is_a_bad_answer(body: Any) -> None:
    assert isinstance(poll(KNOWN, answer(200, body)).error, BadAnswer)
    assert isinstance(poll({}, answer(200, body)).error, BadAnswer)


WORDS = st.sampled_from(["items", "id", "etag", "updated", "accessRole", "reader", "nextPageToken", "nextSyncToken"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.booleans(), st.lists(values, min_size=1, max_size=4))
def test_any_answer_is_read_or_a_trouble_with_google(first: bool, bodies: list[Any]) -> None:
    conversation = calendar().poll(ADA, {} if first else KNOWN, NOW)
    step: Any = next(conversation)
    try:
        for body in bodies * 100:
            if isinstance(step, Page):
                assert all(0 < len(item.external_id) <= 255 for item in step.items)
            step = conversation.send(None if isinstance(step, Page) else answer(200, body))
    except (StopIteration, PlatformError):
        return
