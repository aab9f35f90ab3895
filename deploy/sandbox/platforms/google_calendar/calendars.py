"""Which calendars somebody has at the sandbox's Google."""

import hashlib
from typing import Any

import msgspec

from deploy.sandbox import people
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.google.accounts import address

ZONE = "Europe/Berlin"
READING_GROUP = "c_5ead1ng0c1rc1e@group.calendar.google.com"
GROUPS = {READING_GROUP: "Reading group"}
"""Calendars that are nobody's own, by what they are called."""
HOLIDAYS = "en.german#holiday@group.v.calendar.google.com"


class Calendar(msgspec.Struct, frozen=True):
    id: str
    summary: str
    role: str
    """`owner`, `writer` or `reader`."""
    primary: bool = False
    selected: bool = True

    @property
    def pushes(self) -> bool:
        """Google's own calendars tell nobody of their changes."""
        return "#" not in self.id

    @property
    def etag(self) -> str:
        return f'"{int(hashlib.sha256(self.id.encode()).hexdigest()[:10], 16)}"'


def calendars(person: Person) -> list[Calendar]:
    """One's own, that of the reading group for the three who are in it, and the public holidays."""
    own = Calendar(address(person), address(person), "owner", primary=True)
    holidays = Calendar(HOLIDAYS, "Holidays in Germany", "reader", selected=False)
    if person.name not in people.NAMED:
        return [own, holidays]
    role = "owner" if person.name == "ada" else "writer"
    return [own, Calendar(READING_GROUP, GROUPS[READING_GROUP], role), holidays]


def find(person: Person, id_: str) -> Calendar | None:
    wanted = address(person) if id_ == "primary" else id_
    return next((calendar for calendar in calendars(person) if calendar.id == wanted), None)


def entry(calendar: Calendar) -> dict[str, Any]:
    """As the list of calendars has it: what is not so is left out."""
    shown = {
        "kind": "calendar#calendarListEntry",
        "etag": calendar.etag,
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": ZONE,
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "accessRole": calendar.role,
        "defaultReminders": [{"method": "popup", "minutes": 30}] if calendar.primary else [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    return shown | {name: True for name in ("primary", "selected") if getattr(calendar, name)}
