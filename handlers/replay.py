"""How a stream gets from its cursor to the present: history first, then what came meanwhile, then live.

The stream is attached before the log is read, and an event is in the log before it is dispatched. So whatever the
reading doesn't find is dispatched later, and is held here until the reading is over. A page is read only when the
one before it has left, so a slow reader costs a page, not its whole history.
"""

from asyncio import Future

import structlog

from handlers.codes import Code
from handlers.frames import Frame, joined
from handlers.history import History, Page
from handlers.stream import NOWHERE, Batch, Stream
from storage.records import Event

log = structlog.get_logger()

MOST_HELD = 256 * 1024
"""Bytes of live events that are held for one stream; past it they are forgotten and read from the log instead."""


class Replay:
    __slots__ = ("_held", "_held_bytes", "_history", "_reading", "_spilled", "_stream", "_user")

    def __init__(self, stream: Stream, history: History, user: str) -> None:
        self._stream = stream
        self._history = history
        self._user = user
        self._held: list[Batch] = []
        self._held_bytes = 0
        self._spilled = False
        self._reading = False

    def hold(self, batch: Batch) -> None:
        """A live batch that has to wait its turn."""
        self._held_bytes += len(batch.data)
        if self._held_bytes > MOST_HELD:
            self._spilled = True
            self._held.clear()
        if not self._spilled:
            self._held.append(batch)

    def begin(self, asked: str | None) -> None:
        self._reading = True
        self._history.begin(self._user, asked).add_done_callback(self._on_page)

    def read_on(self) -> None:
        """The next page, unless the one before is still being read or sent."""
        if self._reading or self._stream.queued is not None:
            return
        self._reading = True
        if self._spilled:  # all that was forgotten is in the log by now
            self._spilled, self._held_bytes = False, 0
        self._history.after(self._user, self._stream.position).add_done_callback(self._on_page)

    def _on_page(self, future: "Future[Page]") -> None:
        self._reading = False
        stream = self._stream
        if future.cancelled() or stream.ended or stream.replay is not self:
            return
        error = future.exception()
        if error is not None:
            log.warning("history_unreadable", user=self._user, error=repr(error))
            stream.hub.cut(stream, Code.NOT_NOW)
            return
        page = future.result()
        if stream.position == NOWHERE:
            stream.position = page.start.offset
            stream.hub.welcome(stream, page.start, page.head)
        if stream.position < page.head and not self._give(page.events):
            log.warning("history_pruned_under_reader", user=self._user, position=stream.position)
            stream.hub.cut(stream, Code.NOT_NOW)
        elif not stream.ended:
            self._go_on(page.head)

    def _give(self, events: list[Event]) -> bool:
        """False when the log no longer has what comes next."""
        stream = self._stream
        if not events or events[0].offset != stream.position + 1:
            return False
        types = stream.group.types
        frames = [Frame(event) for event in events if types is None or event.type in types]
        stream.position = events[-1].offset
        if frames:
            stream.write(joined(frames, stream.group.encoding))
        return True

    def _go_on(self, head: int) -> None:
        stream = self._stream
        if stream.position < head or self._spilled:
            self.read_on()
            return
        held, self._held = self._held, []
        for batch in held:
            if not stream.take(batch):
                self._held_bytes = 0
                self.read_on()  # the rest of what was held is in the log, like all that is dispatched
                return
        stream.replay = None
