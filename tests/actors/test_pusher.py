"""What is committed for a device reaches it once, whatever its push service says at first."""

from collections.abc import Iterator
from pathlib import Path
from threading import Semaphore

import pytest

from actors.pusher import AT_ONCE
from actors.webpush.counts import PushCounts
from storage import broadcasts, events, pushes, subscriptions
from storage.records import Draft, Secret
from storage.subscriptions import Subscription
from tests.actors.pushing import AT_A_TIME, World
from tests.fakes.http_server import Seen, Wire
from tests.fakes.push_service import PushService


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
