"""Everyone who listens to one user, and what is on its way to them."""

from collections import deque
from collections.abc import Iterator, Sequence

import structlog

from handlers.frames import Frame
from handlers.roll import Tally
from handlers.stream import Batch, Group, Stream
from storage.records import Event

log = structlog.get_logger()

MOST_QUEUED = 4096
"""Events that wait for a walk. Past it they are left in the log, and read from it when the walks have caught up."""
BATCH_BYTES = 64 * 1024
"""About how much is joined into one send."""
STRIDE = 64
"""Streams between two looks at the clock."""


class Audience:
    __slots__ = ("filling", "groups", "head", "last", "queue", "seen", "size", "tally", "user", "walking")

    def __init__(self, user: str, tally: Tally) -> None:
        self.user = user
        self.tally = tally
        self.groups: dict[Group, dict[Stream, None]] = {}
        self.size = 0
        self.queue: deque[Frame] = deque()
        self.head: int | None = None
        """The head of the log when it was first read for one of the streams."""
        self.last: int | None = None
        """The last offset that was queued; None until the first event comes."""
        self.seen = 0
        """The last offset that came. Beyond `last`: the log has something that we haven't."""
        self.walking = False
        self.filling = False

    def attach(self, stream: Stream) -> None:
        self.groups.setdefault(stream.group, {})[stream] = None
        self.size += 1

    def detach(self, stream: Stream) -> None:
        members = self.groups[stream.group]
        del members[stream]
        if not members:
            del self.groups[stream.group]
        self.size -= 1

    def streams(self) -> list[Stream]:
        return [stream for members in self.groups.values() for stream in members]

    # -- in -------------------------------------------------------------------------------------
    def begin(self, head: int) -> None:
        """The log was read up to `head`. What it holds may still be on its way here, and streams that read it a
        moment earlier need that: so it says where a newcomer may begin, and is no reason to call an event a repeat."""
        if self.head is None:
            self.head = head

    @property
    def position(self) -> int | None:
        """Where a newcomer may begin without reading anything; None when nothing is known yet."""
        return self.head if self.last is None else self.last

    def accept(self, event: Event) -> None:
        """Queue what comes next; forget repeats; remember that there is more when something is missing before it."""
        if self.last is None:
            self.last = event.offset - 1 if self.head is None else min(self.head, event.offset - 1)
        if event.offset > self.seen:
            self.seen = event.offset
        if event.offset == self.last + 1 and len(self.queue) < MOST_QUEUED:
            self.queue.append(Frame(event))
            self.tally.queued += 1
            self.last = event.offset

    @property
    def behind(self) -> bool:
        return self.last is not None and self.seen > self.last

    # -- out ------------------------------------------------------------------------------------
    def walk(self) -> Iterator[None]:
        """One batch to every stream, pausing every few of them."""
        frames = self._next_batch()
        try:
            yield from self._give_all(frames)
        finally:
            self.tally.walked += len(frames)

    def _give_all(self, frames: list[Frame]) -> Iterator[None]:
        before, last = frames[0].event.offset - 1, frames[-1].event.offset
        for group, members in list(self.groups.items()):
            types = group.types
            chosen = frames if types is None else [frame for frame in frames if frame.event.type in types]
            batch = Batch(chosen, before, last, group.encoding)
            streams = list(members)
            if chosen:
                self.tally.sent += len(chosen) * len(streams)
                self.tally.sends += len(streams)
            for start in range(0, len(streams), STRIDE):
                give(streams[start : start + STRIDE], batch)
                yield

    def _next_batch(self) -> list[Frame]:
        """All that is queued, or as much as one send should carry."""
        queue, frames, size = self.queue, [], 0
        while queue and size < BATCH_BYTES:
            frame = queue.popleft()
            size += len(frame.event.body)
            frames.append(frame)
        return frames


def give(streams: Sequence[Stream], batch: Batch) -> None:
    """The batch to each of these. The straight way costs little more than the system call, so it is written out here;
    anything unusual about a stream is the stream's own affair, and its failure nobody else's."""
    before, last, data = batch.before, batch.last, batch.data
    size = len(data)
    for stream in streams:
        try:
            if stream.position != before or stream.queued is not None or not data:
                stream.offer(batch)
                continue
            stream.position = last
            sent = stream.send(data)
            if sent != size:
                stream.keep_rest(data, sent)
        except BlockingIOError:
            stream.keep_rest(data, 0)
        except OSError as error:
            stream.io.close(exc_info=error)
        except Exception:
            log.exception("stream_failed", user=stream.user)
            stream.io.close()
