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


def test_what_tells_of_a_thing_for_the_second_time_tells_of_its_change(world: World) -> None:
    world.connect()
    world.arrive("v1:1", what="new", about="v1", again="changed")
    world.arrive("v1:2", what="new", about="v1", again="changed")
    for name in ("v2:1", "v2:2"):  # two of one batch
        world.arrive(name, nudge=False, what="new", about="v2", again="changed")
    world.arrive("v1:3", nudge=False, what="without other words", about="v1")
    world.arrive("v:1", nudge=False, what="of another", about="v", again="changed")
    world.directory.tell(ADA, DELIVERIES_DUE)
    world.settle()

    assert whats(world) == ["new", "changed", "new", "changed", "without other words", "of another"]


def test_what_a_poll_has_stored_before_its_webhook_came_is_still_told_as_new(world: World) -> None:
    world.far.items = [3]
    world.connect()
    assert world.items() == ["3"]

    world.arrive("3:1", what="new", about="3", again="changed", number=3)

    assert whats(world) == ["new"]
    assert world.items() == ["3"]


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
