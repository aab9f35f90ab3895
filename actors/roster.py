"""What the supervisor knows: who is in trouble, who was stopped, and how that shows.

The bottom of `Supervisor`: no decisions here, only keeping.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from actors.absence import Absence
from actors.pool import PooledActor
from actors.restarts import Record, RestartPolicy
from actors.shared import Shared
from actors.status import Parked, Status, Supervision
from storage.records import ConnectionKey


class ChildUnavailable(Exception):
    """Why an order can't reach its connection now."""


class Trouble:
    """What the supervisor remembers of a child that failed."""

    __slots__ = ("record", "retry_at", "since", "state", "why")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.state = "running"
        self.why = ""
        self.since = 0.0
        self.retry_at = 0.0


class Roster(PooledActor):
    def __init__(self, shared: Shared, policy: RestartPolicy, fatal: Callable[[str], None]) -> None:
        super().__init__()
        self.shared = shared
        self.policy = policy
        self.fatal = fatal
        self.directory = shared.directory
        self._incarnations = 0
        self._restarts = 0
        self._absence = Absence()
        self._troubles: dict[ConnectionKey, Trouble] = {}
        self._halted: set[ConnectionKey] = set()
        self._restart_ordered: set[ConnectionKey] = set()

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

    # -- answers to those who gave an order

    def _answer(self, order: Any, why: str) -> None:
        self._fail(order, ChildUnavailable(why))

    @staticmethod
    def _fail(order: Any, error: Exception) -> None:
        reply = getattr(order, "reply", None)
        if reply is not None and not reply.done():
            reply.set_exception(error)

    @staticmethod
    def _settle(reply: Any) -> None:
        if reply is not None and not reply.done():
            reply.set_result(None)
