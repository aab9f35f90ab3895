"""What a connection's actor does: one operation at a time, step by step, in the order of their weight.

The middle of `ConnectionActor`. Operations themselves live in `actors/operations`.
"""

from contextlib import suppress
from functools import partial
from typing import Any

from pykka import ActorDeadError, ActorRef

from actors import messages as m
from actors.lane import Job
from actors.operations.base import NotConnected, Operation, Pause, Steps
from actors.operations.calls import renewing
from actors.operations.connect import connecting
from actors.operations.disconnect import disconnecting
from actors.operations.heal import healing
from actors.operations.hook import hooking, next_look
from actors.operations.poll import polling
from actors.platforms.base import Answer, Call, Reading
from actors.platforms.failures import PlatformError
from actors.state import ConnectionState
from actors.troubles import after_failure
from storage.database import StorageUnavailable

ORDER = ("disconnect", "connect", "refresh", "hook", "heal", "poll")
"""Which of several wanted operations comes first."""
NEEDS_TOKEN = frozenset({"refresh", "hook", "heal", "poll"})


class ConnectionWork(ConnectionState):
    _number = 0
    """Of the call or pause that is awaited: an outcome with another number is an old one's."""
    _job: Job | None = None
    """The call that is awaited."""
    _wanted: dict[str, Operation] | None = None
    _leaving = False
    _retired = False
    _poll_again = False

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
            return renewing(self, operation.generation, getattr(operation.order, "rejection", None))
        if operation.kind == "hook":
            return hooking(self)
        return healing(self) if operation.kind == "heal" else polling(self, asked=operation.order is not None)

    def _advance(self, outcome: Answer | PlatformError | None = None) -> None:
        """One step on. What a step raises beyond the expected is a bug: it fails the actor, and is seen."""
        operation = self._operation
        if operation is None or operation.steps is None:
            return
        try:
            if isinstance(outcome, PlatformError):
                step = operation.steps.throw(outcome)
            else:
                operation.answered |= outcome is not None
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
        """What is under way has lost its sense, for the grant has ended. An exchange may be of a newer one, and what
        is registered while the user leaves can only be removed once it is known."""
        operation = self._operation
        if operation is None or operation.kind not in NEEDS_TOKEN or self._is_exchanging():
            return False
        if operation.kind == "hook" and self.row.leaving is not None:
            return False
        return self.row.status != "connected"

    def _abandon(self) -> None:
        operation, self._operation = self._operation, None
        self._number += 1
        if self._job is not None:
            self.shared.lanes.withdraw(self.key.platform, self._job)
        if operation is not None and operation.steps is not None:
            operation.steps.close()
            operation.reject(NotConnected(self.row.status, self.row.reason))

    def _await(self, step: Call | Pause) -> None:
        self._number += 1
        number, ref, urgent = self._number, self.actor_ref, self._is_exchanging()
        if isinstance(step, Pause):
            self.clock.call_later(step.seconds, lambda: _tell(ref, m.PauseOver(number)))
            return
        bearer = self.token().access if step.auth == "bearer" else None
        job = Job(
            step,
            bearer,
            self.platform.client,
            lambda outcome: _tell(ref, m.CallAnswered(number, outcome)),
            urgent=urgent,
            follows=urgent and self._operation is not None and self._operation.answered,
        )
        self._job = job
        if step.after > 0:
            self.clock.call_later(step.after, partial(self._submit, number, job))
        else:
            self._submit(number, job)

    def _submit(self, number: int, job: Job) -> None:
        if number == self._number:  # else it was abandoned while it waited
            self.shared.lanes.submit(self.key.platform, job)

    def call_answered(self, message: m.CallAnswered) -> None:
        if message.number == self._number:
            self._job = None
            self._advance(message.outcome)
            self._begin_next()

    def pause_over(self, message: m.PauseOver) -> None:
        if message.number == self._number:
            self._advance()
            self._begin_next()

    def _ended(self, operation: Operation, result: Any) -> None:
        operation.resolve(result)
        if operation.kind == "connect":
            self.failures = 0
            self._see_to_hooks()
            self._want("poll")
        elif operation.kind == "heal" and self.failures:
            self._want("poll")  # which says that all is well again
        elif operation.kind == "poll" and self._poll_again:
            self._poll_again = False
            self._want("poll")

    def _is_exchanging(self) -> bool:
        """A token is being got: others wait for it, and its answer may be the only one."""
        return self.renewing or (self._operation is not None and self._operation.kind == "connect")

    def _see_to_hooks(self) -> None:
        if not self.platform.pushes:
            return
        if not self._hooks and self.row.hook_error is None:
            self._want("hook")
        else:
            self.again("look", next_look(self))

    def caught_up(self, reading: Reading, found: int) -> None:
        """What a poll found is stored: the first after an absence, or one of those that read the rest of it."""
        heals = self.shared.directory.heals
        if self.missed is None:
            return
        heals.count(self.key.platform, "found", found)
        if reading.rest_in is None:
            heals.over(self.key)
        else:
            heals.left_a_part(self.key)

    # -- the end ---------------------------------------------------------------------------------

    def retire(self) -> None:
        if self._retired:
            return
        self._retired = True
        self._cancel_timers()
        self._tell_supervisor(m.ChildRetired(self.key, self.incarnation))
        self.stop()

    def _tell_supervisor(self, message: Any) -> None:
        if self.shared.directory.supervisor is not None:
            _tell(self.shared.directory.supervisor, message)


def _tell(ref: ActorRef[Any], message: Any) -> None:
    """For threads that aren't the actor's: by then it may have ended, and then nobody needs to know."""
    with suppress(ActorDeadError):
        ref.tell(message)
