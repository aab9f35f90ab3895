"""Google Calendar: a channel says that a calendar has changed, its sync token says what."""

from actors.platforms.google_calendar.platform import GoogleCalendar

__all__ = ["GoogleCalendar"]
