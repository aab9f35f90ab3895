from concurrent.futures import Future
from typing import Any

from pykka import ActorDeadError

from actors.messages import DELIVERIES_DUE, ChildFailed, Disconnect, HaltChild, Poll, RestartChild
from storage import connections
from tests.actors.test_connection_storage import writes_fail
from tests.actors.world import ADA, GRACE, World


def fail(world: World) -> None:
    """A bug in the platform's file: nothing that anybody expected."""
    good, world.far.items = world.far.items, "broken"
    world.directory.tell(ADA, Poll())
    world.settle()
    world.far.items = good


def test_a_failed_actor_comes_back_with_its_state_and_works_off_what_waits(world: World) -> None:
    world.far.items = [1]
    world.connect()
    fail(world)
    assert world.status().state == "restarting"
    assert "KeyError" in (world.status().last_error or "")
    world.arrive("d1", what="meanwhile")
    assert world.events("ada", "webhook_received") == []

    world.pass_time(1.0)

    assert world.status().state == "running"
    assert world.status().restarts == 1
    assert [e["what"] for e in world.events("ada", "webhook_received")] == ["meanwhile"]
    assert world.row().status == "connected"


def test_who_waits_for_a_failed_actor_is_answered(world: World) -> None:
    world.connect()
    world.far.items = "broken"

    answer = world.order(ADA, lambda r: Poll(r))

    assert answer.exception() is not None


def test_who_gave_the_order_at_which_it_failed_is_answered_too(world: World) -> None:
    world.connect()
    world.database.write(lambda tx: connections.remove(tx, ADA)).result()  # behind its back

    answer = world.order(ADA, lambda r: Disconnect(reply=r))

    assert isinstance(answer.exception(0), ActorDeadError)
    world.pass_time(10)
    assert world.directory.status(ADA) is None, "there is nobody to live there"


def test_one_that_always_fails_is_parked_with_an_alert_and_tried_again_later(world: World) -> None:
    world.connect()
    world.connect(GRACE)
    for key in (ADA, GRACE):  # with a healthy hook, so that no poll comes by itself soon
        world.arrive("d1", key)
        world.order(key, lambda r: Poll(r))
    for _ in range(6):
        fail(world)
        world.pass_time(20)

    assert world.status().state == "parked"
    parked = world.directory.supervision.parked
    assert [(one.key, "KeyError" in one.why) for one in parked] == [("ada/tiny", True)]
    assert [e["code"] for e in world.events("ada", "problem")] == ["connection_parked"]
    assert world.status(GRACE).state == "running"
    assert world.status(GRACE).restarts == 0

    world.pass_time(1000)

    assert world.status().state == "running"
    assert world.directory.supervision.parked == ()
    world.arrive("d2", what="well again")
    assert world.events("ada", "webhook_received")[-1]["what"] == "well again"


def test_a_report_of_an_older_incarnation_is_old_news(world: World) -> None:
    world.connect()
    assert world.directory.supervisor is not None
    world.directory.supervisor.tell(ChildFailed(ADA, 0, "error"))
    world.settle()

    assert world.status().state == "running"


def test_a_halted_connection_stays_so_over_a_start_until_it_is_restarted(world: World) -> None:
    world.connect()
    supervisor = world.directory.supervisor
    assert supervisor is not None
    halted: Future[Any] = Future()
    supervisor.tell(HaltChild(ADA, halted))
    world.settle()
    assert halted.result() is None
    assert world.status().state == "stopped"

    world.crash()
    world.start()
    world.arrive("d1", what="waits")
    assert world.status().state == "stopped"
    assert world.events("ada", "webhook_received") == []

    assert world.directory.supervisor is not None
    world.directory.supervisor.tell(RestartChild(ADA))
    world.settle()
    assert world.status().state == "running"
    assert [e["what"] for e in world.events("ada", "webhook_received")] == ["waits"]


def test_an_order_for_a_halted_connection_is_refused_in_words(world: World) -> None:
    world.connect()
    assert world.directory.supervisor is not None
    world.directory.supervisor.tell(HaltChild(ADA))
    world.settle()

    answer = world.order(ADA, lambda r: Poll(r))

    assert "administrator" in str(answer.exception())


def test_a_restart_starts_a_new_actor_and_forgives_its_failures(world: World) -> None:
    world.connect()
    for _ in range(3):
        fail(world)
        world.pass_time(60)
    assert world.directory.supervisor is not None
    world.directory.supervisor.tell(RestartChild(ADA))
    world.settle()

    assert world.status().state == "running"
    for _ in range(5):
        fail(world)
        world.pass_time(60)
    assert world.status().state == "running"


def test_the_sweep_finds_what_no_nudge_reached(world: World) -> None:
    world.connect()
    world.arrive("d1", nudge=False, what="forgotten")

    world.pass_time(31)

    assert [e["what"] for e in world.events("ada", "webhook_received")] == ["forgotten"]


def test_when_the_supervisor_itself_fails_the_service_is_told_to_end(world: World) -> None:
    assert world.directory.supervisor is not None
    world.directory.supervisor.tell(object())
    world.settle()

    assert len(world.fatal) == 1


def test_a_connection_whose_row_is_gone_leaves_no_actor(world: World) -> None:
    world.directory.tell(GRACE, DELIVERIES_DUE)
    world.settle()

    assert world.directory.status(GRACE) is None


def test_one_that_is_tried_again_in_vain_is_parked_anew_without_another_alert(world: World) -> None:
    world.connect()
    for _ in range(6):
        fail(world)
        world.pass_time(20)
    assert world.status().state == "parked"
    world.pass_time(900)
    fail(world)

    assert world.status().state == "parked"
    assert [e["code"] for e in world.events("ada", "problem")] == ["connection_parked"]


def test_the_alert_of_one_that_is_parked_while_the_database_is_away_is_told_later(world: World) -> None:
    world.connect()
    for _ in range(5):
        fail(world)
        world.pass_time(20)
    with writes_fail(world):
        fail(world)
    assert world.status().state == "parked"
    assert world.events("ada", "problem") == []

    world.pass_time(30)

    assert [e["code"] for e in world.events("ada", "problem")] == ["connection_parked"]
