"""`python -m tests.bench.day [--users 100] [--seed 1] [--json FILE]`

Everybody connects in the first hour of a first day; the second day is the one that is measured. Three such lives:
as the service does it; with nothing pushed, polled at the same intervals; and with nothing pushed, polled every three
minutes where platforms could push. The last is lived for a few hours and reckoned up to a day.
"""

import argparse
import json
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import structlog

from tests.bench.day import pictures, tally
from tests.bench.day.life import Life
from tests.bench.day.people import DAY, HOUR, happenings, people
from tests.bench.day.tally import Row

MOST, GOAL = 5000, 3000
FRESH = dict.fromkeys(("github", "gmail", "slack", "calendar"), "3m")
BEFORE, FRESH_HOURS = 4, 4
"""Of polling every three minutes: hours until all is read for the first time, and those that are measured."""


WHY = (
    "two for each mail that is there within seconds (what is new, and what it says), one for each calendar that rang, "
    "and a look in each interval at what nothing, or not all of it, is pushed of."
)
LOOKED_AT = ("github", "spotify", "youtube", "discord", "linkedin")
"""Where nothing but a look in each interval finds all that happens in time."""


def main() -> int:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--users", type=int, default=100)
    told.add_argument("--seed", type=int, default=1)
    told.add_argument("--json", type=Path)
    given = told.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = _pushed(given.users, given.seed)
    found["polled"] = _polled(given.users, given.seed)
    found["fresh"] = _fresh(given.users, given.seed)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")
    return 1 if found["broken"] or found["calls"] > MOST * given.users / 100 else 0


def _pushed(users: int, seed: int) -> dict[str, Any]:
    rows, trouble, seconds = _lived(users, seed, pushed=True)
    calls = sum(row.data for row in rows)
    print(f"A day of {users} users, by virtual clock in {seconds:.0f} s. Seed {seed}.\n")
    print(pictures.table(rows))
    print("\ncalls: for data. hooks: making and renewing them. late: until stored.\n")
    print(pictures.hours(rows))
    hooks = sum(row.upkeep for row in rows)
    print(f"\n{calls} calls for data, {hooks} for hooks; {MOST} for data are promised for 100 users, {GOAL} the goal.")
    print(f"{_floor(rows)} of them nothing can spare: {WHY}")
    fine = "No event late, no limit exceeded, no token used after its expiry."
    print("\n".join(["Not as it should be:", *trouble]) if trouble else fine)
    told = {"users": users, "seed": seed, "seconds": seconds, "calls": calls, "broken": trouble}
    return told | {"platforms": tally.as_json(rows)}


def _floor(rows: list[Row]) -> int:
    by = {row.platform: row for row in rows}
    looks = sum(round(DAY / by[slug].interval) * by[slug].users for slug in LOOKED_AT)
    return 2 * by["gmail"].happened + by["calendar"].happened + looks


def _polled(users: int, seed: int) -> dict[str, Any]:
    rows, trouble, seconds = _lived(users, seed, pushed=False)
    print(f"\nPolling alone, at the same intervals ({seconds:.0f} s):\n")
    print(pictures.table(rows))
    return {"calls": sum(row.data for row in rows), "broken": trouble, "platforms": tally.as_json(rows)}


def _fresh(users: int, seed: int) -> dict[str, Any]:
    begin = BEFORE * HOUR
    with tempfile.TemporaryDirectory() as folder:
        who = {slug: names for slug, names in people(users).items() if slug in FRESH}
        life = Life(Path(folder), who, pushed=False, every=FRESH)
        try:
            life.connect_everybody()
            life.live(begin + FRESH_HOURS * HOUR)
            rows = tally.rows(life, begin, FRESH_HOURS)
        finally:
            life.close()
    calls = {row.platform: round(row.data * 24 / FRESH_HOURS) for row in rows}
    # Slack's limit leaves a conversation a minute in each workspace, so that it can't be polled that often at all.
    lived = f"{FRESH_HOURS} hours in which nothing happens, reckoned up to a day"
    print(f"\nPolling alone, every 3 minutes where platforms could push; {lived}:\n")
    for slug, count in calls.items():
        print(f"{slug:10}{count:>8}   {48 * 10 * len(who[slug])} polls were due")
    print(f"{'all':10}{sum(calls.values()):>8}")
    return {"calls": sum(calls.values()), "platforms": calls, "measured_hours": FRESH_HOURS}


def _lived(users: int, seed: int, *, pushed: bool) -> tuple[list[Row], list[str], float]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        who = people(users)
        life = Life(Path(folder), who, pushed=pushed)
        try:
            life.connect_everybody()
            life.expect(happenings(who, 0, 2, seed))
            life.live(2 * DAY + tally.AFTERWARDS)
            rows = tally.rows(life)
            trouble = tally.broken(life, rows)
        finally:
            life.close()
    return rows, trouble, time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
