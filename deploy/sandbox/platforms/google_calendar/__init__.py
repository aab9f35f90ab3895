"""Google Calendar as the sandbox plays it."""

from collections.abc import Callable
from random import Random
from typing import ClassVar

from deploy.sandbox.outbox import Outbox
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import Happened, Route
from deploy.sandbox.platforms.google import GooglePlatform, Refusal
from deploy.sandbox.platforms.google.accounts import address
from deploy.sandbox.platforms.google.quota import Quota, minute
from deploy.sandbox.platforms.google.tokens import rules
from deploy.sandbox.platforms.google_calendar import requests, watching
from deploy.sandbox.platforms.google_calendar.calendars import HOLIDAYS, calendars, find
from deploy.sandbox.platforms.google_calendar.channels import Channels
from deploy.sandbox.platforms.google_calendar.diary import DAY_MS, MINUTE_MS, Diary
from deploy.sandbox.state import State
from deploy.sandbox.tokens import TokenRules

READ = "https://www.googleapis.com/auth/calendar.readonly"
PER_USER, PER_PROJECT = 600, 10_000
"""Calls a minute."""


class GoogleCalendar(GooglePlatform):
    slug = "calendar"
    kinds = ("event", "event_changed", "event_cancelled")
    needs = READ
    rules: ClassVar[TokenRules] = rules(READ)

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        super().__init__(state, outbox, now, root)
        self.diary = Diary(state, self.slug)
        self.channels = Channels(self)
        self._of_user, self._of_project = Quota(PER_USER, minute), Quota(PER_PROJECT, minute)

    def own_routes(self) -> list[Route]:
        return [*watching.routes(self), *requests.routes(self)]

    def spend(self, user: str, cost: int) -> Refusal | None:
        now = self.now()
        if not self._of_user.spend(user, cost, now):
            return "User Rate Limit Exceeded", "userRateLimitExceeded", "usageLimits"
        if not self._of_project.spend("", cost, now):
            return "Rate Limit Exceeded", "rateLimitExceeded", "usageLimits"
        return None

    # -- what happens there --------------------------------------------------------------------------
    def begin(self, person: Person) -> None:
        """Two weeks behind and three ahead, one event a week, one over a whole day."""
        now = int(self.now() * 1000)
        for calendar in calendars(person):
            if calendar.id != HOLIDAYS and self.diary.is_empty(calendar.id):
                dice = Random(f"calendar {calendar.id}")
                made = now - 20 * DAY_MS
                for place in range(dice.randrange(6, 10)):
                    start = _at_the_half_hour(now + int(dice.uniform(-14, 21) * DAY_MS))
                    all_day = place == 4
                    start -= start % DAY_MS if all_day else 0
                    own = address(person)
                    self.diary.add(
                        person.name, own, calendar.id, start, made + place * DAY_MS, all_day=all_day, weekly=place == 0
                    )

    def act(self, person: Person, kind: str, where: str | None) -> Happened:
        calendar = find(person, where or "primary")
        if calendar is None or calendar.role == "reader":
            raise LookupError(where)
        user, now = person.name, int(self.now() * 1000)
        if kind == "event":
            dice = Random(f"{calendar.id} {self.diary.latest_change()}")
            start = _at_the_half_hour(now + int(dice.uniform(0.2, 10) * DAY_MS))
            event = self.diary.add(user, address(person), calendar.id, start, now)
        else:
            newest = self.diary.newest(calendar.id)
            if newest is None:
                raise LookupError("an event that it could happen to")
            change = self.diary.move if kind == "event_changed" else self.diary.cancel
            event = change(user, newest, now)
        return Happened(event.id, self.channels.changed(calendar.id))

    # -- sync tokens ---------------------------------------------------------------------------------
    def lives(self, user: str) -> str:
        of_all, own = self.state.fact(self.slug, "", "lives"), self.state.fact(self.slug, user, "lives")
        return f"{of_all}.{own}"

    def lose_cursors(self, user: str | None) -> None:
        """Sync tokens given out so far are no longer valid."""
        self.state.count_up(self.slug, user or "", "lives")


def _at_the_half_hour(at: int) -> int:
    return at - at % (30 * MINUTE_MS)
