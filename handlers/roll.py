"""Which streams are open, and what has become of streams, in figures."""

import asyncio
from bisect import bisect_right
from collections import Counter

import msgspec

from handlers.stream import Kind, Stream

KINDS: tuple[Kind, ...] = ("websocket", "sse")


class Standing(msgspec.Struct, frozen=True):
    connections: dict[Kind, int]
    """Open ones, whether authenticated or not."""
    users: dict[Kind, int]
    """Authenticated people, each counted once however many streams they have."""
    opened: dict[Kind, int]
    cut: dict[int, int]
    """Streams that the server ended, by close code."""
    recovered: dict[str, int]
    """Cursors asked for, by outcome: `recovered`, or the reason why not."""
    events: int
    """Dispatched to somebody's streams."""
    waiting: int
    """Those of them that haven't been given to everyone yet."""
    sent: int
    """Given to streams: one event to ten streams is ten."""
    joined: int
    """Those of them that went out in one send with the one before."""


class Tally:
    """What dispatch and walks have done."""

    __slots__ = ("queued", "sends", "sent", "walked")

    def __init__(self) -> None:
        self.queued = 0
        self.walked = 0
        self.sent = 0
        self.sends = 0


class Roll:
    def __init__(self) -> None:
        self.streams: dict[Kind, set[Stream]] = {kind: set() for kind in KINDS}
        self._numbered: dict[int, Stream] = {}
        """In the order of their numbers, which is that of their opening."""
        self.users: dict[Kind, Counter[str]] = {kind: Counter() for kind in KINDS}
        self.opened: Counter[Kind] = Counter(dict.fromkeys(KINDS, 0))
        self.cut: Counter[int] = Counter()
        self.recovered: Counter[str] = Counter()
        self.tally = Tally()
        self.empty = asyncio.Event()
        self.empty.set()

    def add(self, stream: Stream) -> None:
        self.streams[stream.kind].add(stream)
        self.opened[stream.kind] += 1
        stream.number = sum(self.opened.values())
        self._numbered[stream.number] = stream
        self.empty.clear()

    def remove(self, stream: Stream) -> None:
        self.streams[stream.kind].discard(stream)
        self._numbered.pop(stream.number, None)
        if not any(self.streams.values()):
            self.empty.set()

    def __len__(self) -> int:
        return sum(map(len, self.streams.values()))

    def all(self) -> list[Stream]:
        return [stream for streams in self.streams.values() for stream in streams]

    def after(self, number: int, limit: int) -> list[Stream]:
        """So many of those opened after this one, the earliest first."""
        numbers = list(self._numbered)
        start = bisect_right(numbers, number)
        return [self._numbered[one] for one in numbers[start : start + limit]]

    def joined(self, stream: Stream, user: str) -> None:
        self.users[stream.kind][user] += 1

    def left(self, stream: Stream, user: str) -> None:
        users = self.users[stream.kind]
        users[user] -= 1
        if not users[user]:
            del users[user]

    def standing(self) -> Standing:
        tally = self.tally
        return Standing(
            connections={kind: len(streams) for kind, streams in self.streams.items()},
            users={kind: len(users) for kind, users in self.users.items()},
            opened=dict(self.opened),
            cut=dict(self.cut),
            recovered=dict(self.recovered),
            events=tally.queued,
            waiting=tally.queued - tally.walked,
            sent=tally.sent,
            joined=tally.sent - tally.sends,
        )
