"""Each platform's lane: the calls to it wait here and are made here, on threads of their own.

A platform that hangs holds its own few threads and no others: never those on which actors take their turns,
never those of another platform. What may begin is the `Pace`'s to say; nobody sleeps for a permit.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import structlog

from actors.allowance import Allowance
from actors.clock import Clock
from actors.lane import Job, Lane, LaneStatus, Outcome
from actors.outbound import SICK
from actors.pacing import Go, Pace, Wait
from actors.platforms.base import Answer, Call, Client, Pacing
from actors.platforms.failures import CallFailed, PlatformError
from actors.pool import Executor
from actors.threads import LazyThreads
from storage.records import Secret

log = structlog.get_logger()

THREADS = 24
GRACE = 1.0
"""Seconds that calls under way get when the service stops; those that are urgent get more."""
LONGEST_QUEUE = 600.0
"""Seconds: a call that would wait longer is sent away, since its access token may have expired by then."""

REFUSALS = {
    "circuit_open": "the platform is down; it is being probed",
    "paused": "the platform asked for a pause",
    "spent": "what the platform allows for now is used up",
}


class Sender(Protocol):
    def send(self, call: Call, bearer: Secret | None, client: Client | None, /) -> Answer: ...


class Lanes:
    """All of them. A platform without a pace of its own gets the usual one."""

    def __init__(
        self,
        clock: Clock,
        outbound: Sender,
        paces: Mapping[str, Pace] | None = None,
        *,
        allowances: Mapping[str, Allowance] | None = None,
        threads: int = THREADS,
        executor: Executor | None = None,
    ) -> None:
        self._clock = clock
        self._outbound = outbound
        self._paces = paces or {}
        self._allowances = allowances or {}
        self._threads = threads
        self._executor = executor or LazyThreads("lane", threads)
        self._lock = threading.Condition()
        self._lanes: dict[str, Lane] = {}
        self._turn: deque[Lane] = deque()
        self._under_way: set[Job] = set()
        self._telling = 0
        self._stopping = False
        self._stopped = False

    def submit(self, platform: str, job: Job) -> None:
        """Never blocks. The outcome may come before this returns."""
        with self._lock:
            lane = self._lane(platform)
            refusal = self._not_taken(lane, job)
            if refusal is None:
                lane.add(job)
                steps = self._advance(lane)
            else:
                steps = [self._refusal(lane, job, refusal)]
        _run(steps)

    def withdraw(self, platform: str, job: Job) -> None:
        """Nobody wants it any more: if it hasn't been begun, it won't be."""
        with self._lock:
            self._lane(platform).drop(job)

    def pause(self, platform: str, seconds: float) -> None:
        """The platform asked for silence on behalf of the whole app."""
        with self._lock:
            lane = self._lane(platform)
            now = self._clock.elapsed()
            news = not lane.pace.paused_for(now)
            lane.pace.pause(now, seconds)
            steps = self._advance(lane)
        if news:
            log.warning("platform_paused", platform=platform, seconds=round(seconds, 1))
        _run(steps)

    def wait_for(self, platform: str) -> float:
        """Roughly how many seconds a call that came now would wait."""
        with self._lock:
            lane, now = self._lane(platform), self._clock.elapsed()
            refusal = lane.pace.refusal(now)
            return refusal.retry_after if refusal is not None else lane.pace.wait_for(len(lane))

    def snapshot(self) -> tuple[LaneStatus, ...]:
        with self._lock:
            now = self._clock.elapsed()
            return tuple(lane.status(now) for lane in self._lanes.values())

    def stop(self, timeout: float = 10.0, settled: Callable[[float], object] = lambda _: None) -> bool:
        """Begin no more calls but those that follow from urgent ones; wait for the urgent. Whoever is left is told that
        nobody knows how theirs ended. `settled` waits until what was told has been acted on: a call may follow."""
        ends = time.monotonic() + timeout
        with self._lock:
            self._stopping = True
            waiting = self._take_all()
        for job in waiting:
            _tell(job, _stopping())
        with self._lock:
            self._lock.wait_for(lambda: not self._under_way and not self._telling, min(GRACE, timeout))
            cut = {job for job in self._under_way if not job.urgent}
            self._under_way -= cut
        for job in cut:
            _tell(job, _stopping())
        late = self._wait_for_urgent(ends, settled)
        if isinstance(self._executor, LazyThreads):
            self._executor.stop()
        for job in late:
            _tell(job, CallFailed("timeout", "the service stopped before the answer came"))
        return not cut and not late

    def _wait_for_urgent(self, ends: float, settled: Callable[[float], object]) -> list[Job]:
        """Those that didn't end in time."""
        while True:
            with self._lock:
                self._lock.wait_for(self._is_quiet, max(0.0, ends - time.monotonic()))
            settled(max(0.0, ends - time.monotonic()))
            with self._lock:
                if not self._is_quiet() and time.monotonic() < ends:
                    continue
                self._stopped = True
                waiting, late = self._take_all(), list(self._under_way)
                self._under_way.clear()
            for job in waiting:
                _tell(job, _stopping())
            return late

    # -- with the lock held: each returns what is to be done once it isn't -------------------------

    def _take_all(self) -> list[Job]:
        return [job for lane in self._lanes.values() for job in lane.take_all()]

    def _is_quiet(self) -> bool:
        return not self._under_way and not self._telling and not any(self._lanes.values())

    def _lane(self, platform: str) -> Lane:
        lane = self._lanes.get(platform)
        if lane is None:
            allowance = self._allowances.get(platform) or Allowance(Pacing())
            lane = self._lanes[platform] = Lane(platform, self._paces.get(platform) or Pace(), allowance)
            self._turn.append(lane)
        return lane

    def _not_taken(self, lane: Lane, job: Job) -> CallFailed | None:
        if self._stopped or (self._stopping and not job.follows):
            return _stopping()
        if job.urgent:
            return None
        wait = lane.pace.wait_for(len(lane))
        if wait > LONGEST_QUEUE:
            return CallFailed("busy", "too many calls wait for this platform", wait * random.uniform(1.0, 2.0))
        not_allowed = lane.allowance.take(job.call, self._clock.now())
        return CallFailed("paused", REFUSALS["spent"], not_allowed) if not_allowed is not None else None

    def _advance(self, lane: Lane) -> list[Callable[[], object]]:
        """Begin what may begin, send away what needn't wait, come back when the pace says so."""
        steps: list[Callable[[], object]] = []
        while len(lane):
            now = self._clock.elapsed()
            refusal = lane.pace.refusal(now)
            if refusal is not None:
                failure = CallFailed(refusal.kind, REFUSALS[refusal.kind], refusal.retry_after)
                steps += [self._refusal(lane, job, failure) for job in lane.take_all()]
                break
            if len(self._under_way) >= self._threads:
                break
            verdict = lane.pace.ask(now, lane.next_cost)
            if isinstance(verdict, Go):
                steps.append(self._begin(lane, lane.take(), verdict.probe))
                continue
            if isinstance(verdict, Wait):
                self._remind(lane, verdict.seconds)
            break
        return steps

    def _begin(self, lane: Lane, job: Job, probe: bool) -> Callable[[], object]:
        self._under_way.add(job)
        lane.calls += 1
        return partial(self._executor.submit, partial(self._make, lane, job, probe))

    def _refusal(self, lane: Lane, job: Job, failure: CallFailed) -> Callable[[], object]:
        lane.refusals += 1
        return partial(_tell, job, failure)

    def _remind(self, lane: Lane, seconds: float | None) -> None:
        if lane.timer is not None:
            lane.timer.cancel()
        lane.timer = self._clock.call_later(seconds, partial(self._wake, lane)) if seconds is not None else None

    def _ended(self, lane: Lane, probe: bool, failed: bool) -> list[Callable[[], object]]:
        """Another thread is free: whose turn is it?"""
        before = lane.pace.circuit.state
        lane.pace.ended(self._clock.elapsed(), failed=failed, probe=probe)
        lane.failures += failed
        after = lane.pace.circuit.state
        steps: list[Callable[[], object]] = []
        if before == "closed" and after == "open":
            steps.append(partial(log.warning, "circuit_opened", platform=lane.platform))
        elif before == "probing" and after == "closed":
            steps.append(partial(log.info, "circuit_closed", platform=lane.platform))
        self._turn.rotate(-1)
        for other in self._turn:
            steps += self._advance(other)
        return steps

    # -- without it ------------------------------------------------------------------------------

    def _wake(self, lane: Lane) -> None:
        with self._lock:
            steps = self._advance(lane)
        _run(steps)

    def _make(self, lane: Lane, job: Job, probe: bool) -> None:
        outcome = self._outcome(lane, job)
        with self._lock:
            if isinstance(outcome, Answer):
                lane.allowance.answered(outcome.status, self._clock.now())
            is_due = job in self._under_way  # else `stop` has told it already
            self._under_way.discard(job)
            self._telling += 1
            steps = self._ended(lane, probe, _sick(outcome))
        if is_due:
            _tell(job, outcome)
        with self._lock:
            self._telling -= 1
            self._lock.notify_all()
        _run(steps)

    def _outcome(self, lane: Lane, job: Job) -> Outcome:
        try:
            return self._outbound.send(job.call, job.bearer, job.client)
        except PlatformError as failure:
            return failure
        except BaseException as error:  # a bug of ours, and no reason to lose a thread or a job
            # Not the message nor the frames: they may hold what the call holds.
            log.error("call_broke", platform=lane.platform, error=type(error).__name__)
            return CallFailed("internal", f"the call broke: {type(error).__name__}")


def _sick(outcome: Outcome) -> bool:
    """Whether it speaks of the platform's health."""
    if isinstance(outcome, Answer):
        return outcome.status >= 500
    return outcome.kind in SICK


def _stopping() -> CallFailed:
    return CallFailed("stopped", "the service is stopping")


def _run(steps: list[Callable[[], object]]) -> None:
    for step in steps:
        step()


def _tell(job: Job, outcome: Outcome) -> None:
    try:
        job.done(outcome)
    except Exception:
        log.exception("outcome_not_taken")
