"""Connection actors as in the service, but for three things: time is virtual, turns and calls run in the test's own
thread, and the platform is Tiny. The database is a real file."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from actors import schedule
from actors.clock import VirtualClock
from actors.directory import Directory
from actors.eraser import Eraser
from actors.lanes import Lanes
from actors.messages import Connect, StartMore, WebhookArrived
from actors.platforms.base import Platform
from actors.pool import InlineExecutor
from actors.restarts import RestartPolicy
from actors.shared import Shared
from actors.status import Status
from actors.supervisor import Supervisor
from actors.sweeper import Sweeper
from storage import connections, data, deliveries, events
from storage.database import Database
from storage.records import Connection, ConnectionKey, Delivery, Event, Item, Secret
from storage.vault import Vault
from tests.fakes.platform import FarEnd, Tiny, tiny

ADA = ConnectionKey("ada", "tiny")
GRACE = ConnectionKey("grace", "tiny")


class World:
    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder / 'world.db'}"
        self.vault = Vault([b"k" * 32])
        self.far = FarEnd()
        self.platform: Tiny = tiny()
        self.platforms: dict[str, Platform] = {"tiny": self.platform}
        """Those that are configured when it starts."""
        self.executor = InlineExecutor()
        self.clock = VirtualClock(settle=self.executor.run_until_idle)
        self.fatal: list[str] = []
        self.start()

    # -- the service's life ----------------------------------------------------------------------
    def start(self) -> None:
        """As after a start of the process: all that was in memory is gone."""
        self.database = Database.open(self._url, vault=self.vault)
        self.told: list[Event] = []
        self.database.publish = self.told.extend
        self.executor = InlineExecutor()
        self.clock = VirtualClock(self.clock.now(), settle=self.executor.run_until_idle)
        self.directory = Directory()
        self.lanes = Lanes(self.clock, self.far, executor=self.executor)
        shared = Shared(
            executor=self.executor,
            clock=self.clock,
            database=self.database,
            vault=self.vault,
            lanes=self.lanes,
            directory=self.directory,
            platforms=self.platforms,
            schedules={slug: schedule.parse(one.poll_every) for slug, one in self.platforms.items()},
            public_url="https://soulwire.example",
        )
        policy = RestartPolicy(chance=lambda: 0.0)
        self.directory.supervisor = Supervisor.start(self.executor, shared, policy, self.fatal.append)
        self.directory.supervisor.tell(StartMore())
        Sweeper.begin(shared)
        Eraser.begin(shared)
        self.settle()

    def crash(self) -> None:
        """The process is gone, and with it every message, timer and call."""
        self.database.close()

    def close(self) -> None:
        self.database.close()

    def settle(self) -> None:
        self.executor.run_until_idle()

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    # -- doing -----------------------------------------------------------------------------------
    def connect(self, key: ConnectionKey = ADA) -> Connection:
        self.database.write(lambda tx: connections.create(tx, key, self.clock.now())).result()
        self.order(key, lambda reply: Connect(Secret("code"), "https://soulwire.example/back", None, reply))
        return self.row(key)

    def order(self, key: ConnectionKey, order: Callable[["Future[Any]"], Any]) -> "Future[Any]":
        reply: Future[Any] = Future()
        self.directory.tell(key, order(reply))
        self.settle()
        return reply

    def arrive(self, delivery_id: str, key: ConnectionKey = ADA, *, nudge: bool = True, **said: Any) -> int | None:
        delivery = Delivery(key, delivery_id, "said", json.dumps(said).encode(), self.clock.now())
        row = self.database.write(lambda tx: deliveries.add(tx, delivery)).result()
        if row is not None and nudge:
            self.directory.tell(key, WebhookArrived(row))
            self.settle()
        return row

    # -- looking ---------------------------------------------------------------------------------
    def row(self, key: ConnectionKey = ADA) -> Connection:
        row = self.database.read(lambda tx: connections.get(tx, key))
        assert row is not None
        return row

    def status(self, key: ConnectionKey = ADA) -> Status:
        status = self.directory.status(key)
        assert status is not None
        return status

    def events(self, user: str = "ada", *types: str) -> list[dict[str, Any]]:
        """The user's sequence, or its events of these types."""
        self.database.write(lambda tx: None).result()  # whatever was written before this is committed now
        kept = self.database.read(lambda tx: events.since(tx, user, 0, 10_000))
        assert [event.offset for event in kept] == list(range(1, len(kept) + 1))
        return [{"type": e.type, **json.loads(e.body)} for e in kept if not types or e.type in types]

    def items(self, user: str = "ada") -> list[str]:
        rows = self.database.read(lambda tx: data.page(tx, user, "tiny", None, None, 1000).rows)
        return sorted(row.external_id for row in rows)

    def delivery_states(self, user: str = "ada") -> list[str]:
        rows = self.database.read(lambda tx: deliveries.page(tx, user=user, limit=1000))
        return [row.state for row in reversed(rows)]


def thing(number: int) -> Item:
    return Item("things", str(number), {"number": number})
