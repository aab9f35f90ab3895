"""The one thread that writes: groups of units, one commit each, then the group's events, then its futures."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Any

import structlog

from storage import events, meta
from storage.engine import Engine, Session
from storage.group import Group
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
            while tickets := self._line.take(GROUP_UNITS):
                if not self._commit(deque(tickets)):
                    self._endure()
        finally:  # also when the thread dies of something unforeseen: nobody waits for a dead writer
            self._health = Health(False, "closed", time.time())
            self._line.close()
            _refuse(self._line.refuse("closed"), "closed")
            self._session.close()

    def _commit(self, waiting: deque[Ticket]) -> bool:
        """False when the database let the group down. Those that there was no time for are back in the line."""
        self._began = monotonic()
        group = Group(self._engine, self._session)
        try:
            try:
                outcomes = group.commit(self._take_turns(waiting))
            except Exception as error:
                if group.committing or self._engine.reason(error) != "lost":
                    raise
                outcomes = group.commit_again(self._reconnect())
        except Exception as error:
            self._let_down(group, waiting, error)
            return False
        finally:
            self._began = None
        self._line.give_back(waiting)
        self._publish(group.told)
        for future, value, failure in outcomes:
            if failure is None:
                future.set_result(value)
            else:
                future.set_exception(failure)
        return True

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

    def _publish(self, told: Sequence[Event]) -> None:
        if not told or self.publish is None:
            return
        try:
            self.publish(told)
        except Exception:
            log.exception("publish_failed", events=len(told))

    # -- trouble ----------------------------------------------------------------------------------
    def _let_down(self, group: Group, waiting: Iterable[Ticket], error: Exception) -> None:
        """From now on everybody is refused, and nothing of this group has happened, unless it was lost on the way."""
        reason = self._reason(error)
        log.error("storage_lost", reason=reason, units=len(group.begun), error=str(error).strip())
        if group.committing and reason == "lost":
            self._doubtful = group.told
        self._health = Health(False, reason, time.time())
        waiting = [*waiting, *self._line.refuse(reason)]
        for ticket in group.begun:
            ticket.future.set_exception(StorageUnavailable(reason))
        _refuse(waiting, reason)

    def _endure(self) -> None:
        """Tries about each second whether the trouble is over."""
        since = self._health.since
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
        try:
            session = self._reconnect()
            session.begin()
            meta.keep(session.tx, "probe", "." * 65_536)
            session.commit()
            session.begin()
            meta.forget(session.tx, "probe")
            session.commit()
            self._settle(session)
        except Exception as error:
            return self._reason(error)
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

    def _reason(self, error: Exception) -> Reason:
        return self._engine.reason(error) or "lost"

    def _reconnect(self) -> Session:
        self._session.close()
        self._session = self._connect()
        return self._session

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
