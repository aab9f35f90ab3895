"""A change in a calendar as a line that a person understands. Who made it Google doesn't say."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from actors.platforms.fields import link, moment, number, text

AT_ONCE = 5.0
"""Seconds after it was made within which an event is still as it was made."""


def line(event: Any) -> Mapping[str, str | None]:
    title, when = text(event, "summary"), _when(event)
    named = f"“{title}”" if title else "an event"
    if when is not None:
        named = f"{named} on {when}"
    if text(event, "status") == "cancelled":
        what = f"{named} was cancelled"
    elif _is_new(event):
        what = f"new: {named}"
    else:
        what = f"{named} has changed"
    return {
        "who": None,
        "what": what,
        "where": _where(event),
        "url": link(event, "htmlLink"),
        "message": what[:1].upper() + what[1:],
    }


def _where(event: Any) -> str:
    """A calendar of several people organises its events itself, under its name."""
    return text(event, "organizer", "displayName") or "Google Calendar"


def _is_new(event: Any) -> bool:
    if number(event, "sequence"):  # it counts what is done to its time and place
        return False
    created, updated = moment(event, "created"), moment(event, "updated")
    return created is not None and updated is not None and updated - created <= AT_ONCE


def _when(event: Any) -> str | None:
    """In the event's own zone, which is that of the people who go there."""
    at, day = text(event, "start", "dateTime"), text(event, "start", "date")
    try:
        if at is not None:
            begins = datetime.fromisoformat(at)
            return f"{_day(begins)} at {begins:%H:%M}"
        return _day(date.fromisoformat(day)) if day is not None else None
    except ValueError:
        return None


def _day(at: date) -> str:
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
