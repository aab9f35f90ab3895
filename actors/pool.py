"""Pykka actors that share a few threads.

Pykka's `ThreadingActor` keeps a thread for each actor; a `PooledActor` has none. A message put into an
empty inbox submits a *turn* to the actor's executor: up to `TURN` messages handled one after the other
by Pykka's own loop, on whichever thread takes it. An actor has at most one turn under way or due, so it
is never on two threads. Told, asked, stopped or failing, it does what Pykka documents, but for this:

- It is not in Pykka's `ActorRegistry`, whose look-ups and removals walk over all actors.
- What reaches its inbox after its end is refused; Pykka's own would take it and never answer.
- SystemExit and its like fail the one actor, as an exception does; Pykka would stop all of the process.
"""

import itertools
import secrets
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Protocol, Self

import pykka
import structlog
from pykka._envelope import Envelope

log = structlog.get_logger()

TURN = 64
"""Messages that one turn handles at most, so that a flooded actor doesn't keep a thread from the others."""

_urns = map(f"urn:soulwire:{secrets.token_hex(4)}:{{}}".format, itertools.count(1))


class Executor(Protocol):
    def submit(self, turn: Callable[[], object], /) -> None:
        """Have `turn` run soon, after those submitted before it. Never blocks."""


class ActorExit(Exception):
    """An actor raised what is no Exception: SystemExit and its like."""


class TurnOver(Exception):
    """Ends Pykka's loop: the inbox is empty, or the turn has been long enough."""

    def __init__(self, more: bool) -> None:
        super().__init__(more)
        self.more = more
        """Whether messages wait, as decided with the inbox locked: to look again later would be a race."""


class StopFlag:
    """What Pykka uses of `threading.Event` for `actor_stopped`, in a thirtieth of the memory."""

    __slots__ = ("_set",)

    def __init__(self) -> None:
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True


class TurnInbox:
    """The messages waiting for one actor, and whether a turn is due or under way that will see them."""

    __slots__ = ("_left", "_lock", "_owner", "_scheduled", "_waiting")

    def __init__(self, owner: "PooledActor") -> None:
        self._owner: PooledActor | None = owner
        """None once closed, so that a ref to a dead actor doesn't keep it in memory."""
        self._lock = threading.Lock()
        self._waiting: deque[Envelope[Any]] | None = None  # only while there is something: an empty one takes 760 bytes
        self._scheduled = True  # the first turn comes with the actor's start
        self._left = TURN

    def __len__(self) -> int:
        return len(self._waiting or ())

    def empty(self) -> bool:
        return not self._waiting

    def put(self, envelope: Envelope[Any], /) -> None:
        with self._lock:
            owner, due = self._owner, self._scheduled
            if owner is not None:
                if self._waiting is None:
                    self._waiting = deque()
                self._waiting.append(envelope)
                self._scheduled = True
        if owner is None:
            _refuse(envelope)
        elif not due:
            owner.submit_turn()

    def get(self) -> Envelope[Any]:
        with self._lock:
            if self._waiting and (self._left or self._owner is None):
                self._left -= 1
                return self._waiting.popleft()
            if not self._waiting:
                self._waiting = None
            self._left = TURN
            self._scheduled = self._waiting is not None
            raise TurnOver(self._scheduled)

    def close(self) -> list[Any]:
        """Refuse what comes from now on; what was told and never heard. What was asked can still be taken out."""
        with self._lock:
            self._owner = None
            waiting = self._waiting or ()
            self._waiting = deque(one for one in waiting if one.reply_to is not None)
            return [one.message for one in waiting if one.reply_to is None]


def _refuse(envelope: Envelope[Any]) -> None:
    """As Pykka does for a ref that is known to be dead: tell raises, ask answers."""
    dead = pykka.ActorDeadError("the actor stopped just before")
    if envelope.reply_to is None:
        raise dead
    envelope.reply_to.set_exception((pykka.ActorDeadError, dead, None))


class PooledActor(pykka.Actor):
    """An actor whose turns run on the executor that it was started with."""

    _executor: Executor
    actor_inbox: TurnInbox
    actor_stopped: StopFlag  # type: ignore[assignment]

    @classmethod
    def start(cls, executor: Executor, *args: Any, **kwargs: Any) -> pykka.ActorRef[Self]:
        actor = cls(*args, **kwargs)
        actor._executor = executor
        actor._start_actor_loop()
        return actor.actor_ref

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        # In place of Pykka's own, which would make a uuid4 and a threading.Event: most of an actor's memory and start.
        self.actor_urn = next(_urns)
        self.actor_inbox = TurnInbox(self)
        self.actor_stopped = StopFlag()
        self._actor_ref = pykka.ActorRef(self)

    @staticmethod
    def _create_actor_inbox() -> TurnInbox:
        raise NotImplementedError("made in __init__, for its owner")

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return pykka.ThreadingFuture()

    def _start_actor_loop(self) -> None:
        self._executor.submit(self._first_turn)

    def submit_turn(self) -> None:
        self._executor.submit(self._turn)

    def _first_turn(self) -> None:
        try:
            self._actor_loop_setup()
        except BaseException:
            self._handle_failure(*sys.exc_info())
        self._turn()

    def _turn(self) -> None:
        try:
            self._actor_loop_running()
        except TurnOver as over:
            if over.more:
                self.submit_turn()
            return
        except BaseException:  # from on_failure, or a bug here or in Pykka: never the end of a thread, nor unsaid
            self._handle_failure(*sys.exc_info())
        unheard = self.actor_inbox.close()
        self._actor_loop_teardown()
        for message in unheard:
            self.on_unheard(message)

    def on_unheard(self, message: Any) -> None:
        """After its end, for each message that it was told before and never handled. Pykka drops them."""

    def _handle_receive(self, message: Any) -> Any:
        try:
            return super()._handle_receive(message)
        except Exception:
            raise
        except BaseException as error:
            raise ActorExit(f"{error!r} in {self}") from error

    def _stop(self) -> None:
        try:
            super()._stop()
        except BaseException:  # from on_stop
            self._handle_failure(*sys.exc_info())


class Pool:
    """A fixed number of threads that take turns."""

    def __init__(self, threads: int) -> None:
        self._turns: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._stopping = False
        self._abandoned = False
        self._threads = [threading.Thread(target=self._work, name=f"turns-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def depth(self) -> int:
        """Turns that wait for a thread."""
        return self._turns.qsize()

    def submit(self, turn: Callable[[], object], /) -> None:
        self._turns.put(turn)

    def settle(self, timeout: float) -> bool:
        """Wait until the turns that are due now have been taken."""
        everybody = threading.Barrier(len(self._threads) + 1)

        def meet() -> None:
            with suppress(threading.BrokenBarrierError):
                everybody.wait()

        for _ in self._threads:
            self._turns.put(meet)
        try:
            everybody.wait(timeout)
        except threading.BrokenBarrierError:
            return False
        return True

    def stop(self, timeout: float = 10.0) -> bool:
        """Take the turns that are due and those they lead to, for `timeout` at most; whether all were taken."""
        if not self._stopping:
            self._stopping = True
            self._turns.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._abandoned = True
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            turn = self._turns.get()
            if turn is not None:
                self._take(turn)
                continue
            done = self._abandoned or self._turns.empty()
            self._turns.put(None)  # for the other threads, or behind what is still due
            if done:
                return

    def _take(self, turn: Callable[[], object]) -> None:
        try:
            turn()
        except BaseException:
            log.exception("turn_failed")


class InlineExecutor:
    """Takes turns in the caller's own thread, when told to: for tests and simulations."""

    def __init__(self) -> None:
        self._turns: deque[Callable[[], object]] = deque()

    @property
    def depth(self) -> int:
        return len(self._turns)

    def submit(self, turn: Callable[[], object], /) -> None:
        self._turns.append(turn)

    def run_until_idle(self) -> None:
        while self._turns:
            self._turns.popleft()()
