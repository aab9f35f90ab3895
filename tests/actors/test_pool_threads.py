"""The pool's own threads: how many, what they survive, how they end."""

import threading

import pykka
from structlog.testing import capture_logs

from actors.pool import InlineExecutor, Pool, PooledActor

SOON = 5


class Quiet(PooledActor):
    def on_receive(self, message: object) -> object:
        return message


def keep_a_thread(pool: Pool, held: threading.Event) -> None:
    """Returns once a thread of the pool waits for `held`."""
    started = threading.Event()

    def hold() -> None:
        started.set()
        held.wait(SOON)

    pool.submit(hold)
    assert started.wait(SOON)


def test_ten_thousand_actors_need_no_thread_of_their_own() -> None:
    before = threading.active_count()
    pool = Pool(3)
    refs = [Quiet.start(pool) for _ in range(10_000)]
    assert refs[-1].ask("hello", timeout=SOON) == "hello"
    assert threading.active_count() == before + 3
    assert pool.stop(SOON)
    assert threading.active_count() == before


def test_pooled_actors_stay_out_of_the_registry() -> None:
    executor = InlineExecutor()
    ref = Quiet.start(executor)
    assert ref not in pykka.ActorRegistry.get_all()


def test_depth_is_the_number_of_turns_that_wait_for_a_thread() -> None:
    pool = Pool(1)
    held = threading.Event()
    keep_a_thread(pool, held)
    assert pool.depth == 0
    Quiet.start(pool)
    Quiet.start(pool)
    assert pool.depth == 2
    held.set()
    assert pool.stop(SOON)


def test_a_turn_that_raises_is_logged_and_its_thread_goes_on() -> None:
    pool = Pool(1)

    def leave() -> None:
        raise SystemExit(1)

    with capture_logs() as logs:
        pool.submit(leave)
        assert Quiet.start(pool).ask("hello", timeout=SOON) == "hello"
    assert [entry["event"] for entry in logs] == ["turn_failed"]
    assert pool.stop(SOON)


def test_stop_takes_the_turns_that_are_due_and_those_they_lead_to() -> None:
    pool = Pool(2)
    taken: list[int] = []

    def step(number: int) -> None:
        taken.append(number)
        if number < 200:
            pool.submit(lambda: step(number + 1))

    held = threading.Event()
    keep_a_thread(pool, held)
    pool.submit(lambda: step(0))
    held.set()
    assert pool.stop(SOON)
    assert taken == list(range(201))


def test_stop_gives_up_on_a_turn_that_does_not_end() -> None:
    pool = Pool(2)
    held = threading.Event()
    keep_a_thread(pool, held)
    assert pool.stop(timeout=0.05) is False
    held.set()
    assert pool.stop(SOON) is True


def test_stop_gives_up_on_turns_that_never_run_dry() -> None:
    pool = Pool(1)

    def again() -> None:
        pool.submit(again)

    pool.submit(again)
    assert pool.stop(timeout=0.05) is False
    assert pool.stop(SOON) is True
