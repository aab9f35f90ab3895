"""What a platform allows in a day is spent by the calls that are made, and by no others."""

from actors.allowance import Allowance
from actors.clock import VirtualClock
from actors.lane import Job
from actors.lanes import Lanes
from actors.pacing import Circuit, Pace
from actors.platforms.base import Call, Pacing
from actors.pool import InlineExecutor
from tests.fakes.senders import OK, TIMED_OUT, Script

DAILY = 20


class Metered:
    """Lanes to one platform that counts units."""

    def __init__(self, rate: float = 1000.0) -> None:
        self.executor = InlineExecutor()
        self.clock = VirtualClock(settle=self.executor.run_until_idle)
        self.platform = Script()
        self.allowance = Allowance(Pacing(daily=DAILY))
        circuit = Circuit(in_a_row=3, first=10.0, longest=10.0, chance=lambda: 0.0)
        pace = Pace(rate, burst=1, concurrency=1, circuit=circuit)
        lanes = {"youtube": pace}
        self.lanes = Lanes(
            self.clock, self.platform, lanes, allowances={"youtube": self.allowance}, executor=self.executor
        )

    def submit(self, count: int) -> list[Job]:
        jobs = [Job(Call("GET", str(number)), None, None, lambda _: None) for number in range(count)]
        for job in jobs:
            self.lanes.submit("youtube", job)
        return jobs


def test_those_that_an_outage_sends_away_cost_nothing() -> None:
    metered = Metered()
    metered.platform.say = lambda path: TIMED_OUT
    metered.submit(10)
    metered.clock.advance(1)
    assert len(metered.platform.called) == 3, "then the circuit opens"
    for _ in range(5 * DAILY):
        metered.submit(1)

    assert metered.allowance.spent == 3

    metered.platform.say = lambda path: OK
    metered.clock.advance(10)
    metered.submit(1)
    metered.clock.advance(1)
    assert len(metered.platform.called) == 4


def test_one_that_is_withdrawn_before_it_is_begun_costs_nothing() -> None:
    metered = Metered(rate=0.1)
    _, second = metered.submit(2)

    metered.lanes.withdraw("youtube", second)
    metered.lanes.withdraw("youtube", second)

    assert metered.allowance.spent == 1


def test_one_that_is_under_way_is_spent_whoever_withdraws_it() -> None:
    metered = Metered()
    (only,) = metered.submit(1)

    metered.lanes.withdraw("youtube", only)

    assert metered.allowance.spent == 1


def test_those_that_wait_when_the_service_stops_cost_nothing() -> None:
    metered = Metered(rate=0.1)
    metered.submit(5)
    metered.executor.run_until_idle()

    metered.lanes.stop(0.1)

    assert metered.allowance.spent == 1
