"""One person's events to all of their streams: Soulwire beside Tornado's own ways and Node's `ws`, in one run.

    python -m tests.bench.fanout [--quick]

Every server is a process of its own and so is the reader of its streams. Rounds go round the servers, so that what
else the machine does touches all of them; the figures are medians. `each`: one event at a time, the next when the one
before is with the sockets. `backlog`: all at once. `paced`: 20,000 deliveries a second.

Rates are per second, and per second of processor time that the server used: what one core does, whatever else the
machine is busy with. On a machine with nothing else to do the two are alike; promises are looked at by the second.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
NODE = HERE / "peers" / "ws_node"
PACED = 20_000
KEY = "dGhlIHNhbXBsZSBub25jZQ=="

REQUESTS = {
    "websocket": f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nAuthorization: Bearer TOKEN\r\n\r\n",
    "sse": "GET /api/sse/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer TOKEN\r\n\r\n",
}
SERVERS = {
    "soulwire": [sys.executable, "-m", "tests.bench.peers.soulwire"],
    "tornado": [sys.executable, "-m", "tests.bench.peers.tornado_streams"],
    "node ws": ["node", str(NODE / "server.js")],
}
DELIVERIES = {"soulwire": 200_000, "tornado": 50_000, "node ws": 200_000}
BACKLOG_EVENTS = {"soulwire": 1_000, "tornado": 10, "node ws": 40}


RATES = ("each_per_second", "each_per_core", "backlog_per_second", "backlog_per_core")
SHOWN = ("p50_ms", "p95_ms", "p99_ms", "stall_ms", "own_stall_ms", "idle_kib")
Figures = dict[str, float]
Results = dict[str, dict[str, Figures]]
"""By number and kind of streams, then by server."""


class Told:
    """A process that is told things in lines and answers in lines of JSON."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended with {self.process.wait()}")
        heard: dict[str, Any] = json.loads(line)
        return heard

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")

    def kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    def processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Contestant:
    """A server with its streams open."""

    def __init__(self, name: str, kind: str, streams: int, reader: list[str], folder: Path) -> None:
        self.name = name
        self.streams = streams
        self.server = Told(SERVERS[name])
        place = self.server.hear()
        request = folder / f"{name}-{kind}"
        request.write_text(REQUESTS[kind].replace("TOKEN", place["token"] or "none"))
        before = self.server.kib()
        self.reader = Told([*reader, str(place["port"]), str(streams), str(request)])
        ready = self.reader.hear()["ready"]
        if ready != streams:
            raise RuntimeError(f"{name}: only {ready} of {streams} streams could be opened")
        self.idle_kib = (self.server.kib() - before) / streams

    def run(self, do: str, events: int, **order: Any) -> Figures:
        self.reader.say(f"expect {events * self.streams}")
        self.reader.hear()
        used = -self.server.processor_seconds()
        self.server.say(json.dumps({"do": do, "events": events, **order}))
        read, served = self.reader.hear(), self.server.hear()
        used += self.server.processor_seconds()
        if read["arrived"] != events * self.streams or read["disorder"] or read["closed"]:
            raise RuntimeError(f"{self.name} {do}: {events} events to {self.streams} streams, but {read}")
        per_second, per_core = read["arrived"] / read["seconds"], read["arrived"] / max(used, 0.01)
        return {**read, **served, "per_second": per_second, "per_core": per_core}

    def end(self) -> None:
        self.reader.end()
        self.server.end()


def measure(kind: str, streams: int, rounds: int, reader: list[str], share: float) -> dict[str, Figures]:
    """Figures by server."""
    names = [name for name in SERVERS if kind == "websocket" or name != "node ws"]
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in names}
    with contestants(names, kind, streams, reader) as running:
        for contestant in running:
            found[contestant.name]["idle_kib"].append(contestant.idle_kib)
        for _ in range(rounds):
            for contestant in running:
                one_round(contestant, found[contestant.name], share)
    return {name: {figure: median(values) for figure, values in figures.items()} for name, figures in found.items()}


@contextmanager
def contestants(names: list[str], kind: str, streams: int, reader: list[str]) -> Iterator[list[Contestant]]:
    running: list[Contestant] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in names:  # one by one, so that those that stand are ended when the next fails
                running += [Contestant(name, kind, streams, reader, Path(folder))]
            yield running
        finally:
            for contestant in running:
                contestant.end()


def one_round(contestant: Contestant, found: dict[str, list[float]], share: float) -> None:
    name, streams = contestant.name, contestant.streams
    each = contestant.run("each", max(4, int(DELIVERIES[name] * share / streams)))
    backlog = contestant.run("burst", max(4, int(BACKLOG_EVENTS[name] * share)))
    per_second = PACED / streams
    paced = contestant.run("paced", max(4, int(per_second * 3 * share)), per_second=per_second)
    for figure, value in {
        "each_per_second": each["per_second"],
        "each_per_core": each["per_core"],
        "backlog_per_second": backlog["per_second"],
        "backlog_per_core": backlog["per_core"],
        "p50_ms": paced["p50"],
        "p95_ms": paced["p95"],
        "p99_ms": paced["p99"],
        "stall_ms": max(each["stall_ms"], backlog["stall_ms"], paced["stall_ms"]),
        "own_stall_ms": max(each["own_stall_ms"], backlog["own_stall_ms"], paced["own_stall_ms"]),
    }.items():
        found[figure].append(value)


def make_reader(folder: Path) -> list[str]:
    """In C where there is a compiler, so that reading is never what is measured."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return [sys.executable, str(HERE / "reader.py")]
    program = folder / "reader"
    source = str(HERE / "reader.c")
    subprocess.run([compiler, "-O2", "-D_GNU_SOURCE", "-o", str(program), source], check=True)
    return [str(program)]


def show(results: Results) -> None:
    columns = ["each/s", "each/core", "backlog/s", "per core"]
    columns += ["p50 ms", "p95 ms", "p99 ms", "stall ms", "own stall", "KiB idle"]
    print(f"{'':28}" + "".join(f"{column:>11}" for column in columns))
    for title, servers in results.items():
        for name, figure in servers.items():
            row = [f"{figure[one] / 1000:.0f}k" for one in RATES]
            row += [f"{figure[one]:.1f}" for one in SHOWN]
            print(f"{title + ' ' + name:28}" + "".join(f"{cell:>11}" for cell in row))


AT_LEAST = (("websocket", "tornado", 4.0), ("sse", "tornado", 2.5), ("websocket", "node ws", 0.85))
"""Kind of streams, peer, how many times what it does."""
BACKLOG = 20.0
MOST_STALL_MS = 20.0
MOST_IDLE_KIB = 18.0


def verdicts(results: Results) -> Iterator[tuple[str, bool]]:
    """What Soulwire promises of these figures, and whether it is so."""
    for title, servers in results.items():
        ours, plain = servers["soulwire"], servers["tornado"]
        for kind, peer, least in AT_LEAST:
            if title.endswith(kind) and peer in servers:
                theirs = servers[peer]
                times = ours["each_per_core"] / theirs["each_per_core"]
                by_clock = ours["each_per_second"] / theirs["each_per_second"]
                said = f"{title}: {times:.2f} times {peer} (by the clock {by_clock:.2f}; at least {least})"
                yield said, times >= least
        times = ours["backlog_per_core"] / plain["each_per_core"]
        yield f"{title}: {times:.0f} times tornado under a backlog (at least {BACKLOG:.0f})", times >= BACKLOG
        stall, idle = ours["own_stall_ms"], ours["idle_kib"]
        yield f"{title}: the loop's longest stall {stall:.1f} ms (at most {MOST_STALL_MS:.0f})", stall <= MOST_STALL_MS
        yield f"{title}: {idle:.1f} KiB for an idle stream (at most {MOST_IDLE_KIB:.0f})", idle <= MOST_IDLE_KIB


def run(quick: bool = False) -> Results:
    if not (NODE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=NODE, check=True)
    results: Results = {}
    with tempfile.TemporaryDirectory() as folder:
        reader = make_reader(Path(folder))
        for streams in (1_000,) if quick else (1_000, 5_000):
            for kind in ("websocket", "sse"):
                results[f"{streams} {kind}"] = measure(kind, streams, 1 if quick else 3, reader, 0.3 if quick else 1.0)
    return results


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="1,000 streams and one round")
    figures = run(arguments.parse_args().quick)
    show(figures)
    for promise, kept in verdicts(figures):
        print("kept   " if kept else "BROKEN ", promise)
    print(json.dumps(figures))
