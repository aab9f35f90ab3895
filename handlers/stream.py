"""One open WebSocket or SSE: what both share.

A stream stands at a `position`, the offset of the last event that it was given, and takes only the batch that begins
right after it. Everything about order rests on that one comparison: what came before is a repeat, what comes later
is a gap, and a stream that still reads its history stands NOWHERE.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from tornado.iostream import IOStream

from handlers.auth import Caller
from handlers.codes import Code
from handlers.frames import Encoding, Frame, joined
from handlers.history import Start
from handlers.outbox import Outbox
from storage.records import iso

if TYPE_CHECKING:
    from handlers.audience import Audience
    from handlers.replay import Replay

NOWHERE = -1
AUTH_WITHIN = 10.0
WARN_AHEAD = 60.0

Kind = Literal["websocket", "sse"]


class Group(NamedTuple):
    """Streams of one user that are sent the same bytes."""

    encoding: Encoding
    types: frozenset[str] | None = None
    """Only these; None: all."""


class Batch:
    """What one group is sent in one go: the events after `before`, up to and with `last`, that it wants."""

    __slots__ = ("before", "data", "encoding", "frames", "last")

    def __init__(self, frames: Sequence[Frame], before: int, last: int, encoding: Encoding) -> None:
        self.frames = frames
        self.before = before
        self.last = last
        self.encoding = encoding
        self.data = joined(frames, encoding) if frames else b""

    def after(self, position: int) -> bytes:
        later = [frame for frame in self.frames if frame.event.offset > position]
        return joined(later, self.encoding) if later else b""


class Keeper(Protocol):
    """The hub, as its streams see it."""

    slow: "set[Stream]"

    def now(self) -> float: ...
    def wall(self) -> float: ...
    def cursor(self, position: int) -> str: ...
    def welcome(self, stream: "Stream", start: Start, head: int) -> None: ...
    def catch_up(self, stream: "Stream", batch: Batch) -> None: ...
    def cut(self, stream: "Stream", code: Code) -> None: ...


class Stream(Outbox, ABC):
    __slots__ = (
        "audience",
        "caller",
        "ended",
        "group",
        "hub",
        "next_beat",
        "number",
        "opened_at",
        "position",
        "replay",
        "wake_at",
        "warned",
    )
    kind: ClassVar[Kind]
    beat_every: ClassVar[float]

    def __init__(self, hub: Keeper, io: IOStream, group: Group) -> None:
        self.hub = hub
        super().__init__(io)
        self.group = group
        self.caller: Caller | None = None
        self.audience: Audience | None = None
        self.replay: Replay | None = None
        self.position = NOWHERE
        self.opened_at = hub.now()
        self.number = 0
        """Its place among all that were opened."""
        self.next_beat = inf
        self.wake_at = inf
        self.warned = False
        self.ended = False

    # -- events ---------------------------------------------------------------------------------
    def offer(self, batch: Batch) -> None:
        """A batch for a stream that can't be sent it straight: it waits for its history, or the socket for room."""
        if self.replay is not None:
            self.replay.hold(batch)
        elif not self.ended and not self.take(batch):
            self.hub.catch_up(self, batch)

    def take(self, batch: Batch) -> bool:
        """Write what of the batch is new here. False: something between it and our position is missing."""
        if batch.before > self.position:
            return False
        if batch.last > self.position:
            data = batch.data if batch.before == self.position else batch.after(self.position)
            self.position = batch.last
            if data:
                self.write(data)
        return True

    # -- everything else ------------------------------------------------------------------------
    @abstractmethod
    def tell(self, message: Mapping[str, Any], cursor: str | None = None) -> None:
        """A message that is not in the sequence. `cursor` is where the stream stands, for transports that keep it."""

    @abstractmethod
    def close(self, code: Code, retry_ms: int | None) -> None:
        """Say why, and end. Asked by the hub, which hands out no more events by then."""

    @abstractmethod
    def beat(self, now: float) -> None:
        """Keep the connection alive, or find it dead; sets `next_beat`."""

    @property
    def user(self) -> str | None:
        return self.caller.user if self.caller else None

    def greet(self, start: Start) -> None:
        """Who the stream is for, and where it stands."""
        if self.caller is None:
            return
        cursor = self.hub.cursor(start.offset)
        message: dict[str, Any] = {
            "type": "authenticated",
            "user_id": self.caller.user,
            "expires_at": iso(self.caller.expires_at),
            "cursor": cursor,
        }
        if start.recovered is not None:
            message["recovered"] = start.recovered
        if start.reason is not None:
            message["reason"] = start.reason
        self.tell(message, cursor)

    def look_after(self, now: float) -> float:
        """Whatever is due; when to come again."""
        if self.ended:
            if now >= self.next_beat:
                self.io.close()
            return self.next_beat
        if self.caller is None:
            if now >= self.opened_at + AUTH_WITHIN:
                self.hub.cut(self, Code.NO_AUTH)
            return self.opened_at + AUTH_WITHIN
        left = self.caller.expires_at - self.hub.wall()
        if left <= 0:
            self.hub.cut(self, Code.TOKEN_EXPIRED)
            return inf
        if left <= WARN_AHEAD and not self.warned:
            self.warned = True
            self.tell({"type": "token_expiring", "seconds": round(left)})
        if now >= self.next_beat:
            self.beat(now)
        return min(self.next_beat, now + (left if self.warned else left - WARN_AHEAD))

    def on_waiting(self) -> None:
        self.hub.slow.add(self)

    def on_drained(self) -> None:
        self.hub.slow.discard(self)
        if self.replay is not None:
            self.replay.read_on()

    def on_overflow(self) -> None:
        self.hub.cut(self, Code.TOO_SLOW)
