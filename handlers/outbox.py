"""The way to one socket: whole pieces, in order, and nobody waits.

Bytes go straight to the socket while it takes them; Tornado's stream, which costs several times as much, gets only
what is left over, one piece at a time, and the rest waits here as references to bytes that all streams of a user
share. All bytes go this way, those that Tornado writes by itself too, so nothing overtakes: while anything waits,
whatever comes waits behind it.
"""

from asyncio import Future

from tornado.iostream import IOStream, StreamClosedError

BUDGET = 1 << 20
"""Bytes that may wait for one stream. Over it, the stream is too slow."""
PIECE = 1 << 16
"""About how much of it Tornado's stream gets at a time."""


class Outbox:
    __slots__ = ("_handed", "io", "queued", "send", "unsent")

    def __init__(self, io: IOStream) -> None:
        self.io = io
        self.send = io.socket.send
        self.queued: list[bytes] | None = None
        """What waits behind the bytes that Tornado's stream holds; None while it holds none."""
        self.unsent = 0
        self._handed = 0
        if io.writing():  # the handshake is still on its way
            self._begin_queue(b"")

    def write(self, data: bytes) -> None:
        if self.queued is None:
            self.write_straight(data)
            return
        self.queued.append(data)
        self.unsent += len(data)
        if self.unsent > BUDGET:
            self.on_overflow()

    def write_straight(self, data: bytes) -> None:
        """`write`, for callers who know that nothing waits."""
        try:
            sent = self.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self.io.close(exc_info=error)
            return
        if sent < len(data):
            self.keep_rest(data, sent)

    def keep_rest(self, data: bytes, sent: int) -> None:
        """The socket took only so much of it."""
        self._begin_queue(memoryview(data)[sent:])

    def _begin_queue(self, data: bytes | memoryview) -> None:
        self.queued = []
        self.unsent = len(data)
        self.on_waiting()
        self._hand_over(data)

    def _hand_over(self, data: bytes | memoryview) -> None:
        self._handed = len(data)
        try:
            future = self.io.write(data)
        except StreamClosedError:
            return  # whoever listens for the close is told by Tornado
        future.add_done_callback(self._on_taken)

    def _on_taken(self, future: "Future[None]") -> None:
        if future.cancelled() or future.exception() is not None:
            return
        self.unsent -= self._handed
        self.on_progress()
        if self.queued:
            self._hand_over(self._next_piece(self.queued))
        else:
            self.queued = None
            self.on_drained()

    @staticmethod
    def _next_piece(queued: list[bytes]) -> bytes:
        taken = size = 0
        while taken < len(queued) and size < PIECE:
            size += len(queued[taken])
            taken += 1
        piece = queued[0] if taken == 1 else b"".join(queued[:taken])
        del queued[:taken]
        return piece

    def forget_queue(self) -> None:
        """Drop what waits, but for the piece that is already begun: it ends where a message ends."""
        if self.queued:
            self.queued.clear()
            self.unsent = self._handed

    def on_waiting(self) -> None:
        """The other side takes less than it is given."""

    def on_progress(self) -> None:
        """The other side took a piece."""

    def on_drained(self) -> None:
        """The other side took everything."""

    def on_overflow(self) -> None:
        """More waits than the budget allows."""
        self.io.close()
