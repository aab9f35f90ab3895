"""Turns: never two at once, nothing lost, and nobody keeps a thread for long."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any, cast

import pykka
import pytest

from actors.pool import TURN, InlineExecutor, Pool, PooledActor, TurnInbox, TurnOver

SOON = 30


class Counter(PooledActor):
    """Counts in a way that two turns at once would get wrong, and notices them besides."""

    def __init__(self) -> None:
        super().__init__()
        self.handled: dict[int, list[int]] = {}
        self.overlaps = 0
        self._busy = threading.Lock()

    def on_receive(self, message: Any) -> Any:
        if not self._busy.acquire(blocking=False):
            self.overlaps += 1
            return None
        writer, number = message
        self.handled.setdefault(writer, []).append(number)
        self._busy.release()
        return number


class Journal(PooledActor):
    def __init__(self, name: str, journal: list[str]) -> None:
        super().__init__()
        self.name, self.journal = name, journal

    def on_receive(self, message: Any) -> None:
        self.journal.append(self.name)


def hammer(refs: list[pykka.ActorRef[Counter]], writers: int, each: int) -> None:
    start = threading.Barrier(writers)

    def write(writer: int) -> None:
        start.wait()
        for number in range(each):
            for ref in refs:
                ref.tell((writer, number))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ask_often(ref: pykka.ActorRef[Counter], futures: list[Any]) -> None:
    futures.extend(ref.ask((0, number), block=False) for number in range(50))


def waiting(ref: pykka.ActorRef[Any]) -> int:
    return len(cast(TurnInbox, ref.actor_inbox))


def test_eight_threads_telling_lose_nothing_keep_their_order_and_never_meet_two_turns() -> None:
    pool = Pool(8)
    refs = [Counter.start(pool) for _ in range(4)]
    actors = [ref._actor_weakref() for ref in refs]
    hammer(refs, writers=8, each=2000)
    assert pool.stop(SOON)
    for actor in actors:
        assert actor is not None
        assert actor.overlaps == 0
        assert actor.handled == {writer: list(range(2000)) for writer in range(8)}


def test_asks_from_eight_threads_are_each_answered_with_their_own_reply() -> None:
    pool = Pool(4)
    ref = Counter.start(pool)
    wrong: list[Any] = []

    def ask(writer: int) -> None:
        wrong.extend(n for n in range(300) if ref.ask((writer, n), timeout=SOON) != n)

    threads = [threading.Thread(target=ask, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert pool.stop(SOON)


def test_asks_that_race_with_a_stop_are_all_answered() -> None:
    """Pykka's own would leave one that comes after the drain waiting for ever."""
    pool = Pool(4)
    for _ in range(200):
        ref = Counter.start(pool)
        futures: list[Any] = []
        asker = threading.Thread(target=ask_often, args=(ref, futures))
        asker.start()
        ref.stop(timeout=SOON)
        asker.join()
        for number, future in enumerate(futures):
            with contextlib.suppress(pykka.ActorDeadError):
                assert future.get(timeout=SOON) == number
    assert pool.stop(SOON)


def test_a_turn_is_bounded_so_that_actors_take_turns() -> None:
    executor, journal = InlineExecutor(), list[str]()
    flooded = Journal.start(executor, "flooded", journal)
    other = Journal.start(executor, "other", journal)
    for _ in range(3 * TURN):
        flooded.tell("more")
    other.tell("one")
    executor.run_until_idle()
    assert journal == ["flooded"] * TURN + ["other"] + ["flooded"] * 2 * TURN


def test_a_full_turn_with_nothing_left_behind_it_submits_no_other() -> None:
    executor, journal = InlineExecutor(), list[str]()
    ref = Journal.start(executor, "a", journal)
    executor.run_until_idle()
    for _ in range(TURN):
        ref.tell("more")
    executor.run_until_idle()
    assert (len(journal), executor.depth, waiting(ref)) == (TURN, 0, 0)
    ref.tell("again")
    assert executor.depth == 1
    executor.run_until_idle()
    assert len(journal) == TURN + 1


def test_messages_to_an_actor_with_a_turn_due_submit_no_second_turn() -> None:
    executor, journal = InlineExecutor(), list[str]()
    ref = Journal.start(executor, "a", journal)
    for _ in range(2):  # before its first turn, and later
        for _ in range(10):
            ref.tell("hello")
        assert executor.depth == 1
        assert waiting(ref) == 10
        executor.run_until_idle()


class Interrupted:
    """A lock after whose first release something else happens, as another thread might do."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._then: Callable[[], None] | None = then

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self._lock.release()
        if self._then is not None:
            then, self._then = self._then, None
            then()


def test_a_message_that_comes_just_as_a_turn_ends_gets_one_turn_and_not_two() -> None:
    executor, journal = InlineExecutor(), list[str]()
    ref = Journal.start(executor, "a", journal)
    executor.run_until_idle()
    inbox = cast(Any, ref.actor_inbox)
    inbox._lock = Interrupted(then=lambda: ref.tell("just now"))
    with pytest.raises(TurnOver) as over:
        inbox.get()
    assert (over.value.more, executor.depth) == (False, 1)


def test_what_is_put_into_the_inbox_of_a_dead_actor_is_refused_though_its_ref_looked_alive() -> None:
    executor = InlineExecutor()
    ref = Journal.start(executor, "a", [])
    inbox = ref.actor_inbox
    ref.stop(block=False)
    executor.run_until_idle()
    future = pykka.ThreadingFuture[Any]()
    with pytest.raises(pykka.ActorDeadError):
        inbox.put(pykka._envelope.Envelope("told too late"))
    inbox.put(pykka._envelope.Envelope("asked too late", reply_to=future))
    with pytest.raises(pykka.ActorDeadError):
        future.get(timeout=0)
    assert waiting(ref) == 0


def test_a_ref_to_a_dead_actor_does_not_keep_it_in_memory() -> None:
    executor = InlineExecutor()
    ref = Journal.start(executor, "a", [])
    ref.stop(block=False)
    executor.run_until_idle()
    assert ref._actor_weakref() is None


def test_actors_of_different_executors_live_side_by_side() -> None:
    first, second, journal = InlineExecutor(), InlineExecutor(), list[str]()
    Journal.start(first, "first", journal).tell("hello")
    Journal.start(second, "second", journal).tell("hello")
    second.run_until_idle()
    assert journal == ["second"]
