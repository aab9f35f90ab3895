"""One timer for all streams: each lies in the slot of the moment at which it next needs to be looked after."""

from math import ceil, inf
from typing import Generic, Protocol, TypeVar

GRAIN = 0.25
"""Seconds that a slot spans, and at most how late it is noticed."""


class Timed(Protocol):
    wake_at: float
    """When it is looked after next; infinity: not at all."""


T = TypeVar("T", bound=Timed)


class Wheel(Generic[T]):
    def __init__(self, now: float) -> None:
        self._turned = int(now / GRAIN)
        self._slots: dict[int, list[T]] = {}

    def put(self, stream: T, due: float) -> None:
        """To be looked after at `due`, or earlier if that is planned already."""
        if due < stream.wake_at:
            stream.wake_at = due
            slot = max(ceil(due / GRAIN), self._turned + 1)
            self._slots.setdefault(slot, []).append(stream)

    def turn(self, now: float) -> list[T]:
        """Everything that is due, earliest first; whoever needs it again is put again."""
        self._turned = int(now / GRAIN)
        slots = sorted(slot for slot in self._slots if slot <= self._turned)
        due = [stream for slot in slots for stream in self._slots.pop(slot)]
        for stream in due:
            stream.wake_at = inf
        return due
