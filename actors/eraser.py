"""Forgets users: their connections part from the platforms, then their rows go, piece by piece.

What was asked is on disk before it is begun and until it is done, so that a crash only interrupts it.
"""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, ClassVar

import structlog
from pykka import ActorRef

from actors import messages as m
from actors.clock import Timer
from actors.operations.disconnect import end_here
from actors.pool import PooledActor
from actors.shared import Shared
from storage import connections, erasures
from storage.database import StorageUnavailable
from storage.records import Connection, ConnectionKey

log = structlog.get_logger()

PIECE = 2000
"""Rows that go in one commit: the writer has others waiting."""
PATIENCE = 30.0
"""Seconds in which the platforms have to be told; what they haven't taken by then is asked once more."""
ROUNDS = 3
AGAIN = 5.0
LIVE = ("connected", "needs_reauth", "pending")


class _Leaving:
    """One user who is being forgotten."""

    def __init__(self) -> None:
        self.replies: list[Future[Any]] = []
        self.waiting: set[ConnectionKey] = set()
        self.rounds = 0
        self.timer: Timer | None = None
        self.gone = 0


class Eraser(PooledActor):
    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self.shared = shared
        self._users: dict[str, _Leaving] = {}

    @classmethod
    def begin(cls, shared: Shared) -> ActorRef["Eraser"]:
        ref = cls.start(shared.executor, shared)
        shared.directory.eraser = ref
        ref.tell(m.ResumeErasures())
        return ref

    def on_receive(self, message: Any) -> None:
        try:
            self._HEARS[type(message)](self, message)
        except StorageUnavailable as trouble:
            log.warning("erasure_postponed", reason=trouble.reason)
            if isinstance(message, m.Erase):
                message.reply.set_exception(trouble)  # nothing was begun
            else:
                self._later(AGAIN, message)
        except Exception as error:  # a bug: what was asked is on disk, and is tried again at the next start
            log.exception("erasure_failed", user=getattr(message, "user", None))
            self._end(getattr(message, "user", ""), error)

    def _resume(self, _order: m.ResumeErasures) -> None:
        for user in self.shared.database.read(erasures.begun):
            self._users.setdefault(user, _Leaving())
            self.actor_ref.tell(m.PartWith(user))

    def _erase(self, order: m.Erase) -> None:
        leaving = self._users.get(order.user)
        if leaving is None:
            at = self.shared.clock.now()
            self.shared.database.write(lambda tx: erasures.begin(tx, order.user, at)).result()
            leaving = self._users[order.user] = _Leaving()
            self.actor_ref.tell(m.PartWith(order.user))
        leaving.replies.append(order.reply)

    # -- from the platforms ----------------------------------------------------------------------

    def _part(self, order: m.PartWith) -> None:
        leaving = self._users[order.user]
        live = self._live(order.user)
        leaving.rounds += 1
        leaving.waiting = {row.key for row in live}
        for row in live:
            self._disconnect(row)
        if live:
            leaving.timer = self._later(PATIENCE, m.EraseOn(order.user, leaving.rounds))
        else:
            self.actor_ref.tell(m.EraseOn(order.user, leaving.rounds))

    def _live(self, user: str) -> list[Connection]:
        rows = self.shared.database.read(lambda tx: connections.of_user(tx, user))
        return [row for row in rows if row.status in LIVE or row.leaving is not None]

    def _disconnect(self, row: Connection) -> None:
        if row.halted and self.shared.directory.supervisor is not None:
            self.shared.directory.supervisor.tell(m.RestartChild(row.key))  # only its actor can part with a platform
        reply: Future[Any] = Future()
        reply.add_done_callback(lambda _: self.actor_ref.tell(m.PartedWith(row.key)))
        self.shared.directory.tell(row.key, m.Disconnect(reply=reply))

    def _parted(self, fact: m.PartedWith) -> None:
        leaving = self._users.get(fact.key.user)
        if leaving is None or fact.key not in leaving.waiting:
            return
        leaving.waiting.discard(fact.key)
        if not leaving.waiting:
            if leaving.timer is not None:
                leaving.timer.cancel()
            self.actor_ref.tell(m.EraseOn(fact.key.user, leaving.rounds))

    # -- from storage ----------------------------------------------------------------------------

    def _go_on(self, order: m.EraseOn) -> None:
        leaving = self._users.get(order.user)
        if leaving is None or order.round != leaving.rounds:
            return  # all went without waiting for so long
        live = self._live(order.user)
        if live and leaving.rounds < ROUNDS:
            self._later(AGAIN, m.PartWith(order.user))
            return
        if live:
            self._abandon(live)
        gone = self.shared.database.write(lambda tx: erasures.drop(tx, order.user, PIECE)).result()
        leaving.gone += gone
        if gone:
            self.actor_ref.tell(order)
        else:
            log.info("user_erased", user=order.user, rows=leaving.gone)
            self._end(order.user)

    def _abandon(self, live: list[Connection]) -> None:
        """Their platforms can't be told; the tokens are forgotten all the same."""
        for row in live:
            end_here(self.shared, row.key, True, "it took too long")
            self.shared.directory.tell(row.key, m.Leave())

    def _end(self, user: str, error: Exception | None = None) -> None:
        leaving = self._users.pop(user, None)
        for reply in leaving.replies if leaving is not None else ():
            if reply.done():
                continue
            if error is None:
                reply.set_result(leaving.gone if leaving else 0)
            else:
                reply.set_exception(error)

    def _later(self, seconds: float, message: Any) -> Timer:
        return self.shared.clock.call_later(seconds, partial(self.actor_ref.tell, message))

    _HEARS: ClassVar[dict[type, Callable[["Eraser", Any], None]]] = {
        m.ResumeErasures: _resume,
        m.Erase: _erase,
        m.PartWith: _part,
        m.PartedWith: _parted,
        m.EraseOn: _go_on,
    }
