"""One person's events to all of their streams: Soulwire beside Tornado's own ways, Node (`ws` and Express), socket.io
and Starlette on uvicorn, in one run.

    python -m tests.bench.fanout [--quick]

Rounds go round the servers, so that what else the machine does touches all of them; the figures are medians. `each`:
one event at a time, the next when the one before is with the sockets. `backlog`: all at once. `paced`: 20,000
deliveries a second. Nobody sends pings meanwhile: the readers only count.

Rates are per second, and per second of processor time that the server used: what one core does, whatever else the
machine is busy with. On a machine with nothing else to do the two are alike; promises are looked at by the second.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.contest import Contestant, Figures, contestants, make_reader

PACED = 20_000
PACED_SECONDS = 3

RATES = ("each_per_second", "each_per_core", "backlog_per_second", "backlog_per_core")
SHOWN = ("p50_ms", "p95_ms", "p99_ms", "stall_ms", "own_stall_ms", "idle_kib")
Results = dict[str, dict[str, Figures]]
"""By number and kind of streams, then by server."""


def measure(kind: str, streams: int, rounds: int, reader: list[str], share: float) -> dict[str, Figures]:
    """Figures by server."""
    found: dict[str, dict[str, list[float]]] = {}
    with contestants(kind, streams, reader) as running:
        for contestant in running:
            found[contestant.name] = defaultdict(list, idle_kib=[contestant.idle_kib])
        for _ in range(rounds):
            for contestant in running:
                one_round(contestant, found[contestant.name], share)
    return {name: {figure: median(values) for figure, values in figures.items()} for name, figures in found.items()}


def one_round(contestant: Contestant, found: dict[str, list[float]], share: float) -> None:
    entry, streams = contestant.entry, contestant.streams
    each = contestant.run("each", max(4, int(entry.deliveries * share / streams)))
    backlog = contestant.run("burst", max(4, int(entry.backlog * share)))
    per_second = PACED / streams
    paced = contestant.run("paced", max(4, int(per_second * PACED_SECONDS * share)), per_second=per_second)
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


def show(results: Results) -> None:
    columns = ["each/s", "each/core", "backlog/s", "per core"]
    columns += ["p50 ms", "p95 ms", "p99 ms", "stall ms", "own stall", "KiB idle"]
    print(f"{'':28}" + "".join(f"{column:>11}" for column in columns))
    for title, servers in results.items():
        for name, figure in servers.items():
            row = [f"{figure[one] / 1000:.0f}k" for one in RATES]
            row += [f"{figure[one]:.1f}" for one in SHOWN]
            print(f"{title + ' ' + name:28}" + "".join(f"{cell:>11}" for cell in row))


AT_LEAST = {
    ("websocket", "tornado"): 4.0,
    ("sse", "tornado"): 2.5,
    ("websocket", "node"): 1.0,
    ("sse", "node"): 1.0,
    ("websocket", "socket.io"): 1.5,
    ("websocket", "starlette"): 1.5,
    ("sse", "starlette"): 1.5,
}
"""How many times what the peer does with one event after the other."""
BACKLOG = 5.0
"""The same of each peer's own backlog."""
MOST_STALL_MS = 20.0
MOST_IDLE_KIB = 18.0

Verdict = tuple[str, bool]


def verdicts(results: Results) -> Iterator[Verdict]:
    """What Soulwire promises of these figures, and whether it is so."""
    for title, servers in results.items():
        ours = servers["soulwire"]
        kind = title.split()[1]
        for peer, theirs in servers.items():
            if peer != "soulwire":
                yield from beside(f"{title}, {peer}", ours, theirs, AT_LEAST[kind, peer])
        stall, idle = ours["own_stall_ms"], ours["idle_kib"]
        yield f"{title}: the loop's longest stall {stall:.1f} ms (at most {MOST_STALL_MS:.0f})", stall <= MOST_STALL_MS
        yield f"{title}: {idle:.1f} KiB for an idle stream (at most {MOST_IDLE_KIB:.0f})", idle <= MOST_IDLE_KIB


def beside(title: str, ours: Figures, theirs: Figures, least: float) -> Iterator[Verdict]:
    times, by_clock = (ours[figure] / theirs[figure] for figure in ("each_per_core", "each_per_second"))
    yield f"{title}: {times:.2f} times as many (by the clock {by_clock:.2f}; at least {least})", times >= least
    times = ours["backlog_per_core"] / theirs["backlog_per_core"]
    yield f"{title}: {times:.0f} times under a backlog (at least {BACKLOG:.0f})", times >= BACKLOG
    said = ", ".join(f"{one[:3]} {ours[one]:.1f} ms to {theirs[one]:.1f}" for one in ("p50_ms", "p99_ms"))
    sooner = all(ours[one] <= theirs[one] for one in ("p50_ms", "p99_ms"))
    yield f"{title}: at {PACED:,} a second {said} (no later)", sooner


def run(quick: bool = False) -> Results:
    results: Results = {}
    with TemporaryDirectory() as folder:
        reader = make_reader(Path(folder))
        for streams in (1_000,) if quick else (1_000, 5_000):
            for kind in ("websocket", "sse"):
                results[f"{streams} {kind}"] = measure(kind, streams, 1 if quick else 5, reader, 0.3 if quick else 1.0)
    return results


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="1,000 streams and one round")
    figures = run(arguments.parse_args().quick)
    show(figures)
    kept = True
    for promise, is_so in verdicts(figures):
        print("kept   " if is_so else "BROKEN ", promise)
        kept = kept and is_so
    print(json.dumps(figures))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
