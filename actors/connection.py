"""One user on one platform: what its actor hears, and what it then does.

An actor handles one message at a time and has one operation under way at a time. Operations live in
`actors/operations`; this file decides when they run, `troubles.py` what their failures mean.
"""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from traceback import format_exception_only
from types import TracebackType
from typing import Any, ClassVar

import structlog
from pykka import ActorDeadError, ActorRef

from actors import messages as m
from actors.lanes import Job
from actors.operations.base import NotConnected, Operation, Pause, Steps
from actors.operations.connect import connecting
from actors.operations.deliveries import work_off
from actors.operations.disconnect import disconnecting
from actors.operations.hook import LOOK_AGAIN, hooking
from actors.operations.poll import polling
from actors.operations.refresh import refreshing
from actors.platforms.base import Answer, Call
from actors.platforms.failures import PlatformError
from actors.schedule import phase
from actors.state import ConnectionState, waits
from actors.troubles import after_failure
from storage import connections, hooks
from storage.database import StorageUnavailable

log = structlog.get_logger()

WOKEN_IN_VAIN = 5.0
"""Seconds until an actor whose row couldn't be read tries again."""
ORDER = ("connect", "disconnect", "refresh", "hook", "poll")
"""Which of several wanted operations comes first."""
NEEDS_TOKEN = frozenset({"refresh", "hook", "poll"})


class ConnectionActor(ConnectionState):
    _number = 0
    """Of the call or pause that is awaited: an outcome with another number is an old one's."""
    has_charged = False
    """The first batch of an incarnation may hold what killed the one before: its tries are counted, once."""
    _wanted: dict[str, Operation] | None = None
    _leaving = False
    _poll_again = False

    # -- hearing ---------------------------------------------------------------------------------

    def on_receive(self, message: Any) -> None:
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
        self._leave_status()

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
            return
        self._row, self._hooks = row, count
        if row.status == "connected":
            if wake.resumed:
                self._resume()
            else:
                self._arm_refresh()
                self._arm_poll()
            self._see_to_hooks()
        if not wake.resumed:
            self._deliveries_due()  # at a start of the service the supervisor's sweep knows who has any

    def _see_to_hooks(self) -> None:
        if not self.platform.pushes:
            return
        if not self._hooks and self.row.hook_error is None:
            self._want("hook")
        else:
            self.again("hook", phase(str(self.key)) * LOOK_AGAIN)

    def _webhook_arrived(self, message: m.WebhookArrived) -> None:
        if message.row > self._last_heard:
            self._deliveries_due()

    def _deliveries_due(self, _message: Any = None) -> None:
        try:
            more = work_off(self)
        except StorageUnavailable as trouble:
            self._last_error = f"storage: {trouble.reason}"
            self.retry_deliveries_at(self.clock.now() + WOKEN_IN_VAIN)
            return
        if more:
            self.actor_ref.tell(m.DELIVERIES_DUE)

    def _poll_due(self, _message: m.PollDue) -> None:
        if self.row.status == "connected" and not waits(self._poll_timer):
            self._want("poll")

    def _hook_due(self, _message: m.HookDue) -> None:
        if self.row.status == "connected":
            self._want("hook")

    def _refresh_due(self, _message: m.RefreshDue) -> None:
        if self.row.status == "connected" and not waits(self._refresh_timer):
            self._want("refresh")

    def _poll(self, order: m.Poll) -> None:
        self._order("poll", order)

    def _refresh(self, order: m.Refresh) -> None:
        self._order("refresh", order)

    def _fresh_token(self, order: m.FreshToken) -> None:
        if self.row.status == "connected" and not self.refresh_is_due() and self.token_is_good():
            order.reply.set_result(self.row.token_expires_at)
        else:
            self._order("refresh", order)

    def _forward(self, order: m.Forward) -> None:
        """Whoever asks has seen to it that the token is good; they never see it."""
        if self.row.status != "connected":
            order.reply.set_exception(NotConnected(self.row.status, self.row.reason))
            return
        bearer = self.token().access
        job = Job(order.call, bearer, self.platform.client, partial(_settle, order.reply))
        self.shared.lanes.submit(self.key.platform, job)

    def _connect(self, order: m.Connect) -> None:
        self._want("connect", order)

    def _disconnect(self, order: m.Disconnect) -> None:
        self._want("disconnect", order)

    def _leave(self, _order: m.Leave) -> None:
        self._leaving = True
        if not self._is_exchanging():
            self.retire()

    def fetch(self) -> None:
        """A webhook said that there is something new, without saying what."""
        if self.row.status != "connected" or self.is_put_off():
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

    # -- operations ------------------------------------------------------------------------------

    def _want(self, kind: str, order: Any = None) -> None:
        """Have it done, or join the one of its kind that is wanted or under way."""
        reply = getattr(order, "reply", None)
        if self._operation is not None and self._operation.kind == kind and kind != "connect":
            self._operation.join(reply)
            return
        if self._wanted is None:
            self._wanted = {}
        wanted = self._wanted.setdefault(kind, Operation(kind, order))
        wanted.join(reply)
        if wanted.generation is None:
            wanted.generation = self.row.generation
        if self._operation is None:
            self._begin_next()

    def _begin_next(self) -> None:
        if self._leaving and self._operation is None:
            self.retire()
            return
        while self._operation is None and self._wanted:
            kind = next(kind for kind in ORDER if kind in self._wanted)
            operation = self._wanted.pop(kind)
            if kind in NEEDS_TOKEN and self.row.status != "connected":
                operation.reject(NotConnected(self.row.status, self.row.reason))
                continue
            operation.steps = self._steps(operation)
            self._operation = operation
            self._advance()
        if not self._wanted:
            self._wanted = None

    def _steps(self, operation: Operation) -> Steps:
        if operation.kind == "connect":
            return connecting(self, operation.order)
        if operation.kind == "disconnect":
            return disconnecting(self, operation.order)
        if operation.kind == "refresh":
            return refreshing(self, operation.generation)
        return hooking(self) if operation.kind == "hook" else polling(self, asked=operation.order is not None)

    def _advance(self, outcome: Answer | PlatformError | None = None) -> None:
        """One step on. What a step raises beyond the expected is a bug: it fails the actor, and is seen."""
        operation = self._operation
        if operation is None or operation.steps is None:
            return
        try:
            if isinstance(outcome, PlatformError):
                step = operation.steps.throw(outcome)
            else:
                step = operation.steps.send(outcome)
            if self._is_over():
                self._abandon()
            else:
                self._await(step)
        except StopIteration as end:
            self._operation = None
            self._ended(operation, end.value)
        except (PlatformError, StorageUnavailable) as error:
            self._operation = None
            operation.steps.close()
            after_failure(self, operation, error)

    def _is_over(self) -> bool:
        """What is under way has lost its sense, for the grant has ended. An exchange may be of a newer one."""
        operation = self._operation
        if operation is None or operation.kind not in NEEDS_TOKEN or self._is_exchanging():
            return False
        return self.row.status != "connected"

    def _abandon(self) -> None:
        operation, self._operation = self._operation, None
        self._number += 1
        if operation is not None and operation.steps is not None:
            operation.steps.close()
            operation.reject(NotConnected(self.row.status, self.row.reason))

    def _await(self, step: Call | Pause) -> None:
        self._number += 1
        number, ref = self._number, self.actor_ref
        if isinstance(step, Pause):
            self.clock.call_later(step.seconds, lambda: _tell(ref, m.PauseOver(number)))
            return
        bearer = self.token().access if step.auth == "bearer" else None
        job = Job(
            step,
            bearer,
            self.platform.client,
            lambda outcome: _tell(ref, m.CallAnswered(number, outcome)),
            urgent=self._is_exchanging(),
        )
        submit = partial(self.shared.lanes.submit, self.key.platform, job)
        if step.after > 0:
            self.clock.call_later(step.after, submit)
        else:
            submit()

    def _call_answered(self, message: m.CallAnswered) -> None:
        if message.number == self._number:
            self._advance(message.outcome)
            self._begin_next()

    def _pause_over(self, message: m.PauseOver) -> None:
        if message.number == self._number:
            self._advance()
            self._begin_next()

    def _ended(self, operation: Operation, result: Any) -> None:
        operation.resolve(result)
        if operation.kind == "connect":
            self.failures = 0
            self._see_to_hooks()
            self._want("poll")
        elif operation.kind == "poll" and self._poll_again:
            self._poll_again = False
            self._want("poll")
        elif operation.kind == "disconnect":
            self.retire()

    def _is_exchanging(self) -> bool:
        """A token is being got: others wait for it, and its answer may be the only one."""
        return self.renewing or (self._operation is not None and self._operation.kind == "connect")

    # -- the end ---------------------------------------------------------------------------------

    def retire(self) -> None:
        self._cancel_timers()
        self._tell_supervisor(m.ChildRetired(self.key, self.incarnation))
        self.stop()

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
            self.shared.directory.tell(self.key, message)

    def _tell_supervisor(self, message: Any) -> None:
        if self.shared.directory.supervisor is not None:
            _tell(self.shared.directory.supervisor, message)

    def _reject_all(self) -> None:
        error = ActorDeadError(f"the actor of {self.key} ended before this was done")
        for operation in [self._operation, *(self._wanted or {}).values()]:
            if operation is not None:
                operation.reject(error)

    _HEARS: ClassVar[dict[type, Callable[["ConnectionActor", Any], None]]] = {
        m.Wake: _wake,
        m.WebhookArrived: _webhook_arrived,
        m.DeliveriesDue: _deliveries_due,
        m.PollDue: _poll_due,
        m.RefreshDue: _refresh_due,
        m.HookDue: _hook_due,
        m.CallAnswered: _call_answered,
        m.PauseOver: _pause_over,
        m.Forward: _forward,
        m.Connect: _connect,
        m.Poll: _poll,
        m.Refresh: _refresh,
        m.FreshToken: _fresh_token,
        m.Disconnect: _disconnect,
        m.Leave: _leave,
    }


def _tell(ref: ActorRef[Any], message: Any) -> None:
    """For threads that aren't the actor's: by then it may have ended, and then nobody needs to know."""
    with suppress(ActorDeadError):
        ref.tell(message)


def _settle(reply: "Future[Any]", outcome: Answer | PlatformError) -> None:
    if reply.done():
        return
    if isinstance(outcome, PlatformError):
        reply.set_exception(outcome)
    else:
        reply.set_result(outcome)
