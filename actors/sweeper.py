"""Looks over the rows for what timers missed, whatever the reason, and tells whom it concerns.

Each connection has timers of its own; this is the net below them, and what an outside scheduler asks for. A sweep goes
page by page, a turn each, and leaves its platforms the time to take what it set off.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any, ClassVar

import msgspec
import structlog
from pykka import ActorRef

from actors import messages as m
from actors.pool import PooledActor
from actors.shared import Shared
from storage import sweeps
from storage.database import StorageUnavailable
from storage.records import Connection
from storage.sweeps import Place

log = structlog.get_logger()

EVERY = 300.0
PAGE = 500
BREATH = 1.0
"""Seconds between two pages when the first set something off."""
FULL, CLOSED = 10.0, 60.0
"""Seconds that a call would wait: past the first the next page waits too, past the second it isn't worth waiting."""
JUST_NOW = 300.0
"""Whoever was polled so lately isn't polled again because a scheduler asks for everybody."""


class Swept(msgspec.Struct, frozen=True):
    looked_at: int
    told: int
    skipped: dict[str, int]
    """By reason."""
    grants_ending: int
    """Connections that were told to announce the end of their grant."""
    held_up_for: float | None
    """Seconds for which the platform takes no calls, where that ended the sweep."""


class _Round:
    """One sweep under way, and those who wait for its end."""

    def __init__(self) -> None:
        self.steps: Iterator[float] = iter(())
        self.replies: list[Future[Any]] = []
        self.looked_at = self.told = self.grants_ending = 0
        self.skipped: Counter[str] = Counter()
        self.held_up_for: float | None = None

    def swept(self) -> Swept:
        return Swept(self.looked_at, self.told, dict(self.skipped), self.grants_ending, self.held_up_for)


class Sweeper(PooledActor):
    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self.shared = shared
        self._rounds: dict[str, _Round] = {}

    @classmethod
    def begin(cls, shared: Shared) -> ActorRef["Sweeper"]:
        """The first sweep is not at once: what fell due while the service was down is being spread."""
        ref = cls.start(shared.executor, shared)
        shared.directory.sweeper = ref
        shared.clock.call_later(EVERY, partial(ref.tell, m.SweepTokens()))
        return ref

    def on_receive(self, message: Any) -> None:
        self._HEARS[type(message)](self, message)

    # -- rounds ----------------------------------------------------------------------------------

    def _sweep_tokens(self, order: m.SweepTokens) -> None:
        if order.reply is None:
            self._later(EVERY, order)
        self._begin("tokens", self._tokens, order.reply)

    def _sweep_polls(self, order: m.SweepPolls) -> None:
        steps = partial(self._polls, platform=order.platform, everyone=order.everyone)
        self._begin(f"{order.platform} {order.everyone}", steps, order.reply)

    def _begin(self, name: str, steps: Callable[[_Round], Iterator[float]], reply: "Future[Any] | None") -> None:
        """Or join the one of this name that is under way."""
        known = self._rounds.get(name)
        one = known or _Round()
        if reply is not None:
            one.replies.append(reply)
        if known is None:
            one.steps = steps(one)
            self._rounds[name] = one
            self._go_on(m.SweepOn(name))

    def _go_on(self, order: m.SweepOn) -> None:
        one = self._rounds[order.name]
        try:
            self._later(next(one.steps), order)
        except StopIteration:
            self._end(order.name, None)
        except StorageUnavailable as trouble:
            log.warning("sweep_postponed", reason=trouble.reason)
            self._end(order.name, trouble)
        except Exception as error:  # a bug: without another round, nobody would know what timers miss
            log.exception("sweep_failed")
            self._end(order.name, error)

    def _end(self, name: str, error: Exception | None) -> None:
        one = self._rounds.pop(name)
        if one.told:
            log.info("sweep_ended", sweep=name, looked_at=one.looked_at, told=one.told, skipped=dict(one.skipped))
        for reply in one.replies:
            if reply.done():
                continue
            if error is None:
                reply.set_result(one.swept())
            else:
                reply.set_exception(error)

    def _later(self, seconds: float, message: Any) -> None:
        if seconds:
            self.shared.clock.call_later(seconds, partial(self.actor_ref.tell, message))
        else:
            self.actor_ref.tell(message)

    # -- tokens and grants -----------------------------------------------------------------------

    def _tokens(self, one: _Round) -> Iterator[float]:
        now, place = self.shared.clock.now(), Place()
        while rows := self._page(sweeps.overdue, now, place):
            told = one.told
            waits: dict[str, float] = {}
            for row in rows:
                one.looked_at += 1
                self._see_to(one, row, "refresh", m.TOKEN_OVERDUE, waits)
                place = Place(row.refresh_due_at or 0.0, row.id)
            yield BREATH if one.told > told else 0.0
        place = Place()
        while rows := self._page(sweeps.unnoticed, now, place):
            for row in rows:
                if self._why_not(row) is None:
                    self.shared.directory.tell(row.key, m.GRANT_ENDING)
                    one.grants_ending += 1
                place = Place(row.reauth_notice_at or 0.0, row.id)
            yield 0.0

    def _page(self, query: Callable[[Any, float, Place, int], list[Connection]], now: float, place: Place) -> Any:
        return self.shared.database.read(lambda tx: query(tx, now, place, PAGE))

    # -- polls -----------------------------------------------------------------------------------

    def _polls(self, one: _Round, platform: str, everyone: bool) -> Iterator[float]:
        after, rows = 0, None
        while rows is None or len(rows) == PAGE:
            wait = self.shared.lanes.wait_for(platform)
            if wait > CLOSED:
                one.held_up_for = wait
                return
            if wait > FULL:
                yield wait
                continue
            rows = self._connected(platform, after)
            told = one.told
            for row in rows:
                one.looked_at += 1
                why_not = self._why_not(row) or self._why_not_polled(row, everyone)
                if why_not is None:
                    self._see_to(one, row, "poll", m.POLL_OVERDUE, {platform: wait})
                else:
                    one.skipped[why_not] += 1
                after = row.id
            yield BREATH if one.told > told else 0.0

    def _connected(self, platform: str, after: int) -> list[Connection]:
        return self.shared.database.read(lambda tx: sweeps.connected(tx, platform, after, PAGE))

    def _why_not_polled(self, row: Connection, everyone: bool) -> str | None:
        now = self.shared.clock.now()
        if not everyone:
            return "not_due" if row.next_poll is not None and row.next_poll > now else None
        return "just_polled" if row.last_sync is not None and 0 <= now - row.last_sync < JUST_NOW else None

    # -- one connection --------------------------------------------------------------------------

    def _see_to(self, one: _Round, row: Connection, kind: str, message: Any, waits: dict[str, float]) -> None:
        why_not = self._why_not(row) or self._under_way(row, kind) or self._busy(row, waits)
        if why_not is None:
            self.shared.directory.tell(row.key, message)
            one.told += 1
        else:
            one.skipped[why_not] += 1

    def _why_not(self, row: Connection) -> str | None:
        if row.halted:
            return "stopped"
        if row.key.platform not in self.shared.platforms:
            return "not_configured"
        status = self.shared.directory.status(row.key)
        return status.state if status is not None and status.state != "running" else None

    def _under_way(self, row: Connection, kind: str) -> str | None:
        status = self.shared.directory.status(row.key)
        if status is None:
            return None
        if status.doing == kind:
            return "under_way"
        return "put_off" if kind in status.put_off else None

    def _busy(self, row: Connection, waits: dict[str, float]) -> str | None:
        platform = row.key.platform
        if platform not in waits:
            waits[platform] = self.shared.lanes.wait_for(platform)
        return "platform_busy" if waits[platform] > CLOSED else None

    _HEARS: ClassVar[dict[type, Callable[["Sweeper", Any], None]]] = {
        m.SweepTokens: _sweep_tokens,
        m.SweepPolls: _sweep_polls,
        m.SweepOn: _go_on,
    }
