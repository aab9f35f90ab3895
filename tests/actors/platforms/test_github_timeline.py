"""Polling GitHub: the user's own timeline, page by page, as seldom and as little as possible."""

from typing import Any

import pytest

from actors.platforms.base import Answer, Reading
from actors.platforms.failures import BadAnswer, CallFailed, NotFound, PlatformError, RateLimited
from tests.actors.platforms.people import NOW, OCTOCAT, github
from tests.fakes.conversation import Conversation, answer, drive, external_ids, payload

EVENTS = "http://gh/api/users/octocat/events"
ETAG = {"ETag": 'W/"a18c3bded88eb5dbb5c849a489412bf3"'}


def poll(cursors: dict[str, str], *answers: Answer | PlatformError) -> Conversation:
    return drive(github().poll(OCTOCAT, cursors, NOW), answers)


def events(first: int, count: int) -> list[dict[str, Any]]:
    """Newest first."""
    create = next(event for event in payload("github/timeline") if event["type"] == "CreateEvent")
    return [create | {"id": str(number)} for number in range(first, first - count, -1)]


def link(page: int, last: int) -> dict[str, str]:
    def to(number: int, rel: str) -> str:
        return f'<https://api.github.com/user/583231/events?per_page=100&page={number}>; rel="{rel}"'

    following = [to(page + 1, "next"), to(last, "last")] if page < last else []
    before = [to(1, "first"), to(page - 1, "prev")] if page > 1 else []
    return {"Link": ", ".join(before + following)}


def test_a_first_read_takes_what_there_is_and_remembers_where_it_was() -> None:
    told = poll({}, answer(200, payload("github/timeline"), ETAG | {"X-Poll-Interval": "60"}))
    (call,) = told.calls
    assert (call.url, dict(call.params)) == (EVENTS, {"per_page": 100})
    assert "If-None-Match" not in call.headers
    assert len(told.items) == 7
    assert told.cursors["events:etag"] == 'W/"a18c3bded88eb5dbb5c849a489412bf3"'
    assert told.result == Reading(not_before=60)


def test_nothing_new_is_a_304_that_changes_nothing_and_still_says_when_to_come_back() -> None:
    before = {"events:etag": 'W/"a18c"', "events:seen": "7,6"}
    told = poll(before, answer(304, None, {"X-Poll-Interval": "120"}))
    assert told.calls[0].headers["If-None-Match"] == 'W/"a18c"'
    assert told.pages == []
    assert told.cursors == {}
    assert told.result.not_before == 120


def test_reading_stops_at_the_page_that_has_a_known_event_and_keeps_that_page_whole() -> None:
    before = {"events:seen": "140,139,138"}
    told = poll(before, answer(200, events(300, 100), ETAG | link(1, 3)), answer(200, events(200, 100), link(2, 3)))
    assert [dict(call.params) for call in told.calls] == [{"per_page": 100}, {"per_page": 100, "page": 2}]
    assert external_ids(told.items) == [f"event:{number}" for number in range(300, 100, -1)]


def test_an_event_that_github_shows_late_is_not_missed_for_standing_below_a_known_one() -> None:
    told = poll({"events:seen": "12"}, answer(200, [*events(12, 1), *events(5, 1)], ETAG))
    assert external_ids(told.items) == ["event:12", "event:5"]


def test_a_known_event_that_was_deleted_costs_at_most_three_pages() -> None:
    pages = [answer(200, events(400 - 100 * page, 100), link(page, 9)) for page in (1, 2, 3)]
    told = poll({"events:seen": "7"}, *pages)
    assert len(told.items) == 300


def test_the_cursors_are_true_only_once_the_last_page_is_stored() -> None:
    told = poll({}, answer(200, events(300, 100), ETAG | link(1, 2)), CallFailed("timeout", "10 s without an answer"))
    assert isinstance(told.error, CallFailed)
    assert len(told.items) == 100
    assert told.cursors == {}


def test_the_second_page_is_not_asked_for_with_the_etag_of_the_first() -> None:
    before = {"events:etag": '"1"', "events:seen": "1"}
    told = poll(before, answer(200, events(300, 100), link(1, 2)), answer(200, events(200, 3), link(2, 2)))
    assert [call.headers.get("If-None-Match") for call in told.calls] == ['"1"', None]


def test_a_long_first_read_says_how_far_it_is() -> None:
    told = poll(
        {},
        answer(200, events(300, 100), link(1, 3)),
        answer(200, events(200, 100), link(2, 3)),
        answer(200, events(100, 40), link(3, 3)),
    )
    assert [(page.done, page.total) for page in told.pages] == [(100, 300), (200, 300), (240, 240)]


def test_a_later_read_doesnt_pretend_to_know_how_much_there_is() -> None:
    assert poll({"events:seen": "1"}, answer(200, events(1, 1))).pages[0].total is None


def test_the_address_in_a_link_is_never_followed() -> None:
    evil = {"Link": '<https://evil.example/steal?page=2>; rel="next"'}
    told = poll({}, answer(200, events(300, 100), evil), answer(200, []))
    assert told.called == [f"GET {EVENTS}", f"GET {EVENTS}"]


def test_an_account_without_events_is_read_too() -> None:
    told = poll({}, answer(200, [], ETAG))
    assert told.items == []
    assert told.cursors["events:seen"] == ""
    assert told.error is None


def test_what_is_no_event_among_them_is_passed_over() -> None:
    told = poll({}, answer(200, [None, "x", {"type": "PushEvent"}, *events(9, 1)]))
    assert external_ids(told.items) == ["event:9"]


@pytest.mark.parametrize("body", [{"message": "hello"}, None, b"<html>"], ids=["object", "empty", "page"])
def test_what_is_no_list_is_a_bad_answer(body: Any) -> None:
    assert isinstance(poll({}, answer(200, body)).error, BadAnswer)


@pytest.mark.parametrize("value", ["", "-1", "60.5", "soon", "9" * 30])
def test_a_senseless_poll_interval_is_none(value: str) -> None:
    assert poll({}, answer(200, [], {"X-Poll-Interval": value})).result.not_before == 0


def test_a_limit_is_waited_out_until_its_reset() -> None:
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 1500)}
    told = poll({}, answer(403, {"message": "API rate limit exceeded"}, limits))
    assert isinstance(told.error, RateLimited)
    assert told.error.retry_after == 1500


# -- a login can be changed ------------------------------------------------------------------------

RENAMED = answer(200, payload("github/user") | {"login": "monalisa"})


def test_a_renamed_account_is_found_again_and_the_new_login_kept() -> None:
    before = {"events:etag": '"1"', "events:seen": "8"}
    told = poll(before, answer(404, {"message": "Not Found"}), RENAMED, answer(200, events(9, 2)))
    assert told.called == [f"GET {EVENTS}", "GET http://gh/api/user", "GET http://gh/api/users/monalisa/events"]
    assert "If-None-Match" not in told.calls[2].headers
    assert told.cursors["login"] == "monalisa"
    assert external_ids(told.items) == ["event:9", "event:8"]


def test_the_new_login_is_used_from_then_on() -> None:
    told = poll({"login": "monalisa"}, answer(200, []))
    assert told.called == ["GET http://gh/api/users/monalisa/events"]


def test_somebody_who_took_the_old_login_is_not_read_for_the_user() -> None:
    strangers = [event | {"actor": {"id": 666, "login": "octocat"}} for event in events(9, 2)]
    told = poll({}, answer(200, strangers), RENAMED, answer(200, events(5, 1)))
    assert external_ids(told.items) == ["event:5"]
    assert told.cursors["login"] == "monalisa"


def test_a_login_that_is_right_and_still_not_found_is_a_trouble() -> None:
    told = poll({}, answer(404, {"message": "Not Found"}), answer(200, payload("github/user")))
    assert isinstance(told.error, NotFound)


def test_a_token_that_belongs_to_another_account_reads_nothing() -> None:
    other = answer(200, payload("github/user") | {"id": 666, "login": "evil"})
    told = poll({}, answer(404, {"message": "Not Found"}), other)
    assert isinstance(told.error, BadAnswer)
    assert told.items == []


def test_a_login_stays_within_its_place_in_the_path() -> None:
    told = poll({"login": "../../user?x="}, answer(200, []))
    assert told.called == ["GET http://gh/api/users/..%2F..%2Fuser%3Fx%3D/events"]
