"""One run: open, wait, publish, cut some on the way, wait for what is due, count."""

import asyncio
import os
import random
import resource
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from deploy.errors import NotDone
from deploy.load.figures import Percentiles, Tally
from deploy.load.publisher import Publisher
from deploy.load.stream import LoadStream
from deploy.probing.address import Address
from deploy.probing.streams import Kind
from deploy.probing.tokens import Person

AT_ONCE = 64
"""Streams that are being opened."""
SETTLE = 1.0
QUIET = 10.0
"""Seconds without anything new after which what is due won't come."""
SPARE_FILES = 200
TICK = 0.02


class Plan(NamedTuple):
    address: Address
    kind: Kind
    streams: int
    per_second: float
    seconds: float
    size: int
    drop: float
    """The share of the streams that is cut halfway."""
    pid: int | None


class Result(NamedTuple):
    tally: Tally
    open_seconds: float
    published: int
    due: int
    """Deliveries, by what was accepted."""
    refused: dict[str, int]
    cut: int
    seconds: float
    kib_per_stream: float | None
    own_share: float
    """Of one core, while events came."""
    own_late: Percentiles


async def load(plan: Plan, users: Sequence[Person], services: Sequence[Person]) -> Result:
    allow_files(plan.streams)
    tally = Tally(secrets.token_hex(6))
    owners = [users[number % len(users)] for number in range(plan.streams)]
    streams = [LoadStream(plan.address, plan.kind, one, tally) for one in owners]
    before = _kib(plan.pid)
    began = time.monotonic()
    try:
        await _open(streams)
        open_seconds = time.monotonic() - began
        await asyncio.sleep(SETTLE)
        after = _kib(plan.pid)
        publisher = Publisher(plan.address, services, users, tally.run)
        clock, used = Lateness(), time.process_time()
        began = time.monotonic()
        _, cut = await asyncio.gather(
            publisher.publish(plan.per_second, plan.seconds, plan.size), _cut_some(plan, streams)
        )
        due = sum(publisher.accepted[one.id] for one in owners)
        last = await _until_come(tally, due)
        clock.end()
    finally:
        for stream in streams:
            stream.close()
    return Result(
        tally,
        open_seconds,
        publisher.accepted.total(),
        due,
        dict(publisher.refused),
        cut,
        last - began,
        None if before is None or after is None else (after - before) / plan.streams,
        (time.process_time() - used) / (time.monotonic() - began),
        clock.late,
    )


def allow_files(streams: int) -> None:
    """As many as the system gives this process. Raises `NotDone` when that is not enough."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most != resource.RLIM_INFINITY and most < streams + SPARE_FILES:
        raise NotDone(f"{streams} streams need more open files than this process may have ({most}): ulimit -n")


async def _open(streams: Sequence[LoadStream]) -> None:
    waiting = list(streams)

    async def one() -> None:
        while waiting:
            await waiting.pop().open()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(one())
    except* (OSError, TimeoutError) as errors:
        opened = sum(stream.is_open for stream in streams)
        why = str(errors.exceptions[0]) or "no answer"
        raise NotDone(f"only {opened} of {len(streams)} streams could be opened: {why}") from None


async def _cut_some(plan: Plan, streams: Sequence[LoadStream]) -> int:
    """All at the same moment, halfway."""
    await asyncio.sleep(plan.seconds / 2)
    chosen = random.sample(list(streams), round(plan.drop * len(streams)))
    for stream in chosen:
        stream.cut()
    return len(chosen)


async def _until_come(tally: Tally, due: int) -> float:
    """When the last came that is due; or when it is plain that the rest won't."""
    loop = asyncio.get_running_loop()
    come = asyncio.Event()
    last = time.monotonic()

    def heard() -> None:
        nonlocal last
        last = time.monotonic()
        if tally.received >= due:
            loop.call_soon(come.set)

    tally.heard = heard
    while tally.received < due and time.monotonic() - last < QUIET:
        come.clear()
        try:
            await asyncio.wait_for(come.wait(), 1.0)
        except TimeoutError:
            continue
    await asyncio.sleep(0.2)  # for what comes twice
    return last


class Lateness:
    """How late this process is itself, which everything it measures is too."""

    def __init__(self) -> None:
        self.late = Percentiles()
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            due = time.monotonic() + TICK
            await asyncio.sleep(TICK)
            self.late.add(max(0.0, time.monotonic() - due))

    def end(self) -> None:
        self._task.cancel()


def _kib(pid: int | None) -> int | None:
    """What the process holds in memory."""
    if pid is None:
        return None
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        raise NotDone(f"the memory of process {pid} can't be seen from here") from None
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
