"""A platform that hangs holds its own few threads; every job hears its outcome exactly once, also at the end."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue
from typing import Any

import pytest
from structlog.testing import capture_logs

from actors.clock import Clock
from actors.lane import Job
from actors.lanes import Lanes
from actors.pacing import Circuit, Pace
from actors.platforms.base import Answer, Call
from tests.fakes.senders import OK, Hanging, Script

SOON = 10


def pace(concurrency: int = 6) -> Pace:
    return Pace(rate=1e6, burst=1e6, concurrency=concurrency, circuit=Circuit(in_a_row=10**9, of_last=10**6))


def lane_threads() -> int:
    return sum(thread.name.startswith("lane-") for thread in threading.enumerate())


@pytest.fixture
def platform() -> Iterator[Hanging]:
    platform = Hanging()
    yield platform
    platform.let_go.set()


class Replies:
    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.came: SimpleQueue[tuple[str, Any]] = SimpleQueue()

    def submit(self, platform: str, name: str, **more: bool) -> None:
        done = partial(self._take, name)
        self.lanes.submit(platform, Job(Call("GET", name), None, None, done, **more))

    def _take(self, name: str, outcome: Any) -> None:
        self.came.put((name, outcome))

    def next(self) -> tuple[str, Any]:
        return self.came.get(timeout=SOON)


def test_a_hanging_platform_leaves_threads_for_the_others(platform: Hanging) -> None:
    before = lane_threads()
    replies = Replies(Lanes(Clock(), platform, {"spotify": pace(), "github": pace()}))
    for _ in range(200):
        replies.submit("spotify", "hang")
    for _ in range(6):
        assert platform.hanging.acquire(timeout=SOON)
    for number in range(100):
        replies.submit("github", f"quick {number}")
        assert replies.next() == (f"quick {number}", OK)
    assert not platform.hanging.acquire(blocking=False), "a seventh call to the hanging platform has begun"
    assert lane_threads() - before <= 12
    platform.let_go.set()
    assert Counter(replies.next()[0] for _ in range(200)) == {"hang": 200}


def test_all_platforms_together_have_a_bounded_number_of_threads(platform: Hanging) -> None:
    before = lane_threads()
    lanes = Lanes(Clock(), platform, {f"p{n}": pace() for n in range(10)}, threads=8)
    replies = Replies(lanes)
    for number in range(100):
        replies.submit(f"p{number % 10}", "hang")
    for _ in range(8):
        assert platform.hanging.acquire(timeout=SOON)
    assert sum(lane.active for lane in lanes.snapshot()) == 8
    assert lane_threads() - before == 8
    platform.let_go.set()
    assert Counter(replies.next()[0] for _ in range(100)) == {"hang": 100}


def test_threads_are_made_when_they_are_needed_and_used_again() -> None:
    before = lane_threads()
    replies = Replies(Lanes(Clock(), Script(), {"github": pace(concurrency=1)}))
    assert lane_threads() == before
    for number in range(50):
        replies.submit("github", str(number))
    for _ in range(50):
        replies.next()
    assert 1 <= lane_threads() - before <= 2


def test_a_call_that_ends_lets_the_next_one_of_its_platform_begin(platform: Hanging) -> None:
    replies = Replies(Lanes(Clock(), platform, {"github": pace(concurrency=1)}))
    for name in ("hang", "a", "b"):
        replies.submit("github", name)
    assert platform.hanging.acquire(timeout=SOON)
    platform.let_go.set()
    assert [replies.next()[0] for _ in range(3)] == ["hang", "a", "b"]


def test_stop_waits_for_the_urgent_calls_under_way_and_sends_the_others_away(platform: Hanging) -> None:
    lanes = Lanes(Clock(), platform, {"spotify": pace(concurrency=2)})
    replies = Replies(lanes)
    for name in ("hang 1", "hang 2", "waits"):
        replies.submit("spotify", name, urgent=True)
    for _ in range(2):
        assert platform.hanging.acquire(timeout=SOON)
    stopped: SimpleQueue[bool] = SimpleQueue()
    threading.Thread(target=lambda: stopped.put(lanes.stop(SOON))).start()
    name, outcome = replies.next()
    assert (name, outcome.kind) == ("waits", "stopped")
    platform.let_go.set()
    assert stopped.get(timeout=SOON) is True
    assert sorted([replies.next(), replies.next()]) == [("hang 1", OK), ("hang 2", OK)]


def test_stop_tells_those_whose_calls_do_not_end_once_and_for_all(platform: Hanging) -> None:
    ended = threading.Event()

    class OneThread:
        def submit(self, work: Callable[[], object]) -> None:
            def run() -> None:
                work()
                ended.set()

            threading.Thread(target=run).start()

    lanes = Lanes(Clock(), platform, {"spotify": pace()}, executor=OneThread())
    replies = Replies(lanes)
    replies.submit("spotify", "hang", urgent=True)
    assert platform.hanging.acquire(timeout=SOON)
    assert lanes.stop(timeout=0.01) is False
    name, outcome = replies.next()
    assert (name, outcome.kind) == ("hang", "timeout")
    platform.let_go.set()
    assert ended.wait(SOON)
    assert replies.came.empty()


def test_stop_gives_calls_that_hang_a_second_unless_they_are_urgent(platform: Hanging) -> None:
    lanes = Lanes(Clock(), platform, {"spotify": pace()})
    replies = Replies(lanes)
    replies.submit("spotify", "hang")
    assert platform.hanging.acquire(timeout=SOON)
    began = time.monotonic()

    assert lanes.stop(30) is False

    assert time.monotonic() - began < 5
    name, outcome = replies.next()
    assert (name, outcome.kind) == ("hang", "stopped")
    platform.let_go.set()
    assert replies.came.empty()


def test_what_follows_from_an_urgent_call_is_made_while_it_stops_and_nothing_else(platform: Hanging) -> None:
    lanes = Lanes(Clock(), platform, {"spotify": pace()})
    replies = Replies(lanes)
    replies.submit("spotify", "hang", urgent=True)
    assert platform.hanging.acquire(timeout=SOON)
    rounds = iter(("follows", None))

    def act(_: float) -> None:
        if name := next(rounds):
            replies.submit("spotify", "new", urgent=True)
            replies.submit("spotify", name, urgent=True, follows=True)

    stopped: SimpleQueue[bool] = SimpleQueue()
    threading.Thread(target=lambda: stopped.put(lanes.stop(SOON, act))).start()
    platform.let_go.set()

    assert stopped.get(timeout=SOON) is True
    came = dict(replies.next() for _ in range(3))
    assert (came["hang"], came["follows"], came["new"].kind) == (OK, OK, "stopped")
    replies.submit("spotify", "late", urgent=True, follows=True)
    assert replies.next()[1].kind == "stopped"


def test_stop_does_not_return_before_the_outcome_was_told(platform: Hanging) -> None:
    lanes = Lanes(Clock(), platform, {"spotify": pace()})
    hearing, go_on = threading.Event(), threading.Event()

    def hear(_: Any) -> None:
        hearing.set()
        go_on.wait(SOON)

    lanes.submit("spotify", Job(Call("GET", "quick"), None, None, hear, urgent=True))
    assert hearing.wait(SOON)
    stopped: SimpleQueue[bool] = SimpleQueue()
    thread = threading.Thread(target=lambda: stopped.put(lanes.stop(SOON)))
    thread.start()
    thread.join(0.2)

    assert stopped.empty()
    go_on.set()
    assert stopped.get(timeout=SOON) is True


def test_stop_ends_the_threads() -> None:
    lanes = Lanes(Clock(), Script(), {"github": pace()})
    before = set(threading.enumerate())
    replies = Replies(lanes)
    for number in range(20):
        replies.submit("github", str(number))
        replies.next()
    made = [thread for thread in threading.enumerate() if thread not in before]
    assert made
    lanes.stop()
    for thread in made:
        thread.join(SOON)
        assert not thread.is_alive()


def test_after_stop_calls_are_sent_away() -> None:
    lanes = Lanes(Clock(), Script())
    assert lanes.stop() is True
    replies = Replies(lanes)
    replies.submit("github", "late")
    assert replies.next()[1].kind == "stopped"


def test_from_many_threads_every_job_hears_exactly_once() -> None:
    lanes = Lanes(Clock(), Script(lambda path: Answer(200, {}, path.encode())), {f"p{n}": pace() for n in range(5)})
    replies = Replies(lanes)

    def submit(writer: int) -> None:
        for number in range(200):
            replies.submit(f"p{number % 5}", f"{writer}/{number}")

    writers = [threading.Thread(target=submit, args=(writer,)) for writer in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    outcomes = [replies.next() for _ in range(1600)]
    assert len({name for name, _ in outcomes}) == 1600
    assert all(outcome.body == name.encode() for name, outcome in outcomes)
    assert lanes.stop(SOON) is True
    assert replies.came.empty()


def test_a_listener_that_raises_does_not_stop_the_lane() -> None:
    replies = Replies(Lanes(Clock(), Script(), {"github": pace(concurrency=1)}))

    def fail(_: Any) -> None:
        raise ValueError("the listener's own")

    with capture_logs() as logs:
        replies.lanes.submit("github", Job(Call("GET", "a"), None, None, fail))
        replies.submit("github", "b")
        assert replies.next() == ("b", OK)
    assert [entry["event"] for entry in logs] == ["outcome_not_taken"]
