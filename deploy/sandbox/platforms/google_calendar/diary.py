"""The events of all calendars, each with the number of the change that made it what it is."""

import hashlib
from random import Random
from typing import Any

import msgspec

from deploy.sandbox.happenings import Happenings
from deploy.sandbox.state import State

SCHEMA = """
CREATE TABLE IF NOT EXISTS calendar_events (
    calendar TEXT, id TEXT, change INTEGER, body TEXT, PRIMARY KEY (calendar, id)) WITHOUT ROWID
"""
INDEX = "CREATE INDEX IF NOT EXISTS calendar_events_by_change ON calendar_events (calendar, change)"

MINUTE_MS = 60_000
DAY_MS = 86_400_000
TITLES = (
    "Stand-up", "Lunch by the river", "Dentist", "Review of the tide tables", "Call with the museum", "Choir",
    "Observatory evening", "One-to-one", "Train to Hamburg", "Chapter four", "Workshop: reading old engines",
)  # fmt: skip


class Event(msgspec.Struct, frozen=True):
    calendar: str
    id: str
    creator: str
    """An address."""
    summary: str | None
    """None: untitled."""
    start: int
    """Milliseconds, as all times here."""
    end: int
    created: int
    updated: int
    change: int = 0
    all_day: bool = False
    weekly: bool = False
    cancelled: bool = False
    private: bool = False
    sequence: int = 0


class Diary:
    def __init__(self, state: State, slug: str) -> None:
        self._state = state
        self._slug = slug
        self._happenings = Happenings(state, slug)
        state.run(SCHEMA)
        state.run(INDEX)

    # -- reading -------------------------------------------------------------------------------------
    def changed(self, calendar: str, after: int, upto: int) -> list[Event]:
        """In the order of their last changes."""
        rows = self._state.all(
            "SELECT change, body FROM calendar_events WHERE calendar = ? AND change >= ? AND change <= ?"
            " ORDER BY change",
            calendar, after, upto,
        )  # fmt: skip
        return [_event(row) for row in rows]

    def latest_change(self) -> int:
        row = self._state.one("SELECT max(id) FROM happenings WHERE platform = ?", self._slug)
        return int(row[0]) if row and row[0] else 0

    def one(self, calendar: str, id_: str) -> Event | None:
        row = self._state.one("SELECT change, body FROM calendar_events WHERE calendar = ? AND id = ?", calendar, id_)
        return _event(row) if row else None

    def is_empty(self, calendar: str) -> bool:
        return self._state.one("SELECT 1 FROM calendar_events WHERE calendar = ?", calendar) is None

    # -- what happens --------------------------------------------------------------------------------
    def add(self, user: str, creator: str, calendar: str, start: int, at: int, **more: Any) -> Event:
        turn = self._state.count_up(self._slug, calendar, "turn", 0)
        dice = Random(f"calendar {calendar} {turn}")
        id_ = hashlib.sha256(f"{calendar} {turn}".encode()).hexdigest()[:26]
        summary = None if turn % 11 == 7 else TITLES[turn % len(TITLES)]
        end = start + (DAY_MS if more.get("all_day") else dice.choice((15, 30, 60, 90)) * MINUTE_MS)
        private = turn % 13 == 9
        event = Event(calendar, id_, creator, summary, start, end, at, at, private=private, **more)
        return self._keep(user, "event", event)

    def move(self, user: str, event: Event, at: int) -> Event:
        later = 30 * MINUTE_MS if not event.all_day else DAY_MS
        times = {"start": event.start + later, "end": event.end + later}
        moved = msgspec.structs.replace(event, **times, updated=at, sequence=event.sequence + 1)
        return self._keep(user, "event_changed", moved)

    def cancel(self, user: str, event: Event, at: int) -> Event:
        gone = msgspec.structs.replace(event, cancelled=True, updated=at, sequence=event.sequence + 1)
        return self._keep(user, "event_cancelled", gone)

    def newest(self, calendar: str) -> Event | None:
        """The one that changed last and still is to be."""
        rows = self._state.all(
            "SELECT change, body FROM calendar_events WHERE calendar = ? ORDER BY change DESC LIMIT 500", calendar
        )
        return next((event for row in rows if not (event := _event(row)).cancelled), None)

    def _keep(self, user: str, kind: str, event: Event) -> Event:
        told = {"calendar": event.calendar, "event": event.id}
        change = self._happenings.add(user, kind, event.updated, told).id
        event = msgspec.structs.replace(event, change=change)
        body = msgspec.json.encode(event).decode()
        self._state.run("REPLACE INTO calendar_events VALUES (?, ?, ?, ?)", event.calendar, event.id, change, body)
        return event


def _event(row: tuple[Any, ...]) -> Event:
    return msgspec.json.decode(row[1], type=Event)
