"""A hundred thousand connection actors: how long they take to start, what each weighs, how soon one is heard.

The real supervisor, pool, clock and database; the rows say that nothing is due, so that no call is made. Beside it
Pykka's own ThreadingActor.
"""

import argparse
import gc
import logging
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pykka
import structlog

from actors import schedule
from actors.clock import Clock
from actors.directory import Directory
from actors.lanes import Lanes
from actors.messages import POLL_DUE, StartMore
from actors.platforms.base import Client
from actors.platforms.spotify import Spotify
from actors.pool import Pool
from actors.restarts import RestartPolicy
from actors.shared import Shared
from actors.supervisor import Supervisor
from storage import connections
from storage.database import Database
from storage.records import Account, ConnectionKey, Secret, Token
from storage.vault import Vault

MONTH = 30 * 86_400.0
MOST_SECONDS, MOST_KIB, MOST_US = 15.0, 4.0, 1000.0
PEERS = 2000
LOOKS = 500


def key(number: int) -> ConnectionKey:
    return ConnectionKey(f"user-{number:06}", "spotify")


def fill(database: Database, vault: Vault, first: int, last: int) -> None:
    at = time.time()

    def unit(tx: Any) -> None:
        for number in range(first, last):
            connections.create(tx, key(number), at)
            token = Token(Secret("access"), Secret("refresh"), at + MONTH, at + MONTH - 600, "", at + MONTH)
            account = Account(str(number), f"name {number}", {"id": str(number)})
            connections.keep_token(tx, vault, key(number), 0, token, account=account, status="connected")
            connections.update(tx, key(number), next_poll=at + MONTH + number)

    database.write(unit, deadline=60).result()


def start(database: Database, vault: Vault, clock: Clock, pool: Pool) -> Directory:
    directory = Directory()
    shared = Shared(
        executor=pool,
        clock=clock,
        database=database,
        vault=vault,
        lanes=Lanes(clock, NoCalls()),
        directory=directory,
        platforms={"spotify": Spotify(Client("id", Secret("secret")))},
        schedules={"spotify": schedule.parse("30m")},
        public_url="http://127.0.0.1",
    )
    directory.supervisor = Supervisor.start(pool, shared, RestartPolicy(), sys.exit)
    directory.supervisor.tell(StartMore())
    return directory


class NoCalls:
    def send(self, *_: Any) -> Any:
        raise AssertionError("nothing is due")


def heard(directory: Directory, who: ConnectionKey) -> int:
    status = directory.status(who)
    return status.handled if status is not None else 0


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0)


def microseconds(directory: Directory, count: int) -> list[float]:
    """From a tell until the actor has left its status."""
    found = []
    for _ in range(LOOKS):
        who = key(random.randrange(count))
        before, began = heard(directory, who), time.perf_counter()
        directory.tell(who, POLL_DUE)
        until(lambda who=who, before=before: heard(directory, who) > before)  # type: ignore[misc]
        found.append((time.perf_counter() - began) * 1e6)
    return sorted(found)


def resident() -> int:
    """KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


class Threaded(pykka.ThreadingActor):
    use_daemon_thread = True


def peer() -> tuple[float, float]:
    gc.collect()
    before, began = resident(), time.perf_counter()
    refs = [Threaded.start() for _ in range(PEERS)]
    result = time.perf_counter() - began, (resident() - before) / PEERS
    for ref in refs:
        ref.stop(block=False)
    return result


def main() -> int:
    told = argparse.ArgumentParser(prog="python -m tests.bench.actors", description=__doc__)
    told.add_argument("--count", type=int, default=100_000)
    count = told.parse_args().count
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    vault, clock = Vault([b"k" * 32]), Clock()
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/bench.db", vault=vault, durability="normal")
        for first in range(0, count, 2000):
            fill(database, vault, first, min(count, first + 2000))
        threaded_seconds, threaded_kib = peer()
        gc.collect()
        pool = Pool(32)
        clock.start()
        before, began = resident(), time.perf_counter()
        directory = start(database, vault, clock, pool)
        until(lambda: len(directory) == count and heard(directory, key(count - 1)) > 0 and pool.depth == 0)
        seconds, kib = time.perf_counter() - began, (resident() - before) / count
        took = microseconds(directory, count)
        threads = sum(thread.name.startswith("turns") for thread in threading.enumerate())
    half, most = took[LOOKS // 2], took[LOOKS * 99 // 100]
    print(f"{count:,} actors: {seconds:.1f} s to start (at most {MOST_SECONDS:g})")
    print(f"{kib:.2f} KiB each (at most {MOST_KIB:g})")
    print(f"told and heard: p50 {half:.0f} µs (at most {MOST_US:g}), p99 {most:.0f} µs; {threads} threads take turns")
    print(f"beside it {PEERS:,} ThreadingActors: {threaded_seconds:.2f} s, {threaded_kib:.1f} KiB each, a thread each")
    kept = seconds <= MOST_SECONDS and kib <= MOST_KIB and half <= MOST_US
    sys.stdout.flush()
    os._exit(0 if kept else 1)  # to stop so many one by one is not what is measured


if __name__ == "__main__":
    sys.exit(main())
