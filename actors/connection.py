"""One user on one platform: what its actor hears, and what it then does.

An actor handles one message at a time. This file decides which operation a message makes it want; `work.py` takes
that through its steps, and `troubles.py` decides what a failure means.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from traceback import format_exception_only
from types import TracebackType
from typing import Any, ClassVar

import structlog
from pykka import ActorDeadError

from actors import messages as m
from actors.lane import Job
from actors.notices import keep_notice
from actors.operations.base import NotConnected
from actors.operations.deliveries import give_up, work_off
from actors.operations.disconnect import ENDED, leave
from actors.operations.hook import may_wait, next_look
from actors.platforms.base import Answer
from actors.platforms.failures import GrantRefused, PlatformError, Unauthorized
from actors.schedule import phase
from actors.state import waits
from actors.troubles import needs_reauth
from actors.work import ConnectionWork
from storage import connections, hooks
from storage.database import StorageUnavailable
from storage.records import Delivery

log = structlog.get_logger()

WOKEN_IN_VAIN = 5.0
"""Seconds until an actor whose row couldn't be read tries again."""


class ConnectionActor(ConnectionWork):
    has_charged = False
    """The first batch of an incarnation may hold what killed the one before: its tries are counted, once."""
    _caught_up = False
    """All that came before the next nudge has been read, so that what it hands over needn't be."""

    # -- hearing ---------------------------------------------------------------------------------

    def on_receive(self, message: Any) -> None:
        if self._retired:
            self.on_unheard(message)
            return
        self._handled += 1
        reply = getattr(message, "reply", None)
        try:
            if self._row is not None or isinstance(message, m.Wake):
                self._HEARS[type(message)](self, message)
            elif reply is not None:
                reply.set_exception(NotConnected("asleep", "its row can't be read yet"))
        except StorageUnavailable as trouble:  # no fault of this actor's, and nothing that a new one could do better
            log.warning("message_not_handled", **self.names, message=type(message).__name__, reason=trouble.reason)
            if reply is not None and not reply.done():
                reply.set_exception(trouble)
        except Exception:  # a bug, which ends this actor: nobody else knows who waits for this message
            if reply is not None and not reply.done():
                reply.set_exception(self._dead())
            raise
        if not isinstance(message, m.Wake):
            self._go_if_idle()
        self._leave_status()

    def _go_if_idle(self) -> None:
        """There is nothing to wait for in a connection that isn't one."""
        row = self._row
        if row is None or row.status not in ("pending", "disconnected") or row.leaving is not None:
            return
        if self._operation is None and not self._wanted:
            self.retire()

    def _wake(self, wake: m.Wake) -> None:
        """What reaches an actor whose row can't be read yet is dropped: facts are in storage, orders are refused."""
        try:
            row = wake.row or self.read(lambda tx: connections.get(tx, self.key))
            count = wake.hooks if wake.hooks is not None else self.read(lambda tx: hooks.count(tx, self.key))
        except StorageUnavailable as trouble:
            log.warning("wake_postponed", **self.names, reason=trouble.reason)
            self._poll_timer = self._remind(self._poll_timer, WOKEN_IN_VAIN, m.Wake())
            return
        if row is None or row.halted:
            self.retire()
            if row is None:
                give_up(self, "There is no such connection.")
            return
        self._row, self._hooks = row, count
        if row.status == "connected":
            if wake.resumed:
                self._resume(wake.spread)
            else:
                self._arm_refresh()
                self._arm_poll()
            if self.missed is not None:
                self.again("heal", phase(str(self.key)) * wake.spread)
            self._see_to_hooks()
        elif row.leaving is not None:
            self._want("disconnect")
        elif row.status != "needs_reauth":
            self.actor_ref.tell(m.DELIVERIES_DUE)  # goes with that, unless what it was made for is heard before
        if not wake.resumed:
            self._deliveries_due()  # at a start of the service the supervisor's sweep knows who has any

    def _webhook_arrived(self, message: m.WebhookArrived) -> None:
        if message.row > self._last_heard:
            unheard = [one for one in message.deliveries if one.id > self._last_heard]
            self._work_off(unheard if self._caught_up else ())

    def _hook_heard(self, message: m.HookHeard) -> None:
        if self.row.status == "connected" and self.hook_was_silent(message.at):
            self.update_row(hook_seen_at=message.at)
            self.note("a handshake came by the webhook")

    def _deliveries_due(self, _message: Any = None) -> None:
        self._work_off(())

    def _work_off(self, handed: Sequence[Delivery]) -> None:
        if self.row.status == "disconnected":
            give_up(self, ENDED)
            return
        try:
            more = work_off(self, handed)
        except StorageUnavailable as trouble:
            self._caught_up = False
            self._last_error = f"storage: {trouble.reason}"
            self.retry_deliveries_at(self.clock.now() + WOKEN_IN_VAIN)
            return
        self._caught_up = not more
        if more:
            self.actor_ref.tell(m.DELIVERIES_DUE)

    def _poll_due(self, _message: m.PollDue) -> None:
        if self.row.status == "connected" and not waits(self._poll_timer):
            self._want("poll")

    def _heal_due(self, _message: m.HealDue) -> None:
        """By a poll, or where that keeps its pace anyhow, by asking for what was sent alone."""
        missed = self.missed
        if self.row.status == "connected" and missed is not None and not missed.begun:
            self._want("poll" if missed.polls else "heal")

    def _hook_due(self, _message: m.HookDue) -> None:
        if self.row.status == "connected":
            self._want("hook")

    def _look_due(self, _message: m.LookDue) -> None:
        if self.row.status == "connected" and may_wait(self):
            self.again("look", next_look(self))
        else:
            self._hook_due(m.HOOK_DUE)

    def _refresh_due(self, _message: m.RefreshDue) -> None:
        if self.row.status == "connected" and not waits(self._refresh_timer):
            self._want("refresh")

    def _token_overdue(self, _message: m.TokenOverdue) -> None:
        """Found by a sweep: the timer may still wait, where the wall clock jumped."""
        if self.row.status == "connected" and self.refresh_is_due() and not self.is_put_off("refresh"):
            self._want("refresh")

    def _poll_overdue(self, _message: m.PollOverdue) -> None:
        if self.row.status == "connected" and not self.is_put_off("poll"):
            self._want("poll")

    def _grant_ending(self, _message: m.GrantEnding) -> None:
        notice_at = self.row.reauth_notice_at
        if self.row.status == "connected" and notice_at is not None and notice_at <= self.clock.now():
            self.change(partial(keep_notice, self))
            if self.row.reauth_notice_at is None and not self.token_is_good():
                self._want("refresh")  # there is nothing to renew it with any more: that is found out, and said

    def _poll(self, order: m.Poll) -> None:
        self._order("poll", order)

    def _refresh(self, order: m.Refresh) -> None:
        self._order("refresh", order)

    def _fresh_token(self, order: m.FreshToken) -> None:
        if self.row.status == "connected" and not self.refresh_is_due() and self.token_is_good():
            order.reply.set_result(self.row.token_expires_at)
            return
        tried: Future[Any] = Future()
        still_good = self.row.token_expires_at if self.token_is_good() else None
        tried.add_done_callback(partial(_settle_fresh, order.reply, still_good))
        self._order("refresh", m.Refresh(tried))

    def _forward(self, order: m.Forward) -> None:
        """Whoever asks has seen to it that the token is good; they never see it."""
        if self.row.status != "connected":
            order.reply.set_exception(NotConnected(self.row.status, self.row.reason))
            return
        try:
            bearer = self.token().access
        except GrantRefused as refused:
            order.reply.set_exception(refused)
            needs_reauth(self, refused.reason, refused.hint)
            return
        job = Job(order.call, bearer, self.platform.client, partial(_settle, order.reply))
        self.shared.lanes.submit(self.key.platform, job)

    def _connect(self, order: m.Connect) -> None:
        self._want("connect", order)

    def _disconnect(self, order: m.Disconnect) -> None:
        """Stored at once, whatever is under way: from now on nothing is polled or told."""
        now, title = self.clock.now(), self.platform.title
        self.change(lambda tx: leave(tx, self.row, order.purge, title, now))
        self.fell_silent("asked to disconnect")
        self.shared.directory.forget_hook_secrets(self.key)
        if self._is_over():
            self._abandon()
        self._want("disconnect", order)

    def _end_due(self, _message: m.EndDue) -> None:
        if self.row.leaving is not None:
            self._want("disconnect")

    def _leave(self, _order: m.Leave) -> None:
        self._leaving = True
        if not self._is_exchanging():
            self.retire()

    def fetch(self) -> None:
        """A webhook said that there is something new, without saying what."""
        if self.row.status != "connected" or self.is_put_off("poll"):
            return
        if self._operation is not None and self._operation.kind == "poll":
            self._poll_again = True  # this one may have looked already
        else:
            self._want("poll")

    def grant_ended(self, reason: str) -> None:
        """A webhook said so, and it is stored: no need to find out by a call."""
        self.fell_silent(f"needs to be connected again: {reason}")
        if self._is_over():
            self._abandon()
            self._begin_next()

    def _order(self, kind: str, order: Any) -> None:
        if self.row.status == "connected":
            self._want(kind, order)
        elif order.reply is not None:
            order.reply.set_exception(NotConnected(self.row.status, self.row.reason))

    # -- the end ---------------------------------------------------------------------------------

    def on_stop(self) -> None:
        self._cancel_timers()
        self._reject_all()

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._cancel_timers()
        self._reject_all()
        error = "".join(format_exception_only(exception_type, exception_value)).strip()
        self._tell_supervisor(m.ChildFailed(self.key, self.incarnation, error))

    def on_unheard(self, message: Any) -> None:
        """Facts are in storage; an order goes to the next incarnation, or to the supervisor, who knows why not."""
        if getattr(message, "reply", None) is not None:
            self._tell_supervisor(m.ChildNeeded(self.key, message, unheard=True))

    def _reject_all(self) -> None:
        for operation in [self._operation, *(self._wanted or {}).values()]:
            if operation is not None:
                operation.reject(self._dead())

    def _dead(self) -> ActorDeadError:
        return ActorDeadError(f"the actor of {self.key} ended before this was done")

    _HEARS: ClassVar[dict[type, Callable[["ConnectionActor", Any], None]]] = {
        m.Wake: _wake,
        m.WebhookArrived: _webhook_arrived,
        m.HookHeard: _hook_heard,
        m.DeliveriesDue: _deliveries_due,
        m.PollDue: _poll_due,
        m.RefreshDue: _refresh_due,
        m.HealDue: _heal_due,
        m.HookDue: _hook_due,
        m.LookDue: _look_due,
        m.TokenOverdue: _token_overdue,
        m.PollOverdue: _poll_overdue,
        m.GrantEnding: _grant_ending,
        m.CallAnswered: ConnectionWork.call_answered,
        m.PauseOver: ConnectionWork.pause_over,
        m.Forward: _forward,
        m.Connect: _connect,
        m.Poll: _poll,
        m.Refresh: _refresh,
        m.FreshToken: _fresh_token,
        m.Disconnect: _disconnect,
        m.EndDue: _end_due,
        m.Leave: _leave,
    }


def _settle(reply: "Future[Any]", outcome: Answer | PlatformError) -> None:
    if reply.done():
        return
    if isinstance(outcome, PlatformError):
        reply.set_exception(outcome)
    else:
        reply.set_result(outcome)


def _settle_fresh(reply: "Future[Any]", still_good: float | None, tried: "Future[Any]") -> None:
    """A token that is good for a while yet will do when it can't be renewed just now."""
    if reply.done():
        return
    error = tried.exception()
    transient = isinstance(error, PlatformError) and not isinstance(error, GrantRefused | Unauthorized)
    if error is None or (transient and still_good is not None):
        reply.set_result(tried.result() if error is None else still_good)
    else:
        reply.set_exception(error)
