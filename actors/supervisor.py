"""Starts, restarts, parks and retires connection actors.

It knows every child by its Directory entry and keeps a record only of those in trouble. It never waits
for a child. If it dies itself, the process ends: the service manager is the last supervisor.
"""

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, ClassVar

import msgspec
import structlog
from pykka import ActorDeadError, ActorRef

from actors import absence
from actors import messages as m
from actors.connection import ConnectionActor
from actors.operations.disconnect import end_here
from actors.pool import PooledActor
from actors.restarts import Park, Record, Restart, RestartPolicy
from actors.shared import Shared
from actors.status import Parked, Status, Supervision
from storage import connections, deliveries, events, hooks
from storage.database import StorageUnavailable
from storage.records import Connection, ConnectionKey, Draft

log = structlog.get_logger()

PAGE = 500
"""Connections started in one turn: other messages get a turn between two pages."""
SWEEP_EVERY = 30.0
SWEPT = 1000
"""Connections nudged in one turn of a sweep."""
AGAIN = 2.0
NOT_CONFIGURED = "the platform is not configured"


ENDS_TROUBLE = (m.Connect, m.Disconnect)
"""What the user asks for and an actor in trouble is made anew for at once; once, in case it fails at that."""


class Trouble:
    """What the supervisor remembers of a child that failed."""

    __slots__ = ("record", "retry_at", "since", "state", "why")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.state = "running"
        self.why = ""
        self.since = 0.0
        self.retry_at = 0.0


class Supervisor(PooledActor):
    def __init__(self, shared: Shared, policy: RestartPolicy, fatal: Callable[[str], None]) -> None:
        super().__init__()
        self.shared = shared
        self.policy = policy
        self.fatal = fatal
        self.directory = shared.directory
        self._incarnations = 0
        self._restarts = 0
        self._absence = absence.Absence()
        self._troubles: dict[ConnectionKey, Trouble] = {}
        self._halted: set[ConnectionKey] = set()
        self._restart_ordered: set[ConnectionKey] = set()

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
                self._absence = self.shared.database.read(absence.before)
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
            self._start(row.key, m.Wake(row, hook_count, resumed=True, absence=self._absence))

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
                self._start(fact.key, m.Wake())
            if fact.message is not None:
                self.directory.tell(fact.key, fact.message)

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

    @staticmethod
    def _answer(order: Any, why: str) -> None:
        reply = getattr(order, "reply", None)
        if reply is not None and not reply.done():
            reply.set_exception(ChildUnavailable(why))

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
            self._alert(fact.key, "connection_parked", "This connection keeps failing and is tried again later.")
        trouble.state = "parked"
        self._later(verdict.retry_after, m.RestartDue(fact.key))

    def _alert(self, key: ConnectionKey, code: str, text: str) -> None:
        fields = {"platform": key.platform, "code": code, "message": text}
        at = self.shared.clock.now()
        self.shared.database.write(lambda tx: events.append(tx, key.user, [Draft("problem", fields)], at))

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

    def _mark(self, key: ConnectionKey, state: str, error: str | None, *, restarted: bool = False) -> None:
        """The child can't leave its own status while it isn't there."""
        entry = self.directory.entry(key)
        before = entry.status or Status(state, "connected")
        entry.status = msgspec.structs.replace(
            before,
            state=state,
            mailbox=0,
            doing=None,
            restarts=before.restarts + restarted,
            last_error=error or before.last_error,
        )

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

    @staticmethod
    def _settle(reply: Any) -> None:
        if reply is not None and not reply.done():
            reply.set_result(None)

    # -- sweeping --------------------------------------------------------------------------------

    def _sweep(self, order: m.SweepDue) -> None:
        """What no nudge reached: deliveries that a crash, a restart or a parked actor left."""
        now = self.shared.clock.now()
        self.shared.database.write(lambda tx: absence.alive(tx, now))
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

    def _forget_healed(self) -> None:
        now = self.shared.clock.elapsed()
        for key, trouble in list(self._troubles.items()):
            if trouble.state == "running" and self.policy.healed(trouble.record, now):
                del self._troubles[key]

    def _later(self, seconds: float, message: Any) -> None:
        self.shared.clock.call_later(seconds, partial(self.actor_ref.tell, message))

    def _show(self) -> None:
        states = [trouble.state for trouble in self._troubles.values()]
        self.directory.supervision = Supervision(
            children=len(self.directory),
            restarting=states.count("restarting"),
            halted=len(self._halted),
            restarts=self._restarts,
            parked=tuple(
                Parked(str(key), trouble.why, trouble.since, trouble.retry_at)
                for key, trouble in self._troubles.items()
                if trouble.state == "parked"
            ),
            policy=str(self.policy),
        )

    _HEARS: ClassVar[dict[type, Callable[["Supervisor", Any], None]]] = {
        m.StartMore: _start_more,
        m.ChildNeeded: _needed,
        m.ChildFailed: _failed,
        m.ChildRetired: _retired,
        m.RestartDue: _restart_due,
        m.SweepDue: _sweep,
        m.RestartChild: _restart_child,
        m.HaltChild: _halt_child,
    }


def _told(fact: m.ChildFailed) -> dict[str, str]:
    """Pykka has logged the trace."""
    return {"user": fact.key.user, "platform": fact.key.platform, "error": fact.error}


class ChildUnavailable(Exception):
    """Why an order can't reach its connection now."""
