"""A pusher of its own, with a push service that says what a test wants."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from actors.clock import VirtualClock
from actors.lanes import Lanes
from actors.outbound import Outbound
from actors.pacing import Pace
from actors.pool import InlineExecutor
from actors.pusher import Look, Nudge, Pusher
from actors.webpush.counts import PushCounts
from actors.webpush.encryption import encoded
from actors.webpush.hosts import PushHosts
from actors.webpush.vapid import Vapid
from storage import broadcasts, events, subscriptions
from storage.database import Database
from storage.records import Draft, Secret
from storage.subscriptions import Subscription
from storage.vault import Vault
from tests.fakes.push_service import PushService

AT_A_TIME = 4
"""Calls to one push service."""


class World:
    """A pusher in virtual time with real calls to a push service on loopback. With others `beside` it, calls are made
    on threads, as in the service."""

    def __init__(self, folder: Path, beside: Sequence[str] = ()) -> None:
        self.beside = beside
        self.service = PushService()
        self.vault = Vault([b"k" * 32])
        self.database = Database.open(f"sqlite:///{folder}/pushes.db", durability="normal", vault=self.vault)
        self.executor = InlineExecutor()
        self.clock = VirtualClock(settle=self.executor.run_until_idle)
        self.looking: set[str] = set()
        self.counts = PushCounts()
        self.vapid = Vapid(Secret(encoded(b"\x01" * 32)), "mailto:someone@example.com")
        self.service.now = self.clock.now
        self.service.public_key = self.vapid.public_key
        self.start()

    def start(self) -> None:
        host = self.service.url
        outbound = Outbound(self.clock, "test", connect=5.0, read=60.0)
        hosts = [*self.beside, host]
        paces = {name: Pace(100, 100, AT_A_TIME) for name in hosts}
        lanes = Lanes(self.clock, outbound, paces, executor=None if self.beside else self.executor)
        pusher = Pusher.start(
            self.executor,
            self.clock,
            self.database,
            self.vault,
            lanes,
            PushHosts(hosts),
            self.vapid,
            self.looking.__contains__,
            self.counts,
        )
        self.database.publish = Nudge(lambda _: None, pusher.tell)
        pusher.tell(Look())
        self.settle()

    def settle(self) -> None:
        self.database.write(lambda tx: None).result()  # whatever was committed before has been told by now
        self.executor.run_until_idle()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """For what threads do."""
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline
            self.settle()

    def subscribe(self, name: str, user: str = "ada", host: str | None = None, endpoint: str | None = None) -> None:
        said = self.service.device(name).subscription()
        keys = said["keys"]
        one = Subscription(
            Secret(endpoint or said["endpoint"]), host or self.service.url, keys["p256dh"], Secret(keys["auth"])
        )

        def unit(tx: Any) -> None:
            broadcasts.hear(tx, [user])
            subscriptions.keep(tx, self.vault, user, one, self.clock.now())

        self.database.write(unit).result()

    def tell(self, title: str, user: str = "ada", type: str = "notification", **more: Any) -> None:
        draft = Draft(type, {"title": title, **more})
        self.database.write(lambda tx: events.append(tx, user, [draft], self.clock.now())).result()
        self.settle()

    def count(self, table: str) -> int:
        return int(self.database.read(lambda tx: tx.one(f"SELECT count(*) FROM {table}"))[0])

    def close(self) -> None:
        self.database.close()
        self.service.close()
        assert self.service.wrong == []
