import pytest

from actors.messages import DELIVERIES_DUE
from actors.operations import deliveries as operation
from storage import deliveries
from tests.actors.world import ADA, GRACE, World


def whats(world: World) -> list[str]:
    return [e["what"] for e in world.events("ada", "webhook_received")]


def test_deliveries_become_events_in_order_of_arrival(world: World) -> None:
    world.connect()
    for number in range(120):
        world.arrive(f"d{number}", nudge=False, what=str(number))

    world.directory.tell(ADA, DELIVERIES_DUE)
    world.settle()

    assert whats(world) == [str(number) for number in range(120)]
    assert set(world.delivery_states()) == {"done"}


def test_a_delivery_finished_once_has_no_second_effect_however_often_it_is_nudged(world: World) -> None:
    world.connect()
    world.arrive("d1", what="once")

    for _ in range(3):
        world.directory.tell(ADA, DELIVERIES_DUE)
    world.settle()

    assert whats(world) == ["once"]
    assert world.arrive("d1", what="once") is None


def test_what_tells_of_a_thing_that_is_stored_already_is_told_as_its_change(world: World) -> None:
    world.connect()
    world.arrive("d1", what="new", again="changed", number=1000)
    world.arrive("d2", what="new", again="changed", number=1000)
    for name in ("d3", "d4"):  # two of one batch
        world.arrive(name, nudge=False, what="new", again="changed", number=1001)
    world.arrive("d5", nudge=False, what="without other words", number=1000)
    world.directory.tell(ADA, DELIVERIES_DUE)
    world.settle()

    assert whats(world) == ["new", "changed", "new", "changed", "without other words"]


def test_what_waits_at_a_start_is_worked_off(world: World) -> None:
    world.connect()
    world.arrive("d1", nudge=False, what="left behind")
    world.crash()

    world.start()

    assert whats(world) == ["left behind"]


def test_a_poisoned_delivery_pays_alone_and_is_parked_in_the_end(world: World) -> None:
    world.connect()
    world.arrive("bad", nudge=False, poison=True)
    world.arrive("good", what="fine")
    assert whats(world) == ["fine"]

    world.pass_time(sum(operation.DELAYS) + 60)

    assert world.delivery_states() == ["parked", "done"]
    assert world.status().state == "running"
    assert world.status().restarts == 0


def test_a_parked_delivery_that_is_replayed_is_worked_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    row = world.arrive("bad", poison=True)
    assert row is not None
    world.pass_time(sum(operation.DELAYS) + 60)
    monkeypatch.setattr(world.platform, "parse", lambda _: operation.Happening({"what": "understood now"}))

    key = world.database.write(lambda tx: deliveries.replay(tx, row)).result()
    assert key == ADA
    world.directory.tell(ADA, DELIVERIES_DUE)
    world.settle()

    assert whats(world) == ["understood now"]


def test_a_delivery_that_ends_the_process_each_time_is_parked(world: World) -> None:
    """Its tries are charged before they are made, so that the charge outlives the process."""
    world.connect()
    row = world.arrive("killer", nudge=False)
    assert row is not None
    for _ in range(len(operation.DELAYS) + 1):
        world.database.write(lambda tx: deliveries.charge(tx, [row])).result()

    world.crash()
    world.start()

    assert world.delivery_states() == ["parked"]
    assert whats(world) == []


def test_deliveries_for_a_connection_that_needs_its_user_are_still_told(world: World) -> None:
    world.connect()
    world.far.refuse_refresh = "invalid_grant"
    world.pass_time(3600)
    assert world.row().status == "needs_reauth"

    world.arrive("d1", what="still here")

    assert whats(world) == ["still here"]


def test_a_clock_set_back_holds_up_no_delivery(world: World) -> None:
    world.connect()
    world.arrive("d1", nudge=False, what="from the future")
    world.clock.jump(-3600)

    world.directory.tell(ADA, DELIVERIES_DUE)
    world.settle()

    assert whats(world) == ["from the future"]


def test_what_came_for_a_connection_that_is_gone_is_parked_and_wakes_nobody_again(world: World) -> None:
    world.connect()
    world.crash()
    world.start()
    world.arrive("d1", key=GRACE, nudge=False)

    world.pass_time(31)

    assert world.delivery_states("grace") == ["parked"]
