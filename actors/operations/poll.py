"""Reading what is new: pages are stored as they come, the last one together with the cursor."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from actors.operations.base import Pause, Steps
from actors.operations.calls import with_bearer
from actors.operations.heal import asking_again
from actors.platforms.base import Page, Reading
from storage import connections, data, events
from storage.records import Draft, Item

if TYPE_CHECKING:
    from actors.work import ConnectionWork


ARRIVES = 2.0
"""Seconds that what was asked for again gets to arrive, before the poll sees the same things."""
ALL_IS_WELL: dict[str, Any] = {"error_message": None, "reason": None, "trouble_told": False}


class PollDone(msgspec.Struct, frozen=True):
    count: int
    duration_ms: int


def polling(me: "ConnectionWork", *, asked: bool = False) -> Steps:
    """`asked`: somebody wants to see what there is now."""
    missed = me.missed
    is_first = missed is not None and not missed.begun
    if is_first and (yield from asking_again(me)):
        yield Pause(ARRIVES)
    cursors = me.read(lambda tx: connections.cursors(tx, me.key))
    poll = _Poll(me, cursors)
    if asked:
        cursors = {name: value for name, value in cursors.items() if name not in me.platform.sparing}
    if is_first:
        cursors = {name: value for name, value in cursors.items() if name not in me.platform.rounds}
    conversation = me.platform.poll(me.account, cursors, me.clock.now())
    reading = yield from with_bearer(me, conversation, on_page=poll.page)
    return poll.end(reading)


class _Poll:
    """One poll's bookkeeping. The newest page is held back so that the last shares its commit with the cursor."""

    def __init__(self, me: "ConnectionWork", cursors: Mapping[str, str]) -> None:
        self.me = me
        self.cursors = dict(cursors)
        self.began = me.clock.elapsed()
        self.held: Page | None = None
        self.counts: dict[str, int] = {}
        self.is_first = me.row.last_sync is None
        """What it finds has long been there."""
        self.told_progress = False
        self.latest: dict[str, Item] = {}
        """Of each data type the last that was new."""

    def page(self, page: Page) -> None:
        before, self.held = self.held, page
        if before is not None:
            self._add(self.me.write(lambda tx: self._store(tx, before)))

    def end(self, reading: Reading) -> PollDone:
        me, now = self.me, self.me.clock.now()
        duration = round((me.clock.elapsed() - self.began) * 1000)
        next_poll = me.next_poll_after(now, reading)
        new, done = me.change(lambda tx: self._finish(tx, reading, now, next_poll, duration))
        self._add(new)
        me.caught_up(reading, done.count)
        if not self.is_first and not me.platform.hooks_follow.isdisjoint(kind for kind, n in self.counts.items() if n):
            me.again("hook", 0)
        me.polled()
        me.note(f"polled: {done.count} new")
        return done

    def _finish(
        self, tx: Any, reading: Reading, now: float, next_poll: float, duration: int
    ) -> tuple[dict[str, int], PollDone]:
        me = self.me
        new = self._store(tx, self.held) if self.held is not None else {}
        counts = {kind: self.counts.get(kind, 0) + new.get(kind, 0) for kind in {**self.counts, **new}}
        connections.keep_cursors(tx, me.key, reading.cursors)
        self.cursors |= reading.cursors
        synced = {} if reading.aside else {"last_sync": now}
        connections.update(tx, me.key, **synced, next_poll=next_poll, **ALL_IS_WELL)
        done = PollDone(sum(counts.values()), duration)
        rest_soon = reading.rest_in is not None and next_poll <= now + max(reading.rest_in, reading.not_before)
        ended = [] if reading.aside else [self._ended(done, rest_soon)]
        events.append(tx, me.key.user, [*self._found(counts), *me.recovery(), *ended], now)
        return new, done

    def _store(self, tx: Any, page: Page) -> dict[str, int]:
        me, now = self.me, self.me.clock.now()
        self.is_first |= page.total is not None
        if not self.is_first:
            known = data.known(tx, me.key, page.items)
            self.latest |= {one.data_type: one for one in page.items if (one.data_type, one.external_id) not in known}
        new = data.add(tx, me.key, page.items, now)
        connections.keep_cursors(tx, me.key, page.cursors)
        self.cursors |= page.cursors
        if page.total and (page.done < page.total or self.told_progress):
            events.append(tx, me.key.user, [self._progress(page, page.total)], now)
            self.told_progress = True
        return new

    def _progress(self, page: Page, total: int) -> Draft:
        """For a read of more than one page; what is over at once needs no bar."""
        fields: dict[str, Any] = {"platform": self.me.key.platform, "done": page.done, "total": total}
        fields["dataType"] = page.items[0].data_type if page.items else None
        fields["progress"] = min(100, round(100 * page.done / total))
        what = fields["dataType"] or self.me.platform.title
        fields["message"] = f"Reading {what.replace('_', ' ')}: {page.done} of {total} {page.counted}".rstrip()
        return Draft("extraction_progress", fields)

    def _found(self, counts: dict[str, int]) -> list[Draft]:
        return [
            Draft(
                "new_data",
                {"platform": self.me.key.platform, "dataType": kind, "count": count, **self._line(kind, count)},
            )
            for kind, count in sorted(counts.items())
            if count
        ]

    def _line(self, kind: str, count: int) -> dict[str, str | None]:
        """One thing alone is told as what it is; of several, how many there are."""
        platform, latest = self.me.platform, self.latest.get(kind)
        if self.is_first:
            return {"message": platform.found_first(kind, count)}
        alone = platform.line_for(latest, self.me.account, self.cursors) if latest and count == 1 else {}
        return {"message": platform.found(kind, count), **alone}

    def _ended(self, done: PollDone, rest_soon: bool) -> Draft:
        title = self.me.platform.title
        message = f"{title}: a part is read, the rest follows" if rest_soon else f"{title} is up to date"
        fields: dict[str, Any] = {"platform": self.me.key.platform, "count": done.count}
        fields |= {"more": True} if rest_soon else {}
        return Draft("platform_sync", fields | {"duration_ms": done.duration_ms, "message": message})

    def _add(self, new: dict[str, int]) -> None:
        for kind, count in new.items():
            self.counts[kind] = self.counts.get(kind, 0) + count
