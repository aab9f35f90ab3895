"""What a day came to, platform by platform."""

from collections import Counter
from typing import Any, NamedTuple

from actors import schedule
from tests.bench.day.book import DATA, TOKEN, UPKEEP
from tests.bench.day.life import MIDNIGHT, Life, Seen
from tests.bench.day.people import DAY, HOUR

AT_ONCE = 10.0
"""Seconds within which what was pushed is to be there."""
AFTERWARDS = 6.5 * HOUR
"""How long it goes on after the measured day, so that the last of its happenings can be seen."""


class Row(NamedTuple):
    platform: str
    users: int
    data: int
    upkeep: int
    tokens: int
    happened: int
    pushed: int
    unseen: int
    """Happenings that were never stored."""
    late_pushed: float
    """The largest lateness of those that were pushed, in seconds."""
    late_polled: float
    interval: float
    limit: str
    """Of the platform's limits the one that was used most, and how far."""
    hourly: list[int]
    """Calls for data, hour by hour."""

    @property
    def on_time(self) -> bool:
        return not self.unseen and self.late_polled <= self.interval and self.late_pushed <= AT_ONCE


def rows(life: Life, begin: float = DAY, hours: int = 24) -> list[Row]:
    """Of a stretch that began so many seconds after the beginning."""
    end = begin + hours * HOUR
    made = life.book.between(MIDNIGHT + begin, MIDNIGHT + end)
    kinds = Counter((one.platform, one.kind) for one in made)
    hourly = Counter((one.platform, int((one.at - MIDNIGHT - begin) // HOUR)) for one in made if one.kind == DATA)
    seen = life.seen(begin, end)
    return [
        _row(life, slug, [one for one in seen if one.happening.platform == slug], kinds)._replace(
            hourly=[hourly[slug, hour] for hour in range(hours)]
        )
        for slug in life.who
    ]


def _row(life: Life, slug: str, seen: list[Seen], kinds: "Counter[tuple[str, str]]") -> Row:
    return Row(
        platform=slug,
        users=len(life.who[slug]),
        data=kinds[slug, DATA],
        upkeep=kinds[slug, UPKEEP],
        tokens=kinds[slug, TOKEN],
        happened=len(seen),
        pushed=sum(one.pushed for one in seen),
        unseen=sum(one.late is None for one in seen),
        late_pushed=max((one.late for one in seen if one.pushed and one.late is not None), default=0.0),
        late_polled=max((one.late for one in seen if not one.pushed and one.late is not None), default=0.0),
        interval=schedule.parse(life.intervals[slug]).interval,
        limit=_nearest(life, slug),
        hourly=[],
    )


def _nearest(life: Life, slug: str) -> str:
    limit = max(life.book.limits[slug], key=lambda one: one.peak / one.most)
    return f"{limit.peak:g} of {limit.most:g} {limit.label}"


def broken(life: Life, told: list[Row]) -> list[str]:
    """Everything that must not be, in words."""
    found = [f"{count} times: {what}" for what, count in Counter(life.book.broken).items()]
    found += life.fatal
    found += [f"{row.platform}: {row.unseen} happenings were never seen" for row in told if row.unseen]
    for row in told:
        if row.late_polled > row.interval:
            found.append(f"{row.platform}: seen {row.late_polled:.0f} s late, interval {row.interval:.0f} s")
        if row.late_pushed > AT_ONCE:
            found.append(f"{row.platform}: pushed and seen {row.late_pushed:.1f} s late")
    lost = {status: count for status, count in life.statuses().items() if status != "connected"}
    return found + ([f"connections were lost: {lost}"] if lost else [])


def as_json(told: list[Row]) -> list[dict[str, Any]]:
    return [row._asdict() for row in told]
