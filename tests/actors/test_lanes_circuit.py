"""A platform that is down: its calls fail fast, one probe at a time finds out when it is back."""

import pytest
from structlog.testing import capture_logs

from actors.pacing import Circuit, Pace
from actors.platforms.base import Answer
from actors.platforms.failures import BadAnswer, CallFailed
from tests.actors.test_lanes_pace import World
from tests.fakes.senders import BROKEN, OK, TIMED_OUT


def world() -> World:
    circuit = Circuit(in_a_row=3, first=10.0, longest=60.0, chance=lambda: 0.0)
    return World(spotify=Pace(rate=1000, burst=1000, circuit=circuit))


def call(world: World, *names: str) -> list[str]:
    """Submits calls one after the other; how each of them ended."""
    before = len(world.ended)
    for name in names:
        world.submit("spotify", name)
        world.executor.run_until_idle()
    return [str(getattr(outcome, "kind", None) or outcome.status) for _, _, outcome in world.ended[before:]]


@pytest.mark.parametrize(("answer", "seen"), [(TIMED_OUT, "timeout"), (BROKEN, "503")])
def test_failures_of_the_network_and_5xx_open_it(answer: Answer | Exception, seen: str) -> None:
    down = world()
    down.platform.say = lambda path: answer
    assert call(down, "1", "2", "3", "4") == [seen, seen, seen, "circuit_open"]
    assert down.platform.called == ["1", "2", "3"]


@pytest.mark.parametrize(
    "answer",
    [Answer(401, {}, b""), Answer(404, {}, b""), Answer(429, {}, b""), CallFailed("too_large", "big"), BadAnswer("?")],
)
def test_other_failures_leave_it_closed(answer: Answer | Exception) -> None:
    well = world()
    well.platform.say = lambda path: answer
    call(well, *"123456789")
    assert len(well.platform.called) == 9
    assert well.lanes.snapshot()[0].circuit == "closed"


def test_a_bug_of_ours_is_an_outcome_and_leaves_it_closed() -> None:
    broken = world()
    broken.platform.say = lambda path: KeyError("users-token")
    with capture_logs() as logs:
        assert call(broken, "1", "2", "3", "4") == ["internal"] * 4
    assert {entry["event"] for entry in logs} == {"call_broke"}
    assert "users-token" not in str(logs)


def test_an_open_circuit_says_when_to_come_back() -> None:
    down = world()
    down.platform.say = lambda path: TIMED_OUT
    call(down, "1", "2", "3")
    down.clock.advance(4)
    call(down, "4")
    outcome = down.ended[-1][2]
    assert (outcome.kind, outcome.retry_after) == ("circuit_open", 6)


def test_opening_sends_away_those_that_wait() -> None:
    down = world()
    down.platform.say = lambda path: TIMED_OUT
    for number in range(50):
        down.submit("spotify", str(number))
    down.executor.run_until_idle()
    kinds = [outcome.kind for _, _, outcome in down.ended]
    assert len(kinds) == 50
    assert kinds.count("circuit_open") == 50 - len(down.platform.called)
    assert len(down.platform.called) < 10


def test_one_call_probes_it_and_its_success_lets_the_others_through() -> None:
    down = world()
    down.platform.say = lambda path: TIMED_OUT
    with capture_logs() as logs:
        call(down, "1", "2", "3")
        down.clock.advance(10)
        down.platform.say = lambda path: OK
        for name in ("probe", "meanwhile"):
            down.submit("spotify", name)
        down.executor.run_until_idle()
        assert call(down, "after") == ["200"]
    assert [(name, getattr(outcome, "kind", "ok")) for name, _, outcome in down.ended[3:]] == [
        ("meanwhile", "circuit_open"),
        ("probe", "ok"),
        ("after", "ok"),
    ]
    assert [entry["event"] for entry in logs] == ["circuit_opened", "circuit_closed"]


def test_a_platform_that_stays_down_is_called_ever_more_rarely() -> None:
    down = world()
    down.platform.say = lambda path: TIMED_OUT
    for _ in range(600):
        call(down, "poll")
        down.clock.advance(1)
    assert len(down.platform.called) == 3 + 3 + 8


def test_one_platforms_circuit_leaves_the_others_alone() -> None:
    down = world()
    down.platform.say = lambda path: TIMED_OUT if path == "spotify" else OK
    call(down, *["spotify"] * 5)
    down.submit("github", "github")
    down.executor.run_until_idle()
    assert down.ended[-1][2] is OK


def test_failures_and_refusals_are_counted() -> None:
    down = world()
    down.platform.say = lambda path: BROKEN
    call(down, *"12345")
    lane = down.lanes.snapshot()[0]
    assert (lane.calls, lane.failures, lane.refusals, lane.circuit) == (3, 3, 2, "open")
