"""Starts, restarts, parks and retires connection actors.

It knows every child by its Directory entry and keeps a record only of those in trouble. It never waits
for a child. If it dies itself, the process ends: the service manager is the last supervisor.
"""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Any, ClassVar

import structlog
from pykka import ActorDeadError, ActorRef

from actors import absence
from actors import messages as m
from actors.connection import ConnectionActor
from actors.operations.base import NotConnected
from actors.operations.disconnect import end_here
from actors.restarts import Park, Restart
from actors.roster import Roster, Trouble
from storage import connections, deliveries, events, hooks, meta
from storage.database import StorageUnavailable
from storage.records import Connection, ConnectionKey, Draft

log = structlog.get_logger()

PAGE = 500
"""Connections started in one turn: other messages get a turn between two pages."""
SWEEP_EVERY = 30.0
SWEPT = 1000
"""Connections nudged in one turn of a sweep."""
AGAIN = 2.0
ALERT_AGAIN = 10.0
KEEPS_FAILING = "This connection keeps failing and is tried again later."
NOT_CONFIGURED = "the platform is not configured"


ENDS_TROUBLE = (m.Connect, m.Disconnect)
"""What the user asks for and an actor in trouble is made anew for at once; once, in case it fails at that."""


class Supervisor(Roster):
    def on_receive(self, message: Any) -> None:
        self._HEARS[type(message)](self, message)
        if self.actor_inbox.empty():
            self._show()

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.fatal(f"the supervisor failed: {exception_value!r}")

    # -- starting --------------------------------------------------------------------------------

    def _start_more(self, order: m.StartMore) -> None:
        try:
            rows = self.shared.database.read(lambda tx: connections.page(tx, order.after, PAGE))
            counts = self.shared.database.read(lambda tx: hooks.counts(tx, [row.key for row in rows]))
            if order.after is None:
                now = self.shared.clock.now()
                self._absence = self.shared.database.read(lambda tx: absence.before(tx, now))
                self.directory.doors_heard |= self.shared.database.read(meta.doors_heard)
        except StorageUnavailable as trouble:
            log.warning("start_postponed", reason=trouble.reason)
            self._later(AGAIN, order)
            return
        for row in rows:
            self._start_row(row, counts.get(row.key, 0))
        if len(rows) == PAGE:
            self.actor_ref.tell(m.StartMore(rows[-1].key))
        else:
            log.info("connections_started", count=len(self.directory))
            self.actor_ref.tell(m.SweepDue())

    def _start_row(self, row: Connection, hook_count: int) -> None:
        if row.halted:
            self._halt(row.key)
        refusal = self._refusal(row.key)
        if row.leaving is not None and refusal is not None:
            self._forget(row.key, m.Disconnect(), refusal)
        lives = row.status in ("connected", "needs_reauth") or row.leaving is not None
        if lives and refusal is None and self.directory.ref(row.key) is None:
            if hook_count and row.status == "connected" and not row.halted:
                self._begin_heal(row.key)
            self._start(row.key, m.Wake(row, hook_count, resumed=True, spread=self._absence.spread))

    def _begin_heal(self, key: ConnectionKey) -> None:
        missed = absence.missed(self.shared.platforms[key.platform], self._absence)
        if missed is not None:
            self.directory.heals.begin(key, missed, self.shared.clock.now())

    def _start(self, key: ConnectionKey, wake: m.Wake) -> None:
        self._incarnations += 1
        entry = self.directory.entry(key)
        entry.incarnation = self._incarnations
        entry.ref = ConnectionActor.start(self.shared.executor, key, self.shared, entry.incarnation)
        entry.ref.tell(wake)

    def _needed(self, fact: m.ChildNeeded) -> None:
        trouble = self._troubles.get(fact.key)
        in_trouble = trouble is not None and trouble.state != "running"
        refusal = self._refusal(fact.key)
        if isinstance(fact.message, m.Disconnect) and (refusal or (in_trouble and fact.unheard)):
            self._forget(fact.key, fact.message, refusal or "this connection keeps failing here")
        elif refusal is not None:
            self._refuse(fact, refusal)
        elif trouble is not None and in_trouble and (fact.unheard or not isinstance(fact.message, ENDS_TROUBLE)):
            self._refuse(fact, f"the connection's actor is {trouble.state}: {trouble.why}")
        elif in_trouble:
            self._restart(fact.key)
            self.directory.tell(fact.key, fact.message)
        else:
            ref = self.directory.ref(fact.key)
            if ref is None or not ref.is_alive():
                if fact.unheard and not self._is_anybody(fact):
                    return
                self._start(fact.key, m.Wake())
            if fact.message is not None:
                self.directory.tell(fact.key, fact.message)

    def _is_anybody(self, fact: m.ChildNeeded) -> bool:
        """An actor without a row ends at once, and so would the next one that is made for the same order."""
        try:
            found = self.shared.database.read(lambda tx: connections.get(tx, fact.key))
        except StorageUnavailable as trouble:
            self._fail(fact.message, trouble)
            return False
        if found is None:
            self._fail(fact.message, NotConnected("disconnected", None))
        return found is not None

    def _refusal(self, key: ConnectionKey) -> str | None:
        """Why nobody may live there."""
        if key in self._halted:
            return "an administrator stopped this connection"
        return None if key.platform in self.shared.platforms else NOT_CONFIGURED

    def _refuse(self, fact: m.ChildNeeded, why: str) -> None:
        """A fact may be dropped, it is in storage; an order gets its answer."""
        if isinstance(fact.message, m.Connect):
            self.shared.database.write(lambda tx: connections.remove_pending(tx, fact.key))
        self._answer(fact.message, why)

    def _forget(self, key: ConnectionKey, order: m.Disconnect, why: str) -> None:
        """In place of its actor, which may not live or can't do it."""
        try:
            end_here(self.shared, key, order.purge, why)
        except StorageUnavailable as trouble:
            if order.reply is None:
                self._later(AGAIN, m.ChildNeeded(key, order))
            else:
                order.reply.set_exception(trouble)
            return
        self._settle(order.reply)

    # -- failing ---------------------------------------------------------------------------------

    def _failed(self, fact: m.ChildFailed) -> None:
        entry = self.directory.get(fact.key)
        if entry is None or entry.incarnation != fact.incarnation:
            return  # an older incarnation's: a newer one lives
        trouble = self._troubles.setdefault(fact.key, Trouble(self.policy.record()))
        verdict = self.policy.after_failure(trouble.record, self.shared.clock.elapsed())
        trouble.why = fact.error
        entry.ref = None
        self._restart_ordered.discard(fact.key)
        if fact.key in self._halted:
            self._troubles.pop(fact.key)
            self._mark(fact.key, "stopped", fact.error)
            return
        if isinstance(verdict, Restart):
            trouble.state = "restarting"
            delay = round(verdict.delay, 2)
            log.warning("child_failed", **_told(fact), restart_in=delay)
            self._later(verdict.delay, m.RestartDue(fact.key))
        else:
            self._park(fact, trouble, verdict)
        self._mark(fact.key, trouble.state, fact.error)

    def _park(self, fact: m.ChildFailed, trouble: Trouble, verdict: Park) -> None:
        now = self.shared.clock.now()
        trouble.since, trouble.retry_at = now, now + verdict.retry_after
        log.error("child_parked", **_told(fact), retry_in=round(verdict.retry_after))
        if trouble.record.parkings == 1:  # it is parked anew after each try in vain: no news
            self._alert(m.AlertDue(fact.key))
        trouble.state = "parked"
        self._later(verdict.retry_after, m.RestartDue(fact.key))

    def _alert(self, fact: m.AlertDue) -> None:
        """Told later, when the database isn't there: that may be why the child failed."""
        key, at = fact.key, self.shared.clock.now()
        fields = {"platform": key.platform, "code": "connection_parked", "message": KEEPS_FAILING}
        done = self.shared.database.write(lambda tx: events.append(tx, key.user, [Draft("problem", fields)], at))
        done.add_done_callback(partial(self._alerted, fact))

    def _alerted(self, fact: m.AlertDue, done: "Future[Any]") -> None:
        """On the writer's thread."""
        if isinstance(done.exception(), StorageUnavailable):
            self._later(ALERT_AGAIN, fact)

    def _restart_due(self, fact: m.RestartDue) -> None:
        trouble = self._troubles.get(fact.key)
        if trouble is None or trouble.state == "running" or fact.key in self._halted:
            return
        self._restart(fact.key)

    def _restart(self, key: ConnectionKey) -> None:
        trouble = self._troubles.get(key)
        if trouble is not None:
            trouble.state = "running"
        self._restarts += 1
        log.info("child_restarted", user=key.user, platform=key.platform)
        self._start(key, m.Wake())
        self._mark(key, "running", None, restarted=True)

    # -- ending ----------------------------------------------------------------------------------

    def _retired(self, fact: m.ChildRetired) -> None:
        entry = self.directory.get(fact.key)
        if entry is None or entry.incarnation != fact.incarnation:
            return
        entry.ref = None
        if fact.key in self._restart_ordered:
            self._restart_ordered.discard(fact.key)
            self._restart(fact.key)
        elif fact.key in self._halted:
            self._mark(fact.key, "stopped", None)
        else:
            self.directory.remove(fact.key)
            self._troubles.pop(fact.key, None)

    def _halt(self, key: ConnectionKey) -> None:
        self._halted.add(key)
        entry = self.directory.entry(key)
        if entry.ref is None or not self._told_to_leave(entry.ref):
            entry.ref = None
            self._mark(key, "stopped", None)

    @staticmethod
    def _told_to_leave(ref: ActorRef[Any]) -> bool:
        try:
            ref.tell(m.Leave())
        except ActorDeadError:
            return False
        return True

    # -- an administrator's orders ---------------------------------------------------------------

    def _halt_child(self, order: m.HaltChild) -> None:
        if self._store_halted(order, True):
            self._halt(order.key)
            self._settle(order.reply)

    def _restart_child(self, order: m.RestartChild) -> None:
        if order.key.platform not in self.shared.platforms:
            self._answer(order, NOT_CONFIGURED)
            return
        if not self._store_halted(order, False):
            return
        self._halted.discard(order.key)
        self._troubles.pop(order.key, None)
        entry = self.directory.entry(order.key)
        if entry.ref is not None and self._told_to_leave(entry.ref):
            self._restart_ordered.add(order.key)
        else:
            self._restart(order.key)
        self._settle(order.reply)

    def _store_halted(self, order: m.HaltChild | m.RestartChild, halted: bool) -> bool:
        """Before anything is done, so that it lasts."""
        try:
            self.shared.database.write(lambda tx: connections.update(tx, order.key, halted=halted)).result()
        except StorageUnavailable as trouble:
            if order.reply is not None:
                order.reply.set_exception(trouble)
            return False
        return True

    # -- sweeping --------------------------------------------------------------------------------

    def _sweep(self, order: m.SweepDue) -> None:
        """What no nudge reached: deliveries that a crash, a restart or a parked actor left."""
        now = self.shared.clock.now()
        away_since = self.directory.heals.since(now)
        self.shared.database.write(lambda tx: absence.alive(tx, now, away_since))
        try:
            keys = self.shared.database.read(lambda tx: deliveries.waiting_keys(tx, now, SWEPT, order.after))
        except StorageUnavailable as trouble:
            log.warning("sweep_postponed", reason=trouble.reason)
            keys = []
        for key in keys:
            self.directory.tell(key, m.DELIVERIES_DUE)
        if len(keys) == SWEPT:
            self.actor_ref.tell(m.SweepDue(keys[-1]))
        else:
            self._forget_healed()
            self._later(SWEEP_EVERY, m.SweepDue())

    _HEARS: ClassVar[dict[type, Callable[["Supervisor", Any], None]]] = {
        m.StartMore: _start_more,
        m.ChildNeeded: _needed,
        m.ChildFailed: _failed,
        m.ChildRetired: _retired,
        m.RestartDue: _restart_due,
        m.AlertDue: _alert,
        m.SweepDue: _sweep,
        m.RestartChild: _restart_child,
        m.HaltChild: _halt_child,
    }


def _told(fact: m.ChildFailed) -> dict[str, str]:
    """Pykka has logged the trace."""
    return {"user": fact.key.user, "platform": fact.key.platform, "error": fact.error}
