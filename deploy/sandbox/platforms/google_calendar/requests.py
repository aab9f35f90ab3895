"""Reading: calendars, and their events by pages and by sync token."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from deploy.sandbox.calls import iso
from deploy.sandbox.platforms.base import Route
from deploy.sandbox.platforms.google.accounts import address
from deploy.sandbox.platforms.google.requests import SignedIn
from deploy.sandbox.platforms.google_calendar import cursors, shapes
from deploy.sandbox.platforms.google_calendar.calendars import ZONE, Calendar, calendars, entry, find
from deploy.sandbox.platforms.google_calendar.cursors import PageToken, SyncToken
from deploy.sandbox.platforms.google_calendar.diary import Event

if TYPE_CHECKING:
    from deploy.sandbox.platforms.google_calendar import GoogleCalendar

TOO_OLD = "Sync token is no longer valid, a full sync is required."
TOKEN_LIFE = 30 * 86_400
NOT_WITH_SYNC = (
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
)  # fmt: skip
NOT_PLAYED = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin")

Shown = tuple[int, int, dict[str, Any]]
"""An item with the change it shows and its place among the instances of one event."""


def routes(platform: "GoogleCalendar") -> list[Route]:
    given = {"platform": platform}
    root = r"/calendar/calendar/v3"
    return [
        (root + r"/users/me/calendarList", CalendarList, given),
        (root + r"/calendars/([^/]+)", OneCalendar, given),
        (root + r"/calendars/([^/]+)/events", Events, given),
        (root + r"/calendars/([^/]+)/events/([^/]+)", OneEvent, given),
    ]


class CalendarHandler(SignedIn):
    platform: "GoogleCalendar"

    @property
    def user(self) -> str:
        return self.person.name

    def calendar(self, id_: str) -> Calendar | None:
        found = find(self.person, id_)
        if found is None:
            self.refuse(404, "Not Found", "notFound")
        return found

    def sync_token(self, about: str, single: bool) -> tuple[bool, SyncToken | None]:
        """Whether it can go on, and from where. A token that is worth nothing any more is 410."""
        text = self.get_query_argument("syncToken", "")
        if not text:
            return True, None
        token = cursors.read_sync(text)
        if token is None or token.calendar != about:
            self.refuse(400, "Invalid sync token value.", "invalid")
        elif token.lives != self.platform.lives(self.user) or self.platform.now() - token.at > TOKEN_LIFE:
            self.refuse(410, TOO_OLD, "fullSyncRequired", "calendar")
        elif token.single != single:
            self.refuse(400, "Sync token cannot be used with other parameters than it was made with.", "badRequest")
        else:
            return True, token
        return False, None

    def new_token(self, since: int, about: str, single: bool) -> str:
        at = int(self.platform.now())
        return cursors.write(SyncToken(since, about, single, at, self.platform.lives(self.user)))


class CalendarList(CalendarHandler):
    """With a sync token nothing: nobody's list changes here."""

    def get(self) -> None:
        may_go_on, token = self.sync_token("", False)
        limit = self.number("maxResults", 100, 250) if may_go_on else None
        if limit is None:
            return
        place = self.get_query_argument("pageToken", "0")
        if not place.isdecimal() or len(place) > 6:
            self.refuse(400, "Invalid page token value.", "invalid")
            return
        shown = [] if token else [entry(calendar) for calendar in calendars(self.person)]
        page = shown[int(place) : int(place) + limit]
        told: dict[str, Any] = {"kind": "calendar#calendarList", "etag": '"p330"', "items": page}
        if int(place) + limit < len(shown):
            self.answer(200, {**told, "nextPageToken": str(int(place) + limit)})
        else:
            self.answer(200, {**told, "nextSyncToken": self.new_token(0, "", False)})


class OneCalendar(CalendarHandler):
    def get(self, id_: str) -> None:
        if found := self.calendar(id_):
            told = {"kind": "calendar#calendar", "etag": found.etag, "id": found.id, "summary": found.summary}
            self.answer(200, {**told, "timeZone": ZONE})


class OneEvent(CalendarHandler):
    def get(self, id_: str, event_id: str) -> None:
        found = self.calendar(id_)
        event = self.platform.diary.one(found.id, event_id) if found else None
        if found is not None and event is None:
            self.refuse(404, "Not Found", "notFound")
        elif event is not None:
            self.answer(200, shapes.show(event, address(self.person)))


class Events(CalendarHandler):
    """All of a calendar's, or with a sync token what has changed. Only the last page has the next sync token."""

    def get(self, id_: str) -> None:
        calendar = self.calendar(id_)
        limit = self.number("maxResults", 250, 2_500) if calendar else None
        if calendar is None or limit is None:
            return
        single = self.get_query_argument("singleEvents", "false") == "true"
        may_go_on, token = self.sync_token(calendar.id, single)
        if not may_go_on or not self._makes_sense(is_sync=token is not None):
            return
        page = self._begun(token)
        if page is None:
            self.refuse(400, "Invalid page token value.", "invalid")
            return
        found = self._items(calendar, page, single, is_sync=token is not None)
        self._tell(calendar, page, found, limit, single)

    def _makes_sense(self, is_sync: bool) -> bool:
        given = self.request.query_arguments.keys()
        if is_sync and (wrong := [name for name in NOT_WITH_SYNC if name in given]):
            self.refuse(400, f"Sync token cannot be used with {wrong[0]}.", "badRequest")
        elif is_sync and self.get_query_argument("showDeleted", "true") == "false":
            self.refuse(400, "Cannot request to not show deleted events when sync token is specified.", "badRequest")
        elif wrong := [name for name in NOT_PLAYED if name in given]:
            self.refuse(400, f"The sandbox does not play {wrong[0]}", "badRequest")
        elif any(name in given and self._moment(name) is None for name in ("timeMin", "timeMax")):
            self.refuse(400, "Bad Request", "badRequest")
        return not self._finished

    def _moment(self, name: str) -> int | None:
        """RFC 3339 with an offset, which is mandatory, in milliseconds."""
        try:
            at = datetime.fromisoformat(self.get_query_argument(name, ""))
        except ValueError:
            return None
        return int(at.timestamp() * 1000) if at.tzinfo is not None else None

    def _begun(self, token: SyncToken | None) -> PageToken | None:
        text = self.get_query_argument("pageToken", "")
        if text:
            return cursors.read_page(text)
        since = token.since if token else -1
        return PageToken(since, self.platform.diary.latest_change(), since, 1 << 40)

    def _items(self, calendar: Calendar, page: PageToken, single: bool, is_sync: bool) -> list[Shown]:
        """From where the page begins."""
        with_gone = is_sync or self.get_query_argument("showDeleted", "false") == "true"
        since, until = self._moment("timeMin"), self._moment("timeMax")
        found: list[Shown] = []
        for event in self.platform.diary.changed(calendar.id, page.change, page.upto):
            shown = self._shown(event, single, with_gone, since, until)
            found += [
                (event.change, place, one)
                for place, one in enumerate(shown)
                if (event.change, place) > (page.change, page.place)
            ]
        return found

    def _shown(
        self, event: Event, single: bool, with_gone: bool, since: int | None, until: int | None
    ) -> list[dict[str, Any]]:
        if event.cancelled:
            return [shapes.stub(event)] if with_gone else []
        viewer, now = address(self.person), int(self.platform.now() * 1000)
        last = now + shapes.HORIZON_MS if until is None else until
        if event.weekly and single:
            return list(shapes.instances(event, viewer, since, last))
        over = since is not None and event.end <= since and not event.weekly
        return [] if over or (until is not None and event.start >= until) else [shapes.show(event, viewer)]

    def _tell(self, calendar: Calendar, page: PageToken, found: list[Shown], limit: int, single: bool) -> None:
        told = {
            "kind": "calendar#events",
            "etag": f'"p3{page.upto}"',
            "summary": calendar.summary,
            "updated": iso(self.platform.now()),
            "timeZone": ZONE,
            "accessRole": calendar.role,
            "defaultReminders": [{"method": "popup", "minutes": 30}] if calendar.primary else [],
        }
        if len(found) > limit:
            change, place, _ = found[limit - 1]
            told["nextPageToken"] = cursors.write(PageToken(page.since, page.upto, change, place))
        else:
            told["nextSyncToken"] = self.new_token(page.upto, calendar.id, single)
        self.answer(200, {**told, "items": [one for _, _, one in found[:limit]]})
