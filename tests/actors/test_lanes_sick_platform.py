"""A platform that hangs on every call, over real sockets: its callers hear soon, the others notice nothing."""

import time
from collections import Counter
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from actors.clock import Clock
from actors.lane import Job
from actors.lanes import Lanes
from actors.outbound import Outbound
from actors.platforms.base import Call
from tests.fakes.http_server import HttpServer, hang, reply

SOON = 10


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    clock.start()
    yield clock
    clock.stop()


def test_two_hundred_callers_of_a_hanging_platform_hear_soon_and_the_others_are_served_meanwhile(clock: Clock) -> None:
    with HttpServer() as server:
        sick, well = server.on("/sick", hang), server.on("/well", reply(200, b"{}"))
        lanes = Lanes(clock, Outbound(clock, "1", read=0.5, total=1.0))
        failures: SimpleQueue[Any] = SimpleQueue()
        answers: SimpleQueue[Any] = SimpleQueue()
        for _ in range(200):
            lanes.submit("spotify", Job(Call("GET", sick, auth="none"), None, None, failures.put))
        waits = []
        for _ in range(20):
            began = time.perf_counter()
            lanes.submit("github", Job(Call("GET", well, auth="none"), None, None, answers.put))
            assert answers.get(timeout=SOON).status == 200
            waits.append(time.perf_counter() - began)
        kinds = Counter(failures.get(timeout=SOON).kind for _ in range(200))
        lanes.stop()
    assert sorted(waits)[10] < 0.1
    assert kinds["timeout"] <= 12
    assert kinds["timeout"] + kinds["circuit_open"] == 200
