"""One thing alone that a poll of Calendar or YouTube found, as a line."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.records import Item
from tests.actors.platforms.googlers import calendar, youtube

MADE = "2026-11-20T11:20:00.000Z"
EVENT = {
    "id": "6oq3c1",
    "status": "confirmed",
    "summary": "Stand-up",
    "created": MADE,
    "updated": "2026-11-20T11:20:00.731Z",
    "htmlLink": "https://www.google.com/calendar/event?eid=Nm9x",
    "organizer": {"email": "ada@example.com", "self": True},
    "start": {"dateTime": "2026-11-21T09:30:00+01:00", "timeZone": "Europe/Berlin"},
}


def of_event(**changes: Any) -> Any:
    event = {name: value for name, value in (EVENT | changes).items() if value is not None}
    return calendar().line(Item("events", "e", event))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "New: “Stand-up” on 21 Nov 2026 at 09:30"),
        ({"updated": "2026-11-20T12:00:00.000Z"}, "“Stand-up” on 21 Nov 2026 at 09:30 has changed"),
        ({"start": {"date": "2026-12-01"}}, "New: “Stand-up” on 1 Dec 2026"),
        ({"summary": None}, "New: an event on 21 Nov 2026 at 09:30"),
        ({"status": "cancelled"}, "“Stand-up” on 21 Nov 2026 at 09:30 was cancelled"),
        ({"start": {"dateTime": "soon"}}, "New: “Stand-up”"),
        ({"sequence": 0}, "New: “Stand-up” on 21 Nov 2026 at 09:30"),
        ({"sequence": 1}, "“Stand-up” on 21 Nov 2026 at 09:30 has changed"),
        ({"created": None}, "“Stand-up” on 21 Nov 2026 at 09:30 has changed"),
    ],
)
def test_an_event_is_told_by_its_name_and_time(changes: dict[str, Any], line: str) -> None:
    told = of_event(**changes)
    assert (told["message"], told["url"], told["where"]) == (line, EVENT["htmlLink"], "Google Calendar")


def test_one_of_a_calendar_of_several_people_is_told_with_its_name() -> None:
    team = {"email": "c_1@group.calendar.google.com", "displayName": "Reading group"}
    assert of_event(organizer=team)["where"] == "Reading group"


def test_of_one_that_is_gone_hardly_anything_is_left() -> None:
    told = calendar().line(Item("events", "e", {"id": "7pr4d2", "status": "cancelled", "etag": '"3591"'}))
    assert (told["message"], told["url"]) == ("An event was cancelled", None)


def of_video(data_type: str, **snippet: Any) -> Any:
    named = {"title": "How compilers work", "resourceId": {"videoId": "v1", "channelId": "UCabc"}}
    return youtube().line(Item(data_type, "i", {"snippet": named | snippet}))


def test_what_a_user_did_at_youtube_is_told_with_its_link() -> None:
    liked = of_video("liked_videos", videoOwnerChannelTitle="CS Talks")
    assert (liked["message"], liked["url"]) == (
        "You liked “How compilers work” by CS Talks",
        "https://www.youtube.com/watch?v=v1",
    )
    followed = of_video("subscriptions", title="CS Talks")
    assert (followed["message"], followed["url"]) == (
        "You subscribed to CS Talks",
        "https://www.youtube.com/channel/UCabc",
    )
    assert of_video("uploads")["message"] == "You uploaded “How compilers work”"


@pytest.mark.parametrize("title", ["Private video", "Deleted video", None])
def test_a_video_that_nobody_sees_has_neither_name_nor_link(title: str | None) -> None:
    told = of_video("liked_videos", title=title)
    assert (told["message"], told["url"]) == ("You liked a video", None)


@settings(deadline=None)
@given(st.recursive(st.none() | st.text() | st.integers(), lambda deep: st.dictionaries(
    st.sampled_from([*EVENT, "dateTime", "date", "displayName", "snippet", "title", "resourceId", "videoId"]), deep)
))  # fmt: skip
def test_whatever_was_read_has_its_line(raw: Any) -> None:
    assert calendar().line(Item("events", "e", raw))["message"]
    for data_type in ("liked_videos", "subscriptions", "uploads"):
        assert youtube().line(Item(data_type, "i", raw))["message"]
