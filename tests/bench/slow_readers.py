"""Ten thousand streams on one process, a hundred of which read nothing: what the others notice, and what it costs.

    python -m tests.bench.slow_readers [--quick]

The service as it is run; 5,000 WebSockets and 5,000 event streams, read by `reader.c`. Events come to the readers at a
steady pace, once while all streams are read, and once while a hundred are not and are sent so much that they are cut.
Afterwards those come back with their cursors and are told all that they missed.
"""

import argparse
import json
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from websockets.sync.client import connect

from tests.bench.contest import REQUESTS, Told, make_reader
from tests.bench.service import Service, wait_for

EACH = 5_000
SILENT = 100
EVENTS_PER_SECOND = 2.0
SECONDS = 6.0
LARGE = 30_000
ENOUGH = 200
"""Large events: more than a stream's budget and the kernel's buffers hold."""
MOST_TIMES = 2.0
NOISE_MS = 10.0
MOST_MIB = 64.0
"""What may stay of what the silent ones cost."""


class Sender:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {service.token('app', 'service')}"

    def send(self, user: str, **fields: object) -> None:
        event = {"type": "note", **fields, "t": time.monotonic_ns()}
        url = f"http://127.0.0.1:{self._service.port}/api/users/{user}/send"
        self._session.post(url, json={"event": event}, timeout=30).raise_for_status()


@contextmanager
def readers(service: Service, each: int, program: list[str], folder: Path) -> Iterator[list[Told]]:
    running: list[Told] = []
    try:
        for kind, request in REQUESTS.items():
            file = folder / kind
            file.write_text(request.format(token=service.token("reader")))
            running.append(Told([*program, str(service.port), str(each), str(file)]))
            ready = running[-1].hear()["ready"]
            if ready != each:
                raise RuntimeError(f"only {ready} of {each} streams could be opened")
        yield running
    finally:
        for reader in running:
            reader.end()


def paced(service: Service, reading: list[Told], each: int) -> float:
    """The worse p99 of the two kinds, in milliseconds."""
    events = int(EVENTS_PER_SECOND * SECONDS)
    for reader in reading:
        reader.say(f"expect {events * each}")
        reader.hear()
    sender, began = Sender(service), time.monotonic()
    for number in range(events):
        time.sleep(max(0.0, began + number / EVENTS_PER_SECOND - time.monotonic()))
        sender.send("reader")
    found = [reader.hear() for reader in reading]
    for one in found:
        if one["arrived"] != events * each or one["disorder"] or one["closed"]:
            raise RuntimeError(f"{events} events to {each} streams, but {one}")
    return max(float(one["p99"]) for one in found)


def open_silent(service: Service, count: int) -> list[socket.socket]:
    """They ask, and read no more."""
    opened = []
    for number in range(count):
        request = list(REQUESTS.values())[number % 2].format(token=service.token("silent"))
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", service.port))
        one.sendall(request.encode())
        opened.append(one)
    return opened


def streams(service: Service) -> int:
    answer = requests.get(f"http://127.0.0.1:{service.port}/health", timeout=30).json()["services"]
    return int(answer["websocket"]["connections"] + answer["sse"]["connections"])


def cut(service: Service) -> int:
    """Streams that were too slow."""
    headers = {"Authorization": f"Bearer {service.token('root', 'admin')}"}
    stats = requests.get(f"http://127.0.0.1:{service.port}/api/sse/stats", headers=headers, timeout=30).json()
    return int(stats["cut"].get("4008", 0))


def mib(service: Service) -> float:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def resumed(service: Service, cursor: str, events: int) -> bool:
    """One that comes back is told everything, once and in order."""
    headers = {"Authorization": f"Bearer {service.token('silent')}"}
    address = f"ws://127.0.0.1:{service.port}/ws?cursor={cursor}"
    with connect(address, additional_headers=headers, proxy=None, max_size=None) as opened:
        greeting = json.loads(opened.recv(30))
        numbers = [json.loads(opened.recv(30))["number"] for _ in range(events)]
    return greeting["recovered"] is True and numbers == list(range(events))


def run(quick: bool) -> dict[str, float]:
    each = 500 if quick else EACH
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), 3)
        try:
            return measured(service, each, make_reader(Path(folder)), Path(folder))
        finally:
            service.end()


def measured(service: Service, each: int, program: list[str], folder: Path) -> dict[str, float]:
    figures: dict[str, float] = {}
    with readers(service, each, program, folder) as reading:
        figures["alone_p99_ms"] = paced(service, reading, each)
    wait_for("the first streams to be gone", lambda: streams(service) == 0, service.process)
    headers = {"Authorization": f"Bearer {service.token('silent')}"}
    with connect(f"ws://127.0.0.1:{service.port}/ws", additional_headers=headers, proxy=None) as opened:
        cursor = json.loads(opened.recv(30))["cursor"]
    with readers(service, each - SILENT // 2, program, folder) as reading:
        figures["before_mib"] = mib(service)
        silent = open_silent(service, SILENT)
        wait_for("the silent ones", lambda: streams(service) == 2 * each, service.process)
        filling = threading.Thread(target=fill, args=(service,))
        filling.start()
        figures["beside_p99_ms"] = paced(service, reading, each - SILENT // 2)
        filling.join()
        figures["most_mib"] = mib(service)
        wait_for("them to be cut", lambda: cut(service) >= SILENT, service.process)
        wait_for("them to be gone", lambda: streams(service) <= 2 * each - SILENT, service.process)
        figures["after_mib"] = mib(service)
    for one in silent:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
    figures["resumed"] = sum(resumed(service, cursor, ENOUGH) for _ in range(SILENT))
    return figures


def fill(service: Service) -> None:
    sender = Sender(service)
    for number in range(ENOUGH):
        sender.send("silent", number=number, text="x" * LARGE)
        time.sleep(SECONDS / ENOUGH)


def verdicts(figures: dict[str, float]) -> Iterator[tuple[str, bool]]:
    alone, beside = figures["alone_p99_ms"], figures["beside_p99_ms"]
    said = f"the readers' p99 {beside:.1f} ms beside {SILENT} that don't read, {alone:.1f} ms without"
    yield f"{said} (at most {MOST_TIMES:.0f} times)", beside <= MOST_TIMES * alone + NOISE_MS
    before, most, after = (figures[f"{when}_mib"] for when in ("before", "most", "after"))
    said = f"memory {before:.0f} MiB before, {most:.0f} at most, {after:.0f} once they were cut"
    yield f"{said} (at most {MOST_MIB:.0f} more)", after - before <= MOST_MIB
    yield f"{figures['resumed']:.0f} of {SILENT} came back and missed nothing", figures["resumed"] == SILENT


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="1,000 streams")
    figures = run(arguments.parse_args().quick)
    kept = True
    for promise, is_kept in verdicts(figures):
        print("kept   " if is_kept else "BROKEN ", promise)
        kept = kept and is_kept
    print(json.dumps(figures))
    sys.exit(0 if kept else 1)
