"""What the supervisor survives: many who wait in vain, platforms that are gone, failures in the midst of orders."""

from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from actors import supervisor as supervisor_module
from actors.messages import Connect, Disconnect, HaltChild, Leave, Poll, Refresh, RestartChild
from storage import connections, deliveries
from storage.records import ConnectionKey, Delivery, Secret
from tests.actors.test_supervisor_restarts import fail
from tests.actors.world import ADA, World


def tell_supervisor(world: World, message: Any) -> None:
    assert world.directory.supervisor is not None
    world.directory.supervisor.tell(message)
    world.settle()


def test_those_who_wait_in_vain_dont_starve_the_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries of a platform that isn't configured any more stay in the way of every sweep."""
    monkeypatch.setattr(supervisor_module, "SWEPT", 3)
    world.connect()
    for number in range(10):
        key = ConnectionKey(f"aa{number}", "gone")
        delivery = Delivery(key, "d", "said", b"{}", 0.0)
        world.database.write(partial(deliveries.add, delivery=delivery)).result()
    world.arrive("d1", nudge=False, what="behind them all")

    world.pass_time(31)

    assert [e["what"] for e in world.events("ada", "webhook_received")] == ["behind them all"]


def test_a_restart_of_a_connection_to_a_platform_that_is_gone_is_refused_in_words(world: World) -> None:
    key = ConnectionKey("ada", "gone")
    world.database.write(lambda tx: connections.create(tx, key, 0.0)).result()
    reply: Future[Any] = Future()

    tell_supervisor(world, RestartChild(key, reply))

    assert "not configured" in str(reply.exception(0))
    assert world.directory.status(key) is None


def park(world: World) -> None:
    world.connect()
    for _ in range(6):
        fail(world)
        world.pass_time(20)
    assert world.status().state == "parked"


def test_a_user_can_leave_a_parked_connection(world: World) -> None:
    park(world)

    answer = world.order(ADA, lambda r: Disconnect(False, r))

    assert answer.result(0) is None
    assert world.row().status == "disconnected"
    assert world.directory.supervision.parked == ()


def test_a_user_can_connect_a_parked_connection_again(world: World) -> None:
    park(world)

    answer = world.order(ADA, lambda r: Connect(Secret("code"), "https://x", None, r))

    assert answer.result(0).status == "connected"
    assert world.status().state == "running"


def test_one_that_fails_while_it_is_being_stopped_is_stopped(world: World) -> None:
    world.connect()
    world.lanes.pause("tiny", 20)
    world.directory.tell(ADA, Refresh())
    world.settle()
    tell_supervisor(world, HaltChild(ADA))  # it stays until the exchange under way is over
    world.directory.tell(ADA, object())
    world.settle()

    world.pass_time(120)

    assert world.status().state == "stopped"
    assert world.directory.supervision.restarting == 0


def test_one_that_fails_while_it_is_being_restarted_is_restarted_once(world: World) -> None:
    world.connect()
    world.lanes.pause("tiny", 20)
    world.directory.tell(ADA, Refresh())
    world.settle()
    tell_supervisor(world, RestartChild(ADA))
    world.directory.tell(ADA, object())
    world.settle()
    world.pass_time(60)
    assert world.status().state == "running"
    restarts = world.status().restarts

    world.directory.tell(ADA, Leave())
    world.settle()

    assert restarts == 1
    assert world.directory.status(ADA) is None


def test_an_order_that_a_failing_actor_has_not_heard_gets_an_answer(world: World) -> None:
    world.connect()
    answer: Future[Any] = Future()
    world.directory.tell(ADA, object())
    world.directory.tell(ADA, Poll(answer))

    world.settle()

    assert "restarting" in str(answer.exception(0))


def test_an_order_that_an_ending_actor_has_not_heard_reaches_the_next(world: World) -> None:
    world.connect()
    answer: Future[Any] = Future()
    ref = world.directory.ref(ADA)
    assert ref is not None
    ref.stop(block=False)
    world.directory.tell(ADA, Poll(answer))

    world.settle()

    assert answer.result(0).count == 0
