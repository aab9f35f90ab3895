"""Who is on which platform, and what happens to them in a day: requirement P7's mix, at seeded random times."""

import random
from collections.abc import Iterator
from typing import NamedTuple

HOUR = 3600.0
DAY = 24 * HOUR
SHARES = {
    "github": 1.0,
    "gmail": 1.0,
    "slack": 1.0,
    "spotify": 0.3,
    "youtube": 0.2,
    "calendar": 0.2,
    "discord": 0.2,
    "linkedin": 0.1,
}
TRACK = 210.0
PLAYS = 20
"""In each of two sittings."""


class Happening(NamedTuple):
    at: float
    """Seconds from the beginning."""
    user: str
    platform: str
    marker: str


def people(users: int) -> dict[str, list[str]]:
    """Who is on each platform."""
    names = [f"user-{number:03}" for number in range(users)]
    return {platform: names[: max(1, round(users * share))] for platform, share in SHARES.items()}


def happenings(who: dict[str, list[str]], begin: float, days: int, seed: int) -> list[Happening]:
    """In order of time."""
    chance = random.Random(seed)
    found: list[tuple[float, str, str]] = []
    for day in range(days):
        for platform, users in who.items():
            for user in users:
                found += [(begin + day * DAY + at, user, platform) for at in _times(platform, chance)]
    found.sort()
    return [Happening(at, user, platform, f"[h{number}]") for number, (at, user, platform) in enumerate(found)]


def _times(platform: str, chance: random.Random) -> Iterator[float]:
    match platform:
        case "gmail":
            yield from _spread(chance, 10, 0, 24)
        case "github":
            yield from _spread(chance, 5, 8, 20)
        case "slack":
            yield from _spread(chance, 20, 8, 20)
        case "spotify":
            for earliest in (7, 16):
                begin = chance.uniform(earliest, earliest + 5) * HOUR
                yield from (begin + TRACK * (number + 1) for number in range(PLAYS))
        case "youtube":
            yield from _spread(chance, 2, 7, 23)
        case "calendar":
            yield from _spread(chance, 3, 8, 20)
        case "discord":
            yield from _spread(chance, int(chance.random() < 0.1), 8, 23)


def _spread(chance: random.Random, count: int, first: float, last: float) -> list[float]:
    return [chance.uniform(first, last) * HOUR for _ in range(count)]
