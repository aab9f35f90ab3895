"""The writer beside a bare one: `python -m tests.bench.storage`.

A bare writer is a thread that takes what has queued up and commits it as one transaction: one table, one
key, nothing told, nobody's failure kept apart. 64 callers wait for theirs each time; every commit is forced
to the disk. What is told is how many units a second were done, the median of several rounds in turn.
"""

import queue
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from storage import deliveries, events
from storage.database import Database
from storage.records import ConnectionKey, Delivery, Draft

CALLERS = 64
SECONDS = 2.0
ROUNDS = 5
BODY = b"x" * 2000

Submit = Callable[[int, int], "Future[Any]"]
"""The caller's number and how often it has called."""


def main() -> None:
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, place in (("bare writer", bare), ("deliveries.add", adding), ("events.append", appending)):
            with TemporaryDirectory(prefix="soulwire-bench-") as folder, place(Path(folder)) as submit:
                found.setdefault(name, []).append(per_second(submit))
    floor = statistics.median(found["bare writer"])
    for name, figures in found.items():
        median = statistics.median(figures)
        print(f"{name:16} {median:8,.0f}/s  {median / floor:5.0%} of a bare writer")


def per_second(submit: Submit) -> float:
    stop = threading.Event()
    calls = [0] * CALLERS

    def call(number: int) -> None:
        while not stop.is_set():
            submit(number, calls[number]).result()
            calls[number] += 1

    threads = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    stop.wait(SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(calls) / (time.monotonic() - began)


@contextmanager
def bare(folder: Path) -> Iterator[Submit]:
    line: queue.SimpleQueue[tuple[str, Future[Any]] | None] = queue.SimpleQueue()
    writer = threading.Thread(target=write_barely, args=(folder, line))
    writer.start()

    def submit(caller: int, call: int) -> "Future[Any]":
        future: Future[Any] = Future()
        line.put((f"{caller}-{call}", future))
        return future

    yield submit
    line.put(None)
    writer.join()


def write_barely(folder: Path, line: "queue.SimpleQueue[tuple[str, Future[Any]] | None]") -> None:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA synchronous = full")
    connection.execute("CREATE TABLE deliveries (id INTEGER PRIMARY KEY, name TEXT UNIQUE, body BLOB)")
    while first := line.get():
        group = [first]
        while not line.empty() and (one := line.get()):
            group.append(one)
        connection.execute("BEGIN")
        for name, _ in group:
            connection.execute("INSERT INTO deliveries (name, body) VALUES (?, ?)", (name, BODY))
        connection.execute("COMMIT")
        for _, future in group:
            future.set_result(None)
    connection.close()


@contextmanager
def adding(folder: Path) -> Iterator[Submit]:
    with opened(folder) as database:

        def submit(caller: int, call: int) -> "Future[Any]":
            delivery = Delivery(ConnectionKey(f"user-{caller}", "github"), f"{caller}-{call}", "push", BODY, 1.0)
            return database.write(lambda tx: deliveries.add(tx, delivery))

        yield submit


@contextmanager
def appending(folder: Path) -> Iterator[Submit]:
    draft = Draft("new_data", {"platform": "spotify", "count": 50, "dataType": "recently_played"})
    with opened(folder) as database:
        yield lambda caller, _: database.write(lambda tx: events.append(tx, f"user-{caller}", [draft], 1.0))


@contextmanager
def opened(folder: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{folder}/soulwire.db", publish=lambda _: None)
    yield database
    database.close()


if __name__ == "__main__":
    main()
