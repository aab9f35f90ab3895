"""Google Calendar's lists: pages, sync tokens, and what each of them forbids."""

import json
from typing import Any

from tests.deploy.sandbox.google_scene import DAY, GoogleCase, refusal
from tests.deploy.sandbox.scene import read

GROUP = "c_5ead1ng0c1rc1e@group.calendar.google.com"


class CalendarCase(GoogleCase):
    slug = "calendar"
    root = "/calendar/calendar/v3"
    events = "/calendars/primary/events"

    def listed(self, **params: Any) -> tuple[list[dict[str, Any]], str]:
        """All pages, and the sync token that the last one has."""
        items: list[dict[str, Any]] = []
        page: dict[str, Any] = {}
        while True:
            told = self.get(self.events, **params, **page)
            items += told["items"]
            assert ("nextPageToken" in told) != ("nextSyncToken" in told)
            if "nextSyncToken" in told:
                return items, told["nextSyncToken"]
            page = {"pageToken": told["nextPageToken"]}


class Calendars(CalendarCase):
    def test_the_list_names_what_somebody_can_read_and_how_far(self) -> None:
        told = self.get("/users/me/calendarList")
        roles = {one["id"]: one["accessRole"] for one in told["items"]}
        assert list(roles)[:2] == ["ada@example.com", GROUP]
        assert roles["ada@example.com"] == "owner"
        assert [one["id"] for one in told["items"] if one.get("primary")] == ["ada@example.com"]
        assert any("#holiday" in id_ and role == "reader" for id_, role in roles.items())

    def test_it_has_pages_and_a_sync_token_after_which_there_is_nothing(self) -> None:
        first = self.get("/users/me/calendarList", maxResults=2)
        assert "nextSyncToken" not in first
        last = self.get("/users/me/calendarList", maxResults=2, pageToken=first["nextPageToken"])
        assert len(first["items"] + last["items"]) == 3
        assert self.get("/users/me/calendarList", syncToken=last["nextSyncToken"])["items"] == []

    def test_the_primary_calendar_is_called_by_its_address(self) -> None:
        told = self.get("/calendars/primary")
        assert (told["id"], told["summary"], told["timeZone"]) == (
            "ada@example.com",
            "ada@example.com",
            "Europe/Berlin",
        )

    def test_a_calendar_that_one_has_no_part_in_is_not_found(self) -> None:
        assert refusal(self.ask("/calendars/grace@example.com/events")) == (404, "notFound")
        numbered = self.connect("calendar", "user-0001")
        assert self.ask(f"/calendars/{GROUP}/events", numbered).code == 404


class FirstReading(CalendarCase):
    def test_events_have_their_fields_and_some_have_fewer(self) -> None:
        for _ in range(8):
            self.happens("event")
        items, _ = self.listed()
        timed = next(one for one in items if "dateTime" in one["start"])
        assert timed["kind"] == "calendar#event"
        assert timed["etag"].startswith('"')
        assert timed["status"] == "confirmed"
        assert timed["iCalUID"] == f"{timed['id']}@google.com"
        assert timed["start"]["dateTime"].endswith(("+01:00", "+02:00"))
        assert any("date" in one["start"] for one in items)
        assert any("summary" not in one for one in items)
        assert any(one.get("visibility") == "private" for one in items)

    def test_events_of_a_calendar_of_several_people_are_organised_by_it_under_its_name(self) -> None:
        shared = self.get(f"/calendars/{GROUP}/events")["items"]
        assert {tuple(one["organizer"].values()) for one in shared} == {(GROUP, "Reading group")}
        own, _ = self.listed()
        assert {tuple(one["organizer"].items()) for one in own} == {(("email", "ada@example.com"), ("self", True))}

    def test_pages_miss_nothing_and_what_changes_meanwhile_is_for_the_next_reading(self) -> None:
        whole, _ = self.listed()
        first = self.get(self.events, maxResults=2)
        moved = self.happens("event_changed")
        items, token = first["items"], ""
        page = first["nextPageToken"]
        while page:
            told = self.get(self.events, maxResults=2, pageToken=page)
            items += told["items"]
            page, token = told.get("nextPageToken", ""), told.get("nextSyncToken", "")
        assert {one["id"] for one in items} | {moved} == {one["id"] for one in whole}
        assert len({one["id"] for one in items}) == len(items)
        assert [one["id"] for one in self.listed(syncToken=token)[0]] == [moved]

    def test_what_was_over_before_a_time_is_left_out_but_for_series(self) -> None:
        soon = "2027-06-01T00:00:00Z"
        items, _ = self.listed(timeMin=soon)
        assert [("recurrence" in one) for one in items] == [True]
        assert self.ask(self.events, timeMin="2027-06-01T00:00:00").code == 400

    def test_a_series_is_one_event_or_single_ones(self) -> None:
        series = next(one for one in self.listed()[0] if "recurrence" in one)
        assert series["recurrence"][0].startswith("RRULE:FREQ=WEEKLY")
        singles, _ = self.listed(singleEvents="true", timeMin="2026-12-01T00:00:00Z", timeMax="2026-12-29T00:00:00Z")
        ours = [one for one in singles if one.get("recurringEventId") == series["id"]]
        assert len(ours) == 4
        assert all(one["id"].startswith(f"{series['id']}_202612") and one["id"].endswith("Z") for one in ours)
        assert not any("recurrence" in one for one in singles)

    def test_pages_of_single_events_may_end_within_a_series(self) -> None:
        whole, _ = self.listed(singleEvents="true")
        paged, _ = self.listed(singleEvents="true", maxResults=7)
        assert [one["id"] for one in paged] == [one["id"] for one in whole]

    def test_cancelled_ones_are_shown_only_when_asked_for(self) -> None:
        gone = self.happens("event_cancelled")
        assert gone not in [one["id"] for one in self.listed()[0]]
        shown = next(one for one in self.listed(showDeleted="true")[0] if one["id"] == gone)
        assert shown.keys() == {"kind", "etag", "id", "status"}

    def test_what_is_not_played_is_refused_rather_than_ignored(self) -> None:
        assert self.ask(self.events, q="lunch").code == 400
        assert self.ask(self.events, orderBy="updated").code == 400
        assert self.ask(self.events, pageToken="guessed").code == 400


class Syncing(CalendarCase):
    def setUp(self) -> None:
        super().setUp()
        _, self.mark = self.listed(timeMin="2026-11-01T00:00:00Z")

    def test_nothing_new_is_an_empty_list_with_a_token(self) -> None:
        assert self.listed(syncToken=self.mark)[0] == []

    def test_each_change_shows_once_with_a_new_etag(self) -> None:
        id_ = self.happens("event")
        (made,), second = self.listed(syncToken=self.mark)
        self.time += 60
        assert self.happens("event_changed") == id_
        (moved,), third = self.listed(syncToken=second)
        assert made["id"] == moved["id"] == id_
        assert made["etag"] != moved["etag"]
        assert made["start"] != moved["start"]
        assert moved["updated"] > made["updated"]
        assert moved["sequence"] == made["sequence"] + 1
        assert self.listed(syncToken=third)[0] == []

    def test_one_that_was_cancelled_is_a_stub(self) -> None:
        id_ = self.happens("event_cancelled")
        (gone,), _ = self.listed(syncToken=self.mark)
        assert (gone["id"], gone["status"]) == (id_, "cancelled")
        assert gone.keys() == {"kind", "etag", "id", "status"}

    def test_what_happens_elsewhere_is_not_in_it(self) -> None:
        self.happens("event", where=GROUP)
        self.happens("event", "grace")
        assert self.listed(syncToken=self.mark)[0] == []

    def test_a_shared_calendars_changes_show_to_all_who_share_it(self) -> None:
        grace = self.connect("calendar", "grace")
        path = f"/calendars/{GROUP}/events"
        mark = read(self.ask(path, grace), 200)["nextSyncToken"]
        id_ = self.happens("event", where=GROUP)
        assert [one["id"] for one in read(self.ask(path, grace, syncToken=mark), 200)["items"]] == [id_]

    def test_with_a_sync_token_some_parameters_are_forbidden(self) -> None:
        for name, value in (("timeMin", "2026-11-01T00:00:00Z"), ("q", "x"), ("orderBy", "updated"), ("iCalUID", "x")):
            assert self.ask(self.events, syncToken=self.mark, **{name: value}).code == 400
        assert self.ask(self.events, syncToken=self.mark, showDeleted="false").code == 400
        assert self.ask(self.events, syncToken=self.mark, singleEvents="true").code == 400
        assert self.ask(self.events, syncToken="guessed").code == 400
        assert self.ask(f"/calendars/{GROUP}/events", syncToken=self.mark).code == 400

    def test_when_cursors_are_ordered_gone_it_is_410_until_a_full_reading(self) -> None:
        self.fault("calendar", "cursor_gone", user="ada")
        answer = self.ask(self.events, syncToken=self.mark)
        told = json.loads(answer.body)["error"]
        assert (answer.code, told["code"]) == (410, 410)
        assert (told["errors"][0]["domain"], told["errors"][0]["reason"]) == ("calendar", "fullSyncRequired")
        _, mark = self.listed()
        assert self.listed(syncToken=mark)[0] == []

    def test_a_token_of_more_than_a_month_ago_is_gone_too(self) -> None:
        self.time += 31 * DAY
        self.token = self.connect("calendar")
        assert refusal(self.ask(self.events, syncToken=self.mark)) == (410, "fullSyncRequired")

    def test_a_minute_has_600_calls_for_each_user(self) -> None:
        grace = self.connect("calendar", "grace")
        calendar: Any = next(platform for platform in self.sandbox.platforms if platform.slug == "calendar")
        assert calendar.spend("ada", 598) is None  # two were made before
        assert self.ask("/calendars/primary").code == 200
        assert refusal(self.ask("/calendars/primary")) == (403, "userRateLimitExceeded")
        assert self.ask("/calendars/primary", grace).code == 200
        self.time += 60
        assert self.ask("/calendars/primary").code == 200
