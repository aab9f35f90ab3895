"""Google Calendar as a platform. The calendars, their changes, the channels and pushes are in the files beside it."""

from collections.abc import Generator, Mapping, Sequence

from actors.platforms.base import (
    Answer,
    Call,
    Client,
    Endpoints,
    Happening,
    Inbound,
    NewSecret,
    Pacing,
    Reads,
    Receives,
)
from actors.platforms.google import AUTHORIZE_URL, TOKEN_URL, Google
from actors.platforms.google_calendar import changes, channels, pushes, sentences
from storage.records import Account, Delivery, Hook, Item

READ = "https://www.googleapis.com/auth/calendar.readonly"


class GoogleCalendar(Google):
    slug = "calendar"
    title = "Google Calendar"
    endpoints = Endpoints(AUTHORIZE_URL, TOKEN_URL, "https://www.googleapis.com")
    poll_every = "2h"
    hooks_daily = True
    """A calendar that came since has no channel."""
    scopes = ("openid", "email", READ)
    needs = {READ: "reading your calendars"}  # noqa: RUF012 (a ClassVar, in the base)
    pace = Pacing(rate=100, burst=200, concurrency=8)

    def __init__(
        self,
        client: Client,
        endpoints: Endpoints | None = None,
        *,
        calendars: int = 10,
        userinfo_url: str | None = None,
        revoke_url: str | None = None,
    ) -> None:
        super().__init__(client, endpoints, userinfo_url=userinfo_url, revoke_url=revoke_url)
        self.calendars = calendars
        """At most so many of a user's calendars are read; their own first, then those they show."""

    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        return changes.read(self.urls.api_url, self.calendars, cursors, now)

    def found(self, data_type: str, count: int) -> str:
        return "1 change in your calendars" if count == 1 else f"{count} changes in your calendars"

    def found_first(self, data_type: str, count: int) -> str:
        return "1 event in your calendars" if count == 1 else f"{count} events in your calendars"

    def line(self, item: Item) -> Mapping[str, str | None]:
        return sentences.line(item.raw)

    def receive(self, request: Inbound) -> Receives:
        return pushes.receive(request)

    def parse(self, delivery: Delivery) -> Happening:
        return pushes.parse(delivery)

    def parse_for(self, delivery: Delivery, account: Account, cursors: Mapping[str, str]) -> Happening:
        return pushes.parse(delivery, account, cursors)

    def register(
        self, account: Account, url: str, known: Sequence[Hook], new_secret: NewSecret, now: float
    ) -> Generator[Call, Answer, Sequence[Hook]]:
        return channels.register(self.urls.api_url, self.calendars, url, known, new_secret, now)

    def take_back(self, left: Sequence[Hook], made: Sequence[Hook]) -> Generator[Call, Answer, None]:
        return channels.stop_unheard(self.urls.api_url, left, made)

    def unregister(self, hook: Hook, url: str) -> Generator[Call, Answer, None]:
        return channels.stop(self.urls.api_url, hook)
