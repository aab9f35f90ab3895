"""What a push service answers decides whether a device is asked again, given up or forgotten."""

import time
from collections.abc import Iterator
from email.utils import formatdate
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage import subscriptions
from storage.records import Secret
from storage.subscriptions import Subscription
from tests.actors.pushing import World
from tests.fakes.http_server import Seen, Wire


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


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
