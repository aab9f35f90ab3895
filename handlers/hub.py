"""The open streams, and who may hear what. Belongs to the loop; only `publish` may be called from anywhere."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from random import Random

import structlog

from actors.clock import Clock
from handlers.audience import MOST_QUEUED, STRIDE, Audience
from handlers.auth import Caller
from handlers.codes import Code, retry_after_ms
from handlers.history import History, Page, Start
from handlers.replay import Replay
from handlers.roll import Roll, Standing
from handlers.slices import Slices
from handlers.stream import NOWHERE, Batch, Stream
from handlers.wheel import GRAIN, Wheel
from storage.cursors import format_cursor
from storage.records import Event

log = structlog.get_logger()

PER_USER = 10_000
IN_ALL = 50_000
"""Streams; the process may have room for less."""
STRANGERS = 2_000
"""Streams that have yet to say whose they are. Past it, those that have been silent longest go first."""
MOST_WAITING = 512 << 20
"""Bytes that may wait for all slow streams together. Past it, those with most go first."""
UNREMARKABLE = frozenset({Code.GOING_AWAY, Code.TOKEN_EXPIRED, Code.NO_AUTH})
CLOSE_WITHIN = 5.0
"""Seconds that a client has to take what it is told at the end, and to close."""
LAST_CALL = 1.0
"""The same when the service stops."""


class Hub:
    def __init__(
        self,
        clock: Clock,
        history: History,
        *,
        per_user: int = PER_USER,
        in_all: int = IN_ALL,
        most_waiting: int = MOST_WAITING,
        random: Random | None = None,
        slices: Slices | None = None,
    ) -> None:
        self._clock = clock
        self._history = history
        self._per_user = per_user
        self._in_all = in_all
        self._most_waiting = most_waiting
        self._random = random or Random()
        self._slices = slices or Slices()
        self._wheel: Wheel[Stream] = Wheel(clock.elapsed())
        self._roll = Roll()
        self._audiences: dict[str, Audience] = {}
        self._strangers: dict[Stream, None] = {}
        self.slow: set[Stream] = set()
        """Streams that bytes wait for."""
        self._arrived: deque[Sequence[Event]] = deque()
        self._woken = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.draining = False

    # -- events ---------------------------------------------------------------------------------
    def publish(self, events: Sequence[Event]) -> None:
        """Events that have been committed, in commit order. The one crossing from threads to the loop: whoever finds
        the loop not yet woken wakes it, the others only leave what they have.

        A user without streams needs no telling: a stream that comes reads the log after it was attached.
        """
        wanted = [event for event in events if event.user in self._audiences]
        if not wanted or self._loop is None:
            return
        self._arrived.append(wanted)
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._dispatch)
            except RuntimeError:
                self._woken = False  # the loop is closed: all streams are gone

    def _dispatch(self) -> None:
        self._woken = False  # before looking: whatever is left after this wakes the loop again
        while self._arrived:
            for event in self._arrived.popleft():
                audience = self._audiences.get(event.user)
                if audience is not None:
                    audience.accept(event)
                    self._see_to(audience)
        self._slices.run()

    def _see_to(self, audience: Audience) -> None:
        if audience.queue and not audience.walking:
            audience.walking = True
            self._slices.add(self._walk(audience))
        if audience.behind and not audience.filling and len(audience.queue) < MOST_QUEUED // 2:
            audience.filling = True
            reading = self._history.after(audience.user, audience.last or 0)
            reading.add_done_callback(partial(self._fill, audience))

    def _walk(self, audience: Audience) -> Iterator[None]:
        try:
            yield from audience.walk()
        finally:
            audience.walking = False
            self._see_to(audience)

    def _fill(self, audience: Audience, reading: "asyncio.Future[Page]") -> None:
        """What the log has between the last event that was queued and one that came too early."""
        audience.filling = False
        if reading.cancelled():
            return  # the service stops
        known = audience.last
        error = reading.exception()
        if error is None:
            for event in reading.result().events:
                audience.accept(event)
        if audience.behind and audience.last == known:
            log.warning("gap_unfilled", user=audience.user, last=known, seen=audience.seen, error=repr(error))
            for stream in audience.streams():
                self.cut(stream, Code.NOT_NOW)
            return
        self._see_to(audience)
        self._slices.run()

    # -- streams --------------------------------------------------------------------------------
    def start(self) -> None:
        """On the loop, before the first stream."""
        self._loop = asyncio.get_running_loop()
        self._tick_again()

    @property
    def size(self) -> int:
        """Open streams of every kind."""
        return len(self._roll)

    def open(self, stream: Stream) -> None:
        is_full = len(self._roll) >= self._in_all
        self._roll.add(stream)
        self._wheel.put(stream, stream.look_after(self.now()))
        if is_full:
            self.cut(stream, Code.TOO_MANY)
            return
        self._strangers[stream] = None
        if len(self._strangers) > STRANGERS:
            self.cut(next(iter(self._strangers)), Code.TOO_MANY)

    def closed(self, stream: Stream) -> None:
        """Its socket is gone."""
        stream.ended = True
        self._leave(stream)
        self._roll.remove(stream)
        self.slow.discard(stream)

    def has_room(self, user: str) -> bool:
        audience = self._audiences.get(user)
        return audience is None or audience.size < self._per_user

    def subscribe(self, stream: Stream, caller: Caller, asked: str | None) -> None:
        """The caller's events, after the cursor that is asked for, else from now on."""
        self._leave(stream)
        if self.draining:
            self.cut(stream, Code.GOING_AWAY)
        elif not self.has_room(caller.user):
            self.cut(stream, Code.TOO_MANY_STREAMS)
        elif not stream.ended:
            audience = self._join(stream, caller)
            position = audience.position
            if position is not None and asked in (None, self.cursor(position)):
                self.welcome(stream, Start(position, None if asked is None else True), position)
            else:
                stream.replay = Replay(stream, self._history, caller.user)
                stream.replay.begin(asked)

    def renew(self, stream: Stream, caller: Caller) -> None:
        """A new token of the same user."""
        stream.caller = caller
        stream.warned = False
        self._wheel.put(stream, self.now())

    def welcome(self, stream: Stream, start: Start, head: int) -> None:
        """The stream's place is found."""
        if stream.audience is not None:
            stream.audience.begin(head)
        if start.recovered is not None:
            self._roll.recovered[start.reason or "recovered"] += 1
        stream.position = start.offset
        stream.greet(start)

    def catch_up(self, stream: Stream, batch: Batch) -> None:
        """Something is missing between a stream and this batch: the log has it."""
        stream.replay = Replay(stream, self._history, stream.user or "")
        stream.replay.hold(batch)
        stream.replay.read_on()

    def end_refused(self, user: str, is_refused: Callable[[Caller], bool]) -> int:
        """End those of the user's streams whose token is no longer taken; how many."""
        audience = self._audiences.get(user)
        refused = [one for one in audience.streams() if one.caller and is_refused(one.caller)] if audience else []
        self._slices.add(self._end_all(refused, Code.REVOKED))
        self._slices.run()
        return len(refused)

    def _end_all(self, streams: list[Stream], code: Code) -> Iterator[None]:
        for stream in streams:
            self.cut(stream, code)
            yield

    def cut(self, stream: Stream, code: Code, sent_away: int = 1) -> None:
        if stream.ended:
            return
        stream.ended = True
        self._leave(stream)
        self._roll.cut[code] += 1
        say = log.debug if code in UNREMARKABLE or stream.user is None else log.info  # strangers fill no log
        say("stream_cut", user=stream.user, kind=stream.kind, code=int(code), unsent=stream.unsent)
        stream.next_beat = self.now() + CLOSE_WITHIN
        self._wheel.put(stream, stream.next_beat)
        stream.forget_queue()
        stream.close(code, retry_after_ms(code, self._random, sent_away) if code.come_back else None)

    def _join(self, stream: Stream, caller: Caller) -> Audience:
        self._strangers.pop(stream, None)
        audience = self._audiences.get(caller.user)
        if audience is None:
            audience = self._audiences[caller.user] = Audience(caller.user, self._roll.tally)
        audience.attach(stream)
        stream.audience = audience
        self._roll.joined(stream, caller.user)
        stream.next_beat = self.now() + stream.beat_every * self._random.uniform(0.5, 1)
        self.renew(stream, caller)
        return audience

    def _leave(self, stream: Stream) -> None:
        self._strangers.pop(stream, None)
        audience = stream.audience
        if audience is None:
            return
        stream.audience = stream.replay = None
        stream.position = NOWHERE
        self._roll.left(stream, audience.user)
        audience.detach(stream)
        if not audience.size:
            del self._audiences[audience.user]

    # -- time -----------------------------------------------------------------------------------
    def now(self) -> float:
        return self._clock.elapsed()

    def wall(self) -> float:
        return self._clock.now()

    def cursor(self, position: int) -> str:
        return format_cursor(self._history.epoch, position)

    def tick(self) -> None:
        """Look after the streams whose time has come."""
        self._relieve()
        due = self._wheel.turn(self.now())
        if due:
            self._slices.add(self._look_after(due))
            self._slices.run()

    def _relieve(self) -> None:
        excess = sum(stream.unsent for stream in self.slow) - self._most_waiting
        if excess > 0:
            for stream in sorted(self.slow, key=attrgetter("unsent"), reverse=True):
                excess -= stream.unsent
                self.cut(stream, Code.TOO_SLOW)
                if excess <= 0:
                    return

    def _tick_again(self) -> None:
        try:
            self.tick()
        except Exception:  # without another tick nobody would be pinged, warned or timed out any more
            log.exception("tick_failed")
        asyncio.get_running_loop().call_later(GRAIN, self._tick_again)

    def _look_after(self, due: list[Stream]) -> Iterator[None]:
        now = self.now()
        for count, stream in enumerate(due, 1):
            try:
                if not stream.io.closed():
                    self._wheel.put(stream, stream.look_after(now))
            except Exception:
                log.exception("stream_failed", user=stream.user)
                stream.io.close()
            if count % STRIDE == 0:
                yield

    # -- the end --------------------------------------------------------------------------------
    async def drain(self, seconds: float) -> None:
        """End all streams, spread over this long, each told when to come back. New ones are sent away."""
        self.draining = True
        streams = self.streams()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, stream in enumerate(streams):
            ahead = began + seconds * number / len(streams) - loop.time()
            if ahead > 0.01 or number % STRIDE == 0:
                await asyncio.sleep(max(0.0, ahead))
            self.cut(stream, Code.GOING_AWAY, len(streams))
        try:
            await asyncio.wait_for(self._roll.empty.wait(), LAST_CALL)
        except TimeoutError:
            for stream in self.streams():
                stream.io.close()

    def users(self) -> list[str]:
        """Those who have a stream open."""
        return list(self._audiences)

    def streams(self) -> list[Stream]:
        return self._roll.all()

    def opened_after(self, number: int, limit: int) -> list[Stream]:
        return self._roll.after(number, limit)

    def streams_of(self, user: str) -> list[Stream]:
        audience = self._audiences.get(user)
        return audience.streams() if audience is not None else []

    def standing(self) -> Standing:
        return self._roll.standing()
