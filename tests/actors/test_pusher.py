"""What is committed for a device reaches it once, whatever its push service says at first."""

import time
from collections.abc import Callable, Iterator, Sequence
from email.utils import formatdate
from functools import partial
from pathlib import Path
from threading import Semaphore
from typing import Any

import pytest
from structlog.testing import capture_logs

from actors.clock import VirtualClock
from actors.lanes import Lanes
from actors.outbound import Outbound
from actors.pacing import Pace
from actors.pool import InlineExecutor
from actors.pusher import AT_ONCE, Look, Nudge, Pusher
from actors.webpush.counts import PushCounts
from actors.webpush.encryption import encoded
from actors.webpush.hosts import PushHosts
from actors.webpush.vapid import Vapid
from storage import broadcasts, events, pushes, subscriptions
from storage.database import Database
from storage.records import Draft, Secret
from storage.subscriptions import Subscription
from storage.vault import Vault
from tests.fakes.http_server import Seen, Wire
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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def test_each_device_of_the_user_is_sent_the_event_once(world: World) -> None:
    world.subscribe("phone")
    world.subscribe("laptop")
    world.subscribe("other", user="grace")
    world.tell("Hi", body="there")
    world.clock.advance(3600)
    assert sorted(world.service.tries) == ["laptop", "phone"]
    (kept,) = world.database.read(lambda tx: events.since(tx, "ada", 0, 9))
    for came in world.service.came:
        assert came.event["cursor"] == kept.cursor
        assert (came.event["type"], came.event["title"], came.event["body"]) == ("notification", "Hi", "there")
    assert world.count("pushes") == 0


def test_what_people_need_not_hear_of_at_once_is_not_pushed(world: World) -> None:
    world.subscribe("phone")
    world.tell("poll", type="platform_sync")
    world.tell("again", type="needs_reauth")
    assert world.service.titles() == ["again"]
    assert world.service.came[0].headers["urgency"] == "high"


def test_who_has_a_page_in_sight_is_not_pushed_to_then_nor_later(world: World) -> None:
    world.subscribe("phone")
    world.looking.add("ada")
    world.tell("seen")
    world.looking.clear()
    world.clock.advance(3600)
    world.tell("unseen")
    assert world.service.titles() == ["unseen"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_forgotten_and_no_other(world: World, status: int) -> None:
    world.subscribe("gone")
    world.subscribe("phone")
    world.service.answers["gone"].append((status, {}))
    world.tell("one")
    world.tell("two")
    assert (world.service.tries.count("gone"), world.service.titles("phone")) == (1, ["one", "two"])
    assert world.count("push_subscriptions") == 1


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_push_service_in_trouble_is_asked_again_until_it_takes_it_once(world: World, status: int) -> None:
    world.subscribe("phone")
    world.service.answers["phone"] += [(status, {}), (status, {})]
    world.tell("Hi")
    assert world.service.titles() == []
    world.clock.advance(3600)
    assert (world.service.titles(), world.service.tries) == (["Hi"], ["phone"] * 3)


def test_retry_after_is_waited_for(world: World) -> None:
    world.subscribe("phone")
    world.service.answers["phone"].append((429, {"Retry-After": "600"}))
    world.tell("Hi")
    world.clock.advance(590)
    assert world.service.titles() == []
    world.clock.advance(60)
    assert world.service.titles() == ["Hi"]


def test_a_device_whose_keys_seal_nothing_holds_up_no_other(world: World) -> None:
    host = world.service.url
    broken = Subscription(Secret(f"{host}/push/broken"), host, "AAAA", Secret("AAAA"))
    keep = partial(subscriptions.keep, vault=world.vault, user="ada", subscription=broken, at=world.clock.now())
    world.database.write(lambda tx: keep(tx)).result()
    for name in ("phone", "laptop"):
        world.subscribe(name)

    with capture_logs() as logs:
        world.tell("Hi")

    assert sorted(world.service.tries) == ["laptop", "phone"]
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["push_not_made"]
    assert (world.count("pushes"), world.counts.refused) == (0, 1)


@pytest.fixture
def in_honolulu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Pacific/Honolulu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_honolulu")
def test_a_date_to_wait_for_is_in_utc_wherever_the_service_runs(world: World) -> None:
    world.subscribe("phone")
    later = formatdate(world.clock.now() + 600)
    assert later.endswith("-0000"), "as some say it, with no zone that a parser knows"
    world.service.answers["phone"].append((503, {"Retry-After": later}))
    world.tell("Hi")
    world.clock.advance(590)
    assert world.service.titles() == []
    world.clock.advance(60)
    assert world.service.titles() == ["Hi"]


@pytest.mark.parametrize("status", [400, 403, 413])
def test_what_is_refused_is_not_sent_again_and_the_device_stays(world: World, status: int) -> None:
    world.subscribe("phone")
    world.service.answers["phone"].append((status, {}))
    world.tell("one")
    world.tell("two")
    world.clock.advance(3600)
    assert (world.service.titles(), world.service.tries) == (["two"], ["phone"] * 2)


def test_a_redirect_is_not_followed(world: World) -> None:
    world.subscribe("phone")
    elsewhere: list[Seen] = []

    def inside(wire: Wire, seen: Seen) -> None:
        elsewhere.append(seen)
        wire.close()

    world.service.answers["phone"].append((307, {"Location": world.service.server.on("/inside", inside)}))
    world.tell("Hi")
    world.clock.advance(3600)
    assert (elsewhere, world.count("pushes")) == ([], 0)


def test_a_push_service_that_is_no_longer_allowed_is_not_called(world: World) -> None:
    world.subscribe("phone", host=world.service.url)
    device = world.service.devices["phone"]
    moved = Subscription(Secret("https://evil.example/x"), world.service.url, "", Secret(""))
    world.database.write(lambda tx: subscriptions.keep(tx, world.vault, "grace", moved, 0.0)).result()
    world.tell("Hi", user="grace")
    assert (world.service.tries, world.count("push_subscriptions"), device.endpoint[:4]) == ([], 1, "http")


def test_what_was_committed_before_a_crash_is_pushed_after_it(world: World) -> None:
    world.subscribe("phone")
    world.database.publish = None  # killed right after the commit
    world.tell("Hi")
    assert world.service.titles() == []
    world.start()
    world.clock.advance(3600)
    assert world.service.titles() == ["Hi"]


def test_pushed_again_after_a_crash_it_takes_the_first_ones_place(world: World) -> None:
    world.subscribe("phone")
    world.tell("one")
    world.tell("two")
    phone = int(world.database.read(lambda tx: tx.one("SELECT id FROM push_subscriptions"))[0])
    world.database.write(
        lambda tx: tx.run(
            "INSERT INTO pushes (subscription_id, host, user_id, position, at, due_at, attempts) "
            "VALUES (?, ?, 'ada', 1, ?, 0, 0)",
            phone,
            world.service.url,
            world.clock.now(),
        )
    ).result()
    world.clock.advance(60)
    first, second, again = [came.headers["topic"] for came in world.service.came]
    assert first == again != second


def test_nothing_older_than_a_day_is_pushed(world: World) -> None:
    world.subscribe("phone")
    world.service.answers["phone"] += [(503, {})] * 1000
    world.tell("Hi")
    world.clock.advance(86_400)
    world.service.answers["phone"].clear()
    world.clock.advance(86_400)
    assert (world.service.titles(), world.count("pushes")) == ([], 0)


def test_a_push_service_that_is_away_is_asked_again_and_nothing_is_lost(world: World) -> None:
    world.subscribe("phone")
    world.service.close()
    world.tell("Hi")
    world.clock.advance(600)
    assert world.count("pushes") == 1


def test_a_push_service_that_hangs_holds_up_nobody_but_its_own(tmp_path: Path) -> None:
    stuck = PushService()
    world = World(tmp_path, beside=[stuck.url])
    hanging = Semaphore(0)

    def hang(wire: Wire, seen: Seen) -> None:
        hanging.release()
        while wire.pause(60):
            pass

    try:
        for number in range(AT_ONCE + 4):
            stuck.server.on(f"/push/{number}", hang)
            world.subscribe(f"stuck-{number}", endpoint=f"{stuck.url}/push/{number}", host=stuck.url)
        world.subscribe("phone", user="grace")
        world.tell("unheard")
        assert all(hanging.acquire(timeout=10) for _ in range(AT_A_TIME))  # all that it may have at once hang by now
        for title in ("one", "two"):
            world.tell(title, user="grace")
            world.wait_until(lambda title=title: world.service.titles()[-1:] == [title])
        world.wait_until(lambda: world.count("pushes") == AT_ONCE + 4)
        assert not hanging.acquire(blocking=False)
    finally:
        stuck.close()
        world.close()


def test_a_broadcast_reaches_devices_of_those_who_are_away(world: World) -> None:
    world.subscribe("phone")
    world.database.write(lambda tx: broadcasts.add(tx, Draft("news", {"title": "no"}), world.clock.now())).result()
    assert world.database.read(lambda tx: broadcasts.with_devices_behind(tx, "", 9)) == []
    told = Draft("notification", {"title": "all"})
    world.database.write(lambda tx: broadcasts.add(tx, told, world.clock.now())).result()
    assert world.database.read(lambda tx: broadcasts.with_devices_behind(tx, "", 9)) == ["ada"]
    world.database.write(lambda tx: broadcasts.hear(tx, ["ada"])).result()
    world.settle()
    assert world.service.titles() == ["all"]


def test_how_pushes_ended_is_counted(world: World) -> None:
    for name in ("phone", "laptop", "gone"):
        world.subscribe(name)
    world.service.answers["phone"] += [(503, {}), (500, {})]
    world.service.answers["laptop"].append((413, {}))
    world.service.answers["gone"].append((410, {}))
    world.tell("one")
    assert world.database.read(pushes.waiting) == 1
    world.clock.advance(3600)
    assert world.counts == PushCounts(sent=1, failed=2, refused=1, devices_dropped=1)

    world.looking.add("ada")
    world.tell("two")

    assert world.counts == PushCounts(sent=1, failed=2, refused=1, unneeded=2, devices_dropped=1)
    assert world.database.read(pushes.waiting) == 0
