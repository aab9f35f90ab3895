"""Push channels: headers that say that a calendar has changed, and nothing else."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from tornado.httpclient import HTTPRequest

from deploy.sandbox.outbox import Delivery

if TYPE_CHECKING:
    from deploy.sandbox.platforms.google_calendar import GoogleCalendar

SCHEMA = """
CREATE TABLE IF NOT EXISTS calendar_channels (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, user TEXT, calendar TEXT, resource TEXT, address TEXT, token TEXT,
    expires_at REAL, message INTEGER, stopped INTEGER)
"""
INDEX = "CREATE INDEX IF NOT EXISTS calendar_channels_on ON calendar_channels (calendar)"

LIFE = 7 * 86_400.0
CALENDAR_LIST = ""
"""In place of a calendar: the list of them."""
ANSWER_WITHIN = 10.0
TRIED_AGAIN = (500, 502, 503, 504)
MOST_TIMES = 10
AGENT = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"


class Channel(msgspec.Struct, frozen=True):
    """A row, column by column. Those that have ended are kept: no id is taken twice."""

    number: int
    id: str
    user: str
    calendar: str
    resource: str
    address: str
    token: str
    expires_at: float
    message: int
    stopped: int


class Message(msgspec.Struct, frozen=True):
    number: int
    state: str


class Channels:
    def __init__(self, platform: "GoogleCalendar") -> None:
        self._platform = platform
        self._state = platform.state
        self._state.run(SCHEMA)
        self._state.run(INDEX)
        platform.outbox.open(platform.slug, self.request_for, self.again_in)

    def find(self, id_: str) -> Channel | None:
        row = self._state.one("SELECT * FROM calendar_channels WHERE id = ?", id_)
        return Channel(*row) if row else None

    def open(
        self, user: str, calendar: str, id_: str, address: str, token: str, life: float
    ) -> tuple[Channel, Delivery]:
        """The channel, and its first message, which is `sync`."""
        resource = hashlib.sha256(f"{user} {calendar}".encode()).hexdigest()[:27]
        with self._state.change():
            number = self._state.insert(
                "INSERT INTO calendar_channels (id, user, calendar, resource, address, token, expires_at, message,"
                " stopped) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
                id_, user, calendar, resource, address, token, self._platform.now() + life,
            )  # fmt: skip
            return self._known(number), self._tell(self._known(number), "sync")

    def stop(self, channel: Channel) -> None:
        self._state.run("UPDATE calendar_channels SET stopped = 1 WHERE number = ?", channel.number)

    def changed(self, calendar: str) -> Sequence[Delivery]:
        """To everybody's channels on it; those that are over are passed by without a word."""
        rows = self._state.all(
            "SELECT * FROM calendar_channels WHERE calendar = ? AND NOT stopped AND expires_at > ? ORDER BY number",
            calendar, self._platform.now(),
        )  # fmt: skip
        return [self._tell(Channel(*row), "exists") for row in rows]

    def _tell(self, channel: Channel, state: str) -> Delivery:
        """Numbers begin with 1 and grow, by more than one at times."""
        number = channel.message + (1 if state == "sync" else 1 + (channel.message * 7 + channel.number) % 3)
        self._state.run("UPDATE calendar_channels SET message = ? WHERE number = ?", number, channel.number)
        body = msgspec.json.encode(Message(number, state))
        return self._platform.outbox.add(self._platform.slug, channel.number, state, None, body)

    def _known(self, number: int) -> Channel:
        row = self._state.one("SELECT * FROM calendar_channels WHERE number = ?", number)
        assert row is not None
        return Channel(*row)

    # -- sending -------------------------------------------------------------------------------------
    def resource_uri(self, channel: Channel) -> str:
        root = f"{self._platform.root}/calendar/v3"
        if channel.calendar == CALENDAR_LIST:
            return f"{root}/users/me/calendarList?alt=json"
        return f"{root}/calendars/{quote(channel.calendar, safe='@')}/events?alt=json"

    def request_for(self, delivery: Delivery) -> HTTPRequest | None:
        channel, message = self._known(delivery.hook_id), msgspec.json.decode(delivery.body, type=Message)
        if channel.stopped or channel.expires_at <= self._platform.now():
            return None
        ends = format_datetime(datetime.fromtimestamp(int(channel.expires_at), UTC), usegmt=True)
        headers = {
            "Accept": "*/*",
            "Content-Length": "0",
            "User-Agent": AGENT,
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": ends,
            "X-Goog-Message-Number": str(message.number),
            "X-Goog-Resource-ID": channel.resource,
            "X-Goog-Resource-State": message.state,
            "X-Goog-Resource-URI": self.resource_uri(channel),
        }
        if channel.token:
            headers["X-Goog-Channel-Token"] = channel.token
        return HTTPRequest(
            channel.address, method="POST", headers=headers, body=b"", follow_redirects=False,
            connect_timeout=ANSWER_WITHIN, request_timeout=ANSWER_WITHIN,
        )  # fmt: skip

    def again_in(self, _delivery: Delivery, attempts: int, code: int) -> float | None:
        """Only when the receiver is not well; every other answer is taken for the last word."""
        return 2.0 ** (attempts - 1) if code in TRIED_AGAIN and attempts < MOST_TIMES else None
