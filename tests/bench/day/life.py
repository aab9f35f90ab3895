"""The service's own actors, lanes and database, living through days by a virtual clock against the far ends."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from actors import schedule
from actors.allowance import Allowance
from actors.clock import VirtualClock
from actors.directory import Directory
from actors.lanes import Lanes
from actors.messages import Connect, HookHeard, StartMore, WebhookArrived
from actors.pacing import Pace
from actors.platforms.base import (
    Answer,
    Call,
    Client,
    Handshake,
    Inbound,
    Platform,
    PublicKey,
    Refused,
    Resident,
    Verified,
)
from actors.platforms.discord import Discord
from actors.platforms.github import GitHub
from actors.platforms.gmail import Gmail
from actors.platforms.google_calendar import GoogleCalendar
from actors.platforms.linkedin import LinkedIn
from actors.platforms.slack import Slack
from actors.platforms.spotify import Spotify
from actors.platforms.youtube import YouTube
from actors.pool import InlineExecutor
from actors.restarts import RestartPolicy
from actors.shared import Shared
from actors.supervisor import Supervisor
from storage import addresses, connections, deliveries, hooks
from storage.database import Database
from storage.records import ConnectionKey, Delivery, Secret
from storage.vault import Vault
from tests.bench.day.book import Book
from tests.bench.day.ends import ENDS
from tests.bench.day.ends import gmail as google
from tests.bench.day.ends.base import End
from tests.bench.day.ends.slack import SIGNING_SECRET
from tests.bench.day.people import HOUR, Happening

MIDNIGHT = 1_795_132_800.0
"""2026-11-20T00:00:00Z, when it all begins."""
CONNECTING = HOUR
"""Seconds over which people connect at first."""
MARKER = re.compile(r"\[h(\d+)\]")
CLIENT = Client("day", Secret("day-secret"))


class Seen(NamedTuple):
    happening: Happening
    pushed: bool
    late: float | None
    """Seconds until it was stored; None when it never was."""


class Life:
    def __init__(
        self, folder: Path, who: Mapping[str, list[str]], *, pushed: bool = True, every: Mapping[str, str] | None = None
    ) -> None:
        """`pushed`: whether platforms are let push at all. `every`: other intervals than the platforms' own."""
        self.who = who
        self.vault = Vault([b"k" * 32])
        self.executor = InlineExecutor()
        self.clock = VirtualClock(MIDNIGHT, settle=self.executor.run_until_idle)
        self.book = Book(self.clock.now)
        self.ends: dict[str, End] = {end.slug: end(self.clock, self.book, self.knock) for end in ENDS}
        self.platforms = _platforms(pushed)
        self.intervals = {slug: (every or {}).get(slug, one.poll_every) for slug, one in self.platforms.items()}
        for end in self.ends.values():
            end.pushes = pushed
        self.database = Database.open(f"sqlite:///{folder / 'day.db'}", durability="normal", vault=self.vault)
        self.directory = Directory()
        self.fatal: list[str] = []
        self._key = google.public_key()
        self._happened: list[tuple[Happening, bool]] = []
        self._start(pushed)

    def _start(self, pushed: bool) -> None:
        one = self.platforms
        shared = Shared(
            executor=self.executor,
            clock=self.clock,
            database=self.database,
            vault=self.vault,
            lanes=Lanes(
                self.clock,
                self,
                {slug: Pace(p.pace.rate, p.pace.burst, p.pace.concurrency) for slug, p in one.items()},
                allowances={slug: Allowance(p.pace, p.refused_budget) for slug, p in one.items()},
                executor=self.executor,
            ),
            directory=self.directory,
            platforms=one,
            schedules={slug: schedule.parse(text) for slug, text in self.intervals.items()},
            # Where nothing is to push, the service is at an address that Google Calendar doesn't push to.
            public_url="https://soulwire.example" if pushed else "http://soulwire.example",
        )
        self.directory.supervisor = Supervisor.start(self.executor, shared, RestartPolicy(), self.fatal.append)
        self.directory.supervisor.tell(StartMore())

    def close(self) -> None:
        self.database.close()

    # -- what happens ----------------------------------------------------------------------------

    def connect_everybody(self) -> None:
        keys = [ConnectionKey(user, platform) for platform, users in self.who.items() for user in users]
        for number, key in enumerate(keys):
            self.clock.call_later(CONNECTING * number / len(keys), partial(self._connect, key))

    def _connect(self, key: ConnectionKey) -> None:
        self.database.write(lambda tx: connections.create(tx, key, self.clock.now())).result()
        self.directory.tell(key, Connect(Secret(key.user), "https://soulwire.example/back"))

    def expect(self, happenings: list[Happening]) -> None:
        for one in happenings:
            self.clock.call_later(MIDNIGHT + one.at - self.clock.now(), partial(self._happen, one))

    def _happen(self, one: Happening) -> None:
        self._happened.append((one, self.ends[one.platform].happen(one.user, one.marker)))

    def live(self, seconds: float) -> None:
        self.clock.advance(seconds)

    # -- between the service and the far ends ------------------------------------------------------

    def send(self, call: Call, bearer: Secret | None, _client: Client | None) -> Answer:
        slug = (urlsplit(call.url).hostname or "").removesuffix(".example")
        return self.ends[slug].answer(call, bearer)

    def knock(
        self,
        slug: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        user: str | None = None,
        method: str = "POST",
        params: Mapping[str, str] | None = None,
    ) -> int:
        """As the service's doors do it: verified, stored, and the actor nudged."""
        request = Inbound(headers, body, self.clock.now(), method, params or {}, user)
        platform = self.platforms[slug]
        verdict = self._received(platform, request) if platform.shared_door else self._verified(platform, request)
        if isinstance(verdict, Refused):
            self.book.breach(f"{slug}: a push was refused: {verdict.code}")
            return verdict.status
        for delivery in verdict:
            row = self.database.write(partial(deliveries.add, delivery=delivery)).result()
            if row is not None:
                self.directory.tell(delivery.key, WebhookArrived(row))
        return 200

    def _verified(self, platform: Platform, request: Inbound) -> "list[Delivery] | Refused":
        key = ConnectionKey(request.user or "", platform.slug)
        kept = self.database.read(lambda tx: hooks.of(tx, self.vault, key))
        verdict = platform.verify(request, [hook.secret for hook in kept])
        if isinstance(verdict, Verified):
            return [Delivery(key, verdict.delivery_id, verdict.kind, request.body, request.at)]
        return verdict

    def _received(self, platform: Platform, request: Inbound) -> "list[Delivery] | Refused":
        conversation = platform.receive(request)
        reply: Any = None
        try:
            while True:
                question = conversation.send(reply)
                reply = self._key if isinstance(question, PublicKey) else self._behind(platform, question.addresses)
        except StopIteration as end:
            verdict = end.value
        if isinstance(verdict, Handshake):
            for one in verdict.reaches:
                self.directory.tell(ConnectionKey(one.user, platform.slug), HookHeard(self.clock.now()))
            return []
        if isinstance(verdict, Refused):
            return verdict
        return [
            Delivery(
                ConnectionKey(parcel.user, platform.slug),
                parcel.delivery_id,
                parcel.kind,
                request.body if parcel.body is None else parcel.body,
                request.at,
            )
            for parcel in verdict.parcels
        ]

    def _behind(self, platform: Platform, wanted: Any) -> dict[str, list[Resident]]:
        def query(tx: Any) -> dict[str, list[Resident]]:
            return {
                address: [
                    Resident(one.user, one.secret, one.where)
                    for one in addresses.behind(tx, self.vault, platform.slug, address)
                ]
                for address in wanted
            }

        return self.database.read(query)

    # -- looking ---------------------------------------------------------------------------------

    def seen(self, begin: float, end: float) -> list[Seen]:
        """What happened between these, in seconds from the beginning, and how late it was stored.

        What is on at Spotify isn't the play: that is stored when it has ended.
        """
        sql = "SELECT raw_data, extracted_at FROM user_platform_data WHERE data_type <> 'currently_playing'"
        stored: dict[str, float] = {}
        for raw, at in self.database.read(lambda tx: tx.all(sql)):
            for number in MARKER.findall(raw):
                marker = f"[h{number}]"
                stored[marker] = min(at, stored.get(marker, at))
        return [
            Seen(one, pushed, stored[one.marker] - MIDNIGHT - one.at if one.marker in stored else None)
            for one, pushed in self._happened
            if begin <= one.at < end
        ]

    def statuses(self) -> dict[str, int]:
        """How many connections are in which state."""
        counts = self.database.read(connections.counts)
        found: dict[str, int] = {}
        for (_, status), count in counts.items():
            found[status] = found.get(status, 0) + count
        return found


def _platforms(pushed: bool) -> dict[str, Platform]:
    urls = {end.slug: end.endpoints() for end in ENDS}
    pubsub = {"topic": google.TOPIC, "audience": google.AUDIENCE, "service_account": google.SENDER} if pushed else {}
    return {
        "github": GitHub(CLIENT, urls["github"], hook_repos=10 if pushed else 0),
        "gmail": Gmail(CLIENT, urls["gmail"], **pubsub),
        "slack": Slack(CLIENT, urls["slack"], signing_secret=Secret(SIGNING_SECRET) if pushed else None),
        "spotify": Spotify(CLIENT, urls["spotify"]),
        "youtube": YouTube(CLIENT, urls["youtube"], hub_url=f"{urls['youtube'].api_url}/hub"),
        "calendar": GoogleCalendar(CLIENT, urls["calendar"]),
        "discord": Discord(CLIENT, urls["discord"]),
        "linkedin": LinkedIn(CLIENT, urls["linkedin"]),
    }
