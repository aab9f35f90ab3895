"""What was ordered to go wrong, until when, and for whom."""

import asyncio
from collections.abc import Callable, Iterator

import msgspec

LASTING = ("slow", "hang", "down", "html_403", "rate_limit", "truncated")
"""These last until they end; in the order in which a call meets them."""
AT_ONCE = ("revoke", "expire", "rotate_reuse", "cursor_gone")
"""These change what is so, once."""
KINDS = (*LASTING, *AT_ONCE)


class Fault(msgspec.Struct, eq=False):
    kind: str
    user: str | None
    """Whose calls; None: everyone's."""
    until: float | None
    reason: str | None = None
    met: int = 0
    """How many calls met it."""
    ended: bool = False
    held: set[asyncio.Future[None]] = msgspec.field(default_factory=set)

    def end(self) -> None:
        self.ended = True
        for waiting in self.held:
            if not waiting.done():
                waiting.set_result(None)


class Faults:
    """One platform's. They end with the process: a sandbox that starts is a healthy one."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Replaces one of the same kind for the same people."""
        for old in [old for old in self._faults if (old.kind, old.user) == (fault.kind, fault.user)]:
            self._drop(old)
        self._faults.append(fault)
        self._faults.sort(key=lambda each: LASTING.index(each.kind))

    def for_call_of(self, user: str | None) -> Iterator[Fault]:
        """Those that a call of this person meets, in the order of `LASTING`."""
        for fault in list(self._faults):
            if self._over(fault):
                self._drop(fault)
            elif fault.user is None or fault.user == user:
                yield fault

    def remaining(self, fault: Fault) -> float | None:
        return None if fault.until is None else max(0.0, fault.until - self._now())

    def end_all(self) -> int:
        ended = [fault for fault in self._faults if not self._over(fault)]
        for fault in list(self._faults):
            self._drop(fault)
        return len(ended)

    def current(self) -> list[Fault]:
        return [fault for fault in self._faults if not self._over(fault)]

    def _over(self, fault: Fault) -> bool:
        return fault.until is not None and fault.until <= self._now()

    def _drop(self, fault: Fault) -> None:
        self._faults.remove(fault)
        fault.end()
