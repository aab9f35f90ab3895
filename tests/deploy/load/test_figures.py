"""What the load tool says of many measurements, and of itself."""

import random

import pytest

from deploy.load.figures import Percentiles, Tally
from deploy.load.report import figures, lines
from deploy.load.run import Plan, Result
from deploy.probing.address import parse_address


@pytest.mark.parametrize("share", [0.0001, 0.5, 0.95, 0.99, 1.0])
def test_percentiles_are_within_two_per_cent(share: float) -> None:
    chance = random.Random(7)
    values = [chance.expovariate(20) for _ in range(5_000)]
    found = Percentiles()
    for value in values:
        found.add(value)
    exact = sorted(values)[max(0, round(len(values) * share) - 1)] * 1000
    assert found.ms(share) == pytest.approx(exact, rel=0.021, abs=0.002)


def test_of_nothing_there_are_none() -> None:
    assert Percentiles().ms(0.99) == 0.0


def test_what_takes_no_time_is_counted_too() -> None:
    found = Percentiles()
    found.add(0.0)
    assert (found.count, found.ms(0.5)) == (1, 0.0)


def told(own_share: float = 0.2, own_late: float = 0.001, **heard: int) -> dict[str, object]:
    tally, late = Tally("run"), Percentiles()
    tally.received = 1_000
    for name, value in heard.items():
        setattr(tally, name, value)
    late.add(own_late)
    plan = Plan(parse_address("http://127.0.0.1:1"), "sse", 100, 10, 1, 0, 0.1, None)
    return figures(plan, Result(tally, 1.0, 10, 1_000, {}, 10, 1.0, None, own_share, late), 10)


def test_a_run_without_faults_is_clean() -> None:
    assert told()["clean"]


@pytest.mark.parametrize(
    "fault", [{"received": 999}, {"repeated": 1}, {"missing": 1}, {"unrecovered": 1}, {"given_up": 1}]
)
def test_a_fault_is_not_clean(fault: dict[str, int]) -> None:
    assert not told(**fault)["clean"]


@pytest.mark.parametrize(
    ("own_share", "own_late", "is_here"), [(0.2, 0.001, False), (0.9, 0.001, True), (0.2, 0.05, True)]
)
def test_it_says_when_it_was_itself_what_was_measured(own_share: float, own_late: float, is_here: bool) -> None:
    found = told(own_share, own_late)
    assert found["bottleneck_is_here"] is is_here
    assert ("BOTTLENECK" in "\n".join(lines(found))) is is_here
    assert found["own_limit_per_second"] == pytest.approx(1_000 / own_share)
