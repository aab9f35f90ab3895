"""Calls wait in their platform's lane for the pace to let them go, by the clock's timers."""

from typing import Any

from actors.clock import VirtualClock
from actors.lane import Job
from actors.lanes import LONGEST_QUEUE, Lanes
from actors.pacing import Pace
from actors.platforms.base import Answer, Call
from actors.platforms.failures import CallFailed
from actors.pool import InlineExecutor
from tests.fakes.senders import Script


class World:
    """Lanes in virtual time, on the test's own thread."""

    def __init__(self, threads: int = 24, **paces: Pace) -> None:
        self.executor = InlineExecutor()
        self.clock = VirtualClock(settle=self.executor.run_until_idle)
        self.platform = Script()
        self.lanes = Lanes(self.clock, self.platform, paces, threads=threads, executor=self.executor)
        self.ended: list[tuple[str, float, Any]] = []

    def submit(self, platform: str, name: str, *, urgent: bool = False) -> None:
        def done(outcome: Any) -> None:
            self.ended.append((name, self.clock.elapsed(), outcome))

        self.lanes.submit(platform, Job(Call("GET", name), None, None, done, urgent))

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.ended]


def test_calls_are_made_in_order_and_each_outcome_reaches_its_job() -> None:
    world = World()
    world.platform.say = lambda path: Answer(200, {}, path.encode())
    for name in ("a", "b", "c"):
        world.submit("github", name)
    world.executor.run_until_idle()
    assert [(name, outcome.body) for name, _, outcome in world.ended] == [("a", b"a"), ("b", b"b"), ("c", b"c")]


def test_past_the_burst_calls_go_at_the_rate() -> None:
    world = World(spotify=Pace(rate=2, burst=2))
    for number in range(6):
        world.submit("spotify", str(number))
    world.clock.advance(10)
    assert [at for _, at, _ in world.ended] == [0, 0, 0.5, 1.0, 1.5, 2.0]


def test_a_paced_lane_has_one_timer_however_many_wait() -> None:
    world = World(spotify=Pace(rate=1, burst=1))
    for number in range(50):
        world.submit("spotify", str(number))
    world.executor.run_until_idle()
    assert len(world.clock) == 1


def test_one_platforms_pace_does_not_hold_anothers_calls() -> None:
    world = World(spotify=Pace(rate=0.1, burst=1))
    for number in range(3):
        world.submit("spotify", f"spotify {number}")
        world.submit("github", f"github {number}")
    world.executor.run_until_idle()
    assert world.names == ["spotify 0", "github 0", "github 1", "github 2"]


def test_urgent_calls_go_before_those_that_wait() -> None:
    world = World(spotify=Pace(rate=1, burst=1))
    for name in ("first", "poll 1", "poll 2"):
        world.submit("spotify", name)
    world.submit("spotify", "refresh", urgent=True)
    world.clock.advance(5)
    assert world.names == ["first", "refresh", "poll 1", "poll 2"]


def test_a_short_pause_holds_the_lane_until_it_is_over() -> None:
    world = World()
    world.lanes.pause("spotify", 20)
    world.submit("spotify", "a")
    world.clock.advance(19)
    assert world.ended == []
    world.clock.advance(1)
    assert [(name, at) for name, at, _ in world.ended] == [("a", 20)]


def test_a_long_pause_sends_calls_away_with_the_time_to_come_back() -> None:
    world = World(spotify=Pace(rate=1, burst=1))
    for name in ("made", "waiting"):
        world.submit("spotify", name)
    world.lanes.pause("spotify", 3600)
    assert world.names == ["waiting"]
    world.submit("spotify", "later")
    world.executor.run_until_idle()
    outcomes = {name: outcome for name, _, outcome in world.ended}
    assert outcomes["made"].status == 200
    for name in ("waiting", "later"):
        assert (outcomes[name].kind, outcomes[name].retry_after) == ("paused", 3600)


def test_a_pause_of_one_platform_leaves_the_others_alone() -> None:
    world = World()
    world.lanes.pause("spotify", 20)
    world.submit("github", "a")
    world.executor.run_until_idle()
    assert world.names == ["a"]


def test_a_queue_of_more_than_ten_minutes_takes_no_more_but_urgent_calls() -> None:
    world = World(slow=Pace(rate=1, burst=1))
    for number in range(int(LONGEST_QUEUE) + 2):
        world.submit("slow", str(number))
    world.submit("slow", "one too many")
    world.submit("slow", "refresh", urgent=True)
    name, _, outcome = world.ended[0]
    assert (name, outcome.kind, len(world.ended)) == ("one too many", "busy", 1)
    assert isinstance(outcome, CallFailed)
    assert outcome.retry_after is not None
    assert LONGEST_QUEUE < outcome.retry_after <= 2 * LONGEST_QUEUE + 2


def test_when_all_threads_are_taken_platforms_take_turns() -> None:
    world = World(threads=1)
    for number in range(3):
        world.submit("github", f"github {number}")
    for number in range(3):
        world.submit("spotify", f"spotify {number}")
        world.submit("gmail", f"gmail {number}")
    world.executor.run_until_idle()
    for third in range(3):
        platforms = {name.split()[0] for name in world.names[3 * third : 3 * third + 3]}
        assert platforms == {"github", "spotify", "gmail"}


def test_the_snapshot_shows_each_lane() -> None:
    world = World(spotify=Pace(rate=1, burst=2))
    for number in range(5):
        world.submit("spotify", str(number))
    world.lanes.pause("github", 60)
    spotify, github = world.lanes.snapshot()
    assert (spotify.platform, spotify.waiting, spotify.active, spotify.calls) == ("spotify", 3, 2, 2)
    assert (spotify.circuit, spotify.paused_for) == ("closed", 0)
    assert (github.platform, github.paused_for) == ("github", 60)
    world.clock.advance(10)
    spotify = world.lanes.snapshot()[0]
    assert (spotify.waiting, spotify.active, spotify.calls, spotify.failures) == (0, 0, 5, 0)
