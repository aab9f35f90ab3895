"""Events as the API shows them."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from deploy.sandbox.calls import iso
from deploy.sandbox.platforms.google_calendar.calendars import GROUPS, ZONE
from deploy.sandbox.platforms.google_calendar.diary import DAY_MS, Event

WEEK_MS = 7 * DAY_MS
HORIZON_MS = 365 * DAY_MS
_HERE = ZoneInfo(ZONE)


def etag(event: Event) -> str:
    return f'"{event.change}"'


def stub(event: Event) -> dict[str, Any]:
    """All that is left of one that was cancelled."""
    return {"kind": "calendar#event", "etag": etag(event), "id": event.id, "status": "cancelled"}


def show(event: Event, viewer: str) -> dict[str, Any]:
    eid = base64.urlsafe_b64encode(f"{event.id} {event.calendar}".encode()).decode().rstrip("=")
    organizer: dict[str, Any] = {"email": event.calendar}
    if event.calendar == viewer:
        organizer["self"] = True
    elif event.calendar in GROUPS:
        organizer["displayName"] = GROUPS[event.calendar]
    shown: dict[str, Any] = {
        "kind": "calendar#event",
        "etag": etag(event),
        "id": event.id,
        "status": "confirmed",
        "htmlLink": f"https://www.google.com/calendar/event?eid={eid}",
        "created": iso(event.created / 1000),
        "updated": iso(event.updated / 1000),
        "creator": {"email": event.creator} | ({"self": True} if event.creator == viewer else {}),
        "organizer": organizer,
        "start": _time(event.start, event.all_day),
        "end": _time(event.end, event.all_day),
        "iCalUID": f"{event.id}@google.com",
        "sequence": event.sequence,
        "reminders": {"useDefault": True},
        "eventType": "default",
    }
    if event.summary is not None:
        shown["summary"] = event.summary
    if event.private:
        shown["visibility"] = "private"
    if event.weekly:
        day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[_local(event.start).weekday()]
        shown["recurrence"] = [f"RRULE:FREQ=WEEKLY;BYDAY={day}"]
    return shown


def instances(event: Event, viewer: str, since: int | None, until: int) -> Iterator[dict[str, Any]]:
    """A series one by one, within these times."""
    begin, length = event.start, event.end - event.start
    if since is not None and begin + length <= since:
        begin += ((since - begin - length) // WEEK_MS + 1) * WEEK_MS
    for start in range(begin, until, WEEK_MS):
        shown = show(event, viewer)
        del shown["recurrence"]
        stamp = datetime.fromtimestamp(start / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        yield shown | {
            "id": f"{event.id}_{stamp}",
            "recurringEventId": event.id,
            "originalStartTime": _time(start, event.all_day),
            "start": _time(start, event.all_day),
            "end": _time(start + length, event.all_day),
        }


def _time(at: int, all_day: bool) -> dict[str, str]:
    local = _local(at)
    if all_day:
        return {"date": local.date().isoformat()}
    return {"dateTime": local.isoformat(timespec="seconds"), "timeZone": ZONE}


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, _HERE)
