"""What a connection's actor knows beside its row: its timers, its past, what others may see of it.

No decisions here, only keeping; all of it can be made anew from the row.
"""

import random
from functools import partial
from typing import Any

import msgspec

from actors import messages as m
from actors.absence import Missed
from actors.clock import Timer
from actors.monitoring import Decision, decide
from actors.operations.base import Operation
from actors.platforms.base import Reading
from actors.row import ConnectionRow
from actors.schedule import phase
from actors.shared import Shared
from actors.status import Status
from storage.records import ConnectionKey, Draft, Token

NOTHING: frozenset[str] = frozenset()
"""One for all actors."""
HISTORY = 10
"""Lines of an actor's past that it keeps for those who look inside."""
HEARD_EVERY = 60.0
"""How exactly the time of the last webhook is stored: a busy hook doesn't write it each time."""
FIRST_AGAIN, LAST_AGAIN = 30.0, 900.0
"""Seconds until the next try after the first failure in a row, and after many."""


def waits(timer: Timer | None) -> bool:
    """A reminder that comes while its timer still waits is an old one's. The wall clock isn't asked: it jumps."""
    return timer is not None and timer.waits


class ConnectionState(ConnectionRow):
    _heal_timer: Timer | None = None

    def __init__(self, key: ConnectionKey, shared: Shared, incarnation: int) -> None:
        super().__init__(key, shared, incarnation)
        self._hooks = 0
        self._last_heard = 0
        self._handled = 0
        self.failures = 0
        self._last_error: str | None = None
        self._history: tuple[tuple[float, str], ...] = ()
        self._poll_timer: Timer | None = None
        self._refresh_timer: Timer | None = None
        self._hook_timer: Timer | None = None
        self._deliveries_timer: Timer | None = None
        self._put_off = NOTHING
        self._operation: Operation | None = None
        self.renewing = False
        """A token exchange is under way or its answer isn't stored yet."""

    @property
    def missed(self) -> Missed | None:
        """What it has yet to look for since the service was away."""
        return self.shared.directory.heals.missed(self.key)

    # -- timers ----------------------------------------------------------------------------------

    def _remind(self, timer: Timer | None, seconds: float, message: Any) -> Timer:
        """Through the directory, not to oneself: by then another incarnation may live here."""
        if timer is not None:
            timer.cancel()
        return self.clock.call_later(max(0.0, seconds), partial(self.shared.directory.tell, self.key, message))

    def adopt(self, token: Token | None) -> None:
        """This one is stored and is the connection's now. None: another is, and is read when it is needed."""
        self._token = token
        self._arm_refresh()

    def _arm_refresh(self) -> None:
        due = self.row.refresh_due_at
        self._taken_up("refresh")
        if due is not None:
            self._refresh_timer = self._remind(self._refresh_timer, due - self.clock.now(), m.REFRESH_DUE)

    def _arm_poll(self) -> None:
        due = self.row.next_poll or 0.0
        self._taken_up("poll")
        self._poll_timer = self._remind(self._poll_timer, due - self.clock.now(), m.POLL_DUE)

    def _taken_up(self, kind: str) -> None:
        if kind in self._put_off:
            self._put_off = (self._put_off - {kind}) or NOTHING

    def _resume(self, spread: float) -> None:
        """After a start of the service: what fell due meanwhile comes soon, and not at once with everybody else's."""
        row, now, key = self.row, self.clock.now(), str(self.key)
        schedule = self.shared.schedules[self.key.platform]
        poll_at = schedule.resume(key, row.next_poll or 0.0, now)
        if row.next_poll is None:  # never read since it was connected: its user looks at an empty page
            poll_at = min(poll_at, now + phase(key) * spread)
        self._poll_timer = self._remind(self._poll_timer, poll_at - now, m.POLL_DUE)
        if row.refresh_due_at is not None:
            refresh_at = schedule.resume(key, row.refresh_due_at, now)
            self._refresh_timer = self._remind(self._refresh_timer, refresh_at - now, m.REFRESH_DUE)

    def retry_deliveries_at(self, at: float) -> None:
        seconds = at - self.clock.now()
        self._deliveries_timer = self._remind(self._deliveries_timer, seconds, m.DELIVERIES_DUE)

    def _cancel_timers(self) -> None:
        timers = (self._poll_timer, self._refresh_timer, self._heal_timer, self._hook_timer, self._deliveries_timer)
        for timer in filter(None, timers):
            timer.cancel()
        self._poll_timer = self._refresh_timer = self._heal_timer = self._hook_timer = self._deliveries_timer = None

    # -- polls -----------------------------------------------------------------------------------

    def monitoring(self) -> Decision:
        return decide(
            self.row,
            pushes=self.platform.pushes,
            hooks=self._hooks,
            now=self.clock.now(),
            safety=self.shared.safety_poll,
            suffices=self.platform.push_suffices,
            door_heard_at=self.shared.directory.doors_heard.get(self.key.platform),
        )

    def next_poll_after(self, now: float, reading: Reading) -> float:
        """What is left to read is read soon, unless a healthy webhook tells of it anyhow."""
        every = self.monitoring().every
        schedule = self.shared.schedules[self.key.platform]
        due = schedule.next_due(str(self.key), now) if every is None else now + every * random.uniform(0.9, 1.1)
        if reading.rest_in is not None and (every is None or reading.unread or self.missed is not None):
            due = min(due, now + reading.rest_in)
        return max(due, now + reading.not_before)

    def polled(self) -> None:
        """The commit of a poll went through."""
        self.failures = 0
        self._last_error = None
        self._arm_poll()

    def failed(self, detail: str) -> float:
        """Count a failure; the seconds to wait before the next try."""
        self.failures += 1
        self._last_error = detail
        return min(LAST_AGAIN, FIRST_AGAIN * 2.0 ** (self.failures - 1))

    def fell_silent(self, why: str) -> None:
        """No more calls until somebody reconnects; deliveries are worked off all the same."""
        self._cancel_timers()
        self.shared.directory.heals.over(self.key)  # who connects again is read at once
        self.note(why)

    def again(self, kind: str, seconds: float) -> None:
        """Try an operation again that could not be done now."""
        if kind in ("poll", "refresh"):
            self._put_off |= {kind}
        if kind == "refresh":
            self._refresh_timer = self._remind(self._refresh_timer, seconds, m.REFRESH_DUE)
        elif kind == "poll":
            self._poll_timer = self._remind(self._poll_timer, seconds, m.POLL_DUE)
        elif kind == "heal":
            self._heal_timer = self._remind(self._heal_timer, seconds, m.HEAL_DUE)
        elif kind in ("hook", "look"):
            self._hook_timer = self._remind(self._hook_timer, seconds, m.HOOK_DUE if kind == "hook" else m.LOOK_DUE)
        elif kind == "disconnect":
            self._remind(None, seconds, m.END_DUE)

    def recovery(self) -> list[Draft]:
        """What to tell when a poll went well after trouble was told."""
        if not self.row.trouble_told:
            return []
        fields = {"platform": self.key.platform, "status": "connected", "method": self.monitoring().method}
        return [Draft("connection_status", fields | {"reason": "recovered", "hint": "The platform answers again."})]

    def is_put_off(self, kind: str) -> bool:
        """The last poll or refresh failed, or was sent away, and the time for the next is set."""
        return kind in self._put_off and waits(self._poll_timer if kind == "poll" else self._refresh_timer)

    # -- webhooks --------------------------------------------------------------------------------

    def count_hooks(self, count: int) -> None:
        self._hooks = count

    def heard(self, row: int) -> None:
        """Deliveries up to this row have been read: nudges for them are old news."""
        self._last_heard = max(self._last_heard, row)

    def hook_was_silent(self, now: float) -> bool:
        """Whether the time of the last webhook is worth storing again."""
        seen = self.row.hook_seen_at
        return seen is None or now - seen >= HEARD_EVERY

    def hook_was_heard(self, now: float) -> None:
        self._row = msgspec.structs.replace(self.row, hook_seen_at=now)

    # -- what others may see ---------------------------------------------------------------------

    def note(self, text: str) -> None:
        self._history = (*self._history[1 - HISTORY :], (self.clock.now(), text))

    def _leave_status(self, state: str = "running") -> None:
        entry = self.shared.directory.get(self.key)
        if entry is None or entry.incarnation != self.incarnation:
            return
        row, decision = self._row, self.monitoring() if self._row else None
        before = entry.status
        entry.status = Status(
            state=state,
            status=row.status if row else "pending",
            method=decision.method if decision else None,
            method_reason=decision.reason if decision else None,
            mailbox=len(self.actor_inbox),
            handled=self._handled,
            restarts=before.restarts if before else 0,
            last_error=self._last_error or (before.last_error if before else None),
            last_sync=row.last_sync if row else None,
            next_poll=row.next_poll if row else None,
            token_expires_at=row.token_expires_at if row else None,
            reauth_due_at=row.reauth_due_at if row else None,
            doing=self._operation.kind if self._operation else None,
            put_off=self._put_off,
            history=self._history,
        )
