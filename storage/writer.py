"""The one thread that writes: groups of units, one commit each, then the group's events, then its futures."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Any

import structlog

from storage import events, meta
from storage.engine import Engine, Session
from storage.line import Line, Ticket
from storage.records import Event
from storage.transaction import Transaction
from storage.trouble import Health, Reason, StorageUnavailable

log = structlog.get_logger()

GROUP_UNITS = 500
GROUP_SECONDS = 0.025
"""A group takes no further unit after this long, so that its first one isn't kept waiting for its last."""
PROBE_EVERY = 1.0
OVERDUE_EVERY = 0.2
STUCK_AFTER = 5.0
"""Seconds in one group after which the writer itself counts as the trouble."""

Publish = Callable[[Sequence[Event]], None]
Outcome = tuple["Future[Any]", Any, Exception | None]


class _Trouble(Exception):
    """The database let a whole group down."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class _UnitFailed(Exception):
    """A unit failed by itself; the others have to be run without it."""


class Writer:
    def __init__(self, engine: Engine, epoch: str, publish: Publish | None) -> None:
        self.publish = publish
        self._engine = engine
        self._epoch = epoch
        self._line = Line()
        self._health = Health(True, None, time.time())
        self._session = self._connect()
        self._began: float | None = None
        self._doubtful: list[Event] = []
        self._threads = [
            threading.Thread(target=self._serve, name="storage-writer", daemon=True),
            threading.Thread(target=self._watch_deadlines, name="storage-deadlines", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit(self, unit: Callable[[Transaction], Any], deadline: float) -> "Future[Any]":
        future: Future[Any] = Future()
        refused = self._line.join(Ticket(unit, future, monotonic() + deadline))
        if refused:
            future.set_exception(StorageUnavailable(refused))
        return future

    def health(self) -> Health:
        began = self._began
        if self._health.ok and began is not None and monotonic() - began > STUCK_AFTER:
            return Health(False, "timeout", time.time() - (monotonic() - began))
        return self._health

    def close(self) -> None:
        """Finishes what is queued."""
        self._line.close()
        for thread in self._threads:
            thread.join()

    # -- the writer's thread ----------------------------------------------------------------------
    def _serve(self) -> None:
        try:
            while group := self._line.take(GROUP_UNITS):
                try:
                    self._commit(group)
                except _Trouble as trouble:
                    self._endure(trouble.reason)
        finally:  # also when the thread dies of something unforeseen: nobody waits for a dead writer
            self._health = Health(False, "closed", time.time())
            self._line.close()
            _refuse(self._line.refuse("closed"), "closed")
            self._session.close()

    def _commit(self, tickets: list[Ticket]) -> None:
        waiting = deque(tickets)
        begun: list[Ticket] = []
        self._began = monotonic()
        try:
            outcomes = self._transact(self._take_turns(waiting), begun)
        except Exception as error:
            reason = self._engine.reason(error) or "lost"
            log.error("group_failed", reason=reason, units=len(begun), error=str(error).strip())
            for ticket in begun:
                ticket.future.set_exception(StorageUnavailable(reason))
            raise _Trouble(reason) from error
        finally:
            self._began = None
            self._line.give_back(waiting)
        if told := self._session.tx.told:
            self._publish(told)
        for future, value, failure in outcomes:
            if failure is None:
                future.set_result(value)
            else:
                future.set_exception(failure)

    def _take_turns(self, waiting: deque[Ticket]) -> Iterator[Ticket]:
        """Those whose turn it is, until the group's time is up; what nobody waits for any more is left out."""
        started = now = monotonic()
        while waiting and now - started < GROUP_SECONDS:
            ticket = waiting.popleft()
            if _claim(ticket.future):
                if ticket.due < now:
                    ticket.future.set_exception(StorageUnavailable("timeout"))
                else:
                    yield ticket
            now = monotonic()

    def _transact(self, tickets: Iterator[Ticket], begun: list[Ticket]) -> list[Outcome]:
        session = self._session
        try:
            outcomes = self._run(session, tickets, begun)
        except _UnitFailed:
            # Rare enough not to be prepared for: savepoints around all of them cost as much as most of their work.
            session.rollback()
            outcomes = self._run_apart(session, begun)
        try:
            session.commit()
        except Exception as error:
            if self._engine.reason(error) in (None, "lost"):
                self._doubtful = session.tx.told or []
            raise
        return outcomes

    def _run(self, session: Session, tickets: Iterator[Ticket], begun: list[Ticket]) -> list[Outcome]:
        """All in one go."""
        outcomes: list[Outcome] = []
        session.begin()
        session.tx.told = []
        for ticket in tickets:
            begun.append(ticket)
            try:
                outcomes.append((ticket.future, ticket.unit(session.tx), None))
            except Exception as error:
                if self._engine.reason(error):
                    raise
                raise _UnitFailed from error
        if session.is_spoiled():
            raise _UnitFailed
        return outcomes

    def _run_apart(self, session: Session, begun: list[Ticket]) -> list[Outcome]:
        """Each in a savepoint, so that one that fails takes only itself back."""
        outcomes: list[Outcome] = []
        session.begin()
        session.tx.told = told = list[Event]()
        for unit, future, _ in begun:
            before = len(told)
            session.begin_unit()
            try:
                value = unit(session.tx)
                if session.is_spoiled():
                    raise RuntimeError("the unit went on after its SQL had failed")
            except Exception as error:
                if self._engine.reason(error):
                    raise
                session.undo_unit()
                del told[before:]
                outcomes.append((future, None, error))
            else:
                session.keep_unit()
                outcomes.append((future, value, None))
        return outcomes

    def _publish(self, told: Sequence[Event]) -> None:
        if self.publish is None:
            return
        try:
            self.publish(told)
        except Exception:
            log.exception("publish_failed", events=len(told))

    # -- trouble ----------------------------------------------------------------------------------
    def _endure(self, reason: Reason) -> None:
        """Refuses everybody, and tries about each second whether the trouble is over."""
        since = time.time()
        self._health = Health(False, reason, since)
        log.error("storage_lost", reason=reason)
        _refuse(self._line.refuse(reason), reason)
        while not self._line.wait_until_closed(PROBE_EVERY):
            found = self._probe()
            if found is None:
                self._health = Health(True, None, time.time())
                self._line.welcome()
                log.info("storage_recovered", seconds=round(time.time() - since, 1))
                return
            if found != self._health.reason:
                log.error("storage_lost", reason=found)
                self._health = Health(False, found, since)
                self._line.refuse(found)

    def _probe(self) -> Reason | None:
        """Starts afresh, puts down as much as a delivery, and takes it away again. What is still wrong, or None."""
        self._session.close()
        try:
            session = self._session = self._connect()
            session.begin()
            meta.keep(session.tx, "probe", "." * 65_536)
            session.commit()
            session.begin()
            meta.forget(session.tx, "probe")
            session.commit()
            self._settle(session)
        except Exception as error:
            return self._engine.reason(error) or "lost"
        return None

    def _settle(self, session: Session) -> None:
        """Events of a group whose commit was never answered: publishes them if it happened after all."""
        if self._doubtful:
            session.begin()
            happened = events.are_kept(session.tx, self._doubtful)
            session.commit()
            doubtful, self._doubtful = self._doubtful, []
            log.info("doubt_settled", events=len(doubtful), happened=happened)
            if happened:
                self._publish(doubtful)

    def _connect(self) -> Session:
        session = self._engine.writer()
        session.tx.epoch = self._epoch
        return session

    # -- deadlines --------------------------------------------------------------------------------
    def _watch_deadlines(self) -> None:
        """The writer looks at deadlines too; this is for when it hangs in the disk or the network."""
        while not self._line.wait_until_closed(OVERDUE_EVERY):
            _refuse(self._line.overdue(monotonic()), "timeout")


def _refuse(tickets: list[Ticket], reason: Reason) -> None:
    for ticket in tickets:
        if _claim(ticket.future):
            ticket.future.set_exception(StorageUnavailable(reason))


def _claim(future: "Future[Any]") -> bool:
    """False when its caller has cancelled it."""
    return not future.cancelled() and future.set_running_or_notify_cancel()
