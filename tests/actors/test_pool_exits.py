"""SystemExit and its like in an actor: the one actor fails, aloud; threads and the other actors go on."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pykka
import pytest

from actors.pool import ActorExit, Pool, PooledActor

SOON = 5


class Leaver(PooledActor):
    """Leaves by SystemExit at the place it is given."""

    def __init__(self, place: str = "") -> None:
        super().__init__()
        self.place = place
        self.failures: list[Any] = []
        self.died = threading.Event()

    def leave(self, place: str) -> None:
        if self.place == place:
            raise SystemExit(3)

    def on_start(self) -> None:
        self.leave("on_start")

    def on_receive(self, message: Any) -> Any:
        self.leave("on_receive")
        if message == "fail":
            raise ValueError(message)
        return message

    def on_stop(self) -> None:
        self.leave("on_stop")

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:
        self.failures.append((exception_type, str(exception_value)))
        self.died.set()
        self.leave("on_failure")


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(1)
    yield pool
    assert pool.stop(SOON), "a thread of the pool didn't come to its end"


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.exc_text or str(record.exc_info) for record in caplog.records if record.levelno == logging.ERROR]


def assert_the_pool_still_works(pool: Pool) -> None:
    assert Leaver.start(pool).ask("hello", timeout=SOON) == "hello"


def test_told_it_goes_the_way_of_a_failure(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    neighbour, ref = Leaver.start(pool), Leaver.start(pool, "on_receive")
    actor = ref._actor_weakref()
    assert actor is not None
    ref.tell("go")
    assert actor.died.wait(SOON)
    assert actor.failures[0][0] is ActorExit
    assert "SystemExit(3)" in actor.failures[0][1]
    assert not ref.is_alive()
    assert len(errors(caplog)) == 1
    assert neighbour.ask("hello", timeout=SOON) == "hello"


def test_told_it_leaves_the_threading_actors_of_the_process_alone(pool: Pool) -> None:
    class Bystander(pykka.ThreadingActor):
        use_daemon_thread = True

    bystander = Bystander.start()
    ref = Leaver.start(pool, "on_receive")
    ref.tell("go")
    assert_the_pool_still_works(pool)
    assert bystander.is_alive()
    bystander.stop(timeout=SOON)


def test_asked_it_is_answered_as_an_exception(pool: Pool) -> None:
    ref = Leaver.start(pool, "on_receive")
    with pytest.raises(ActorExit, match="SystemExit"):
        ref.ask("go", timeout=SOON)
    assert ref.is_alive()


@pytest.mark.parametrize("place", ["on_start", "on_stop", "on_failure"])
def test_in_a_hook_it_is_logged_and_the_actor_is_dead(pool: Pool, caplog: pytest.LogCaptureFixture, place: str) -> None:
    ref = Leaver.start(pool, place)
    if place == "on_failure":
        ref.tell("fail")
    stopped = ref.stop(block=False)
    stopped.get(timeout=SOON)
    assert not ref.is_alive()
    assert any("SystemExit" in text for text in errors(caplog))
    assert_the_pool_still_works(pool)


def test_asks_that_wait_behind_it_are_answered(pool: Pool) -> None:
    ref = Leaver.start(pool, "on_failure")
    held = threading.Event()
    pool.submit(lambda: held.wait(SOON))
    ref.tell("fail")
    waiting = ref.ask("hello", block=False)
    held.set()
    with pytest.raises(pykka.ActorDeadError):
        waiting.get(timeout=SOON)
