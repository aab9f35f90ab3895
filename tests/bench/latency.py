"""From a webhook to an open WebSocket, at 200 a second; beside a bare Tornado that only passes it on."""

import sys
from statistics import median

from tests.bench.posting import Posting, Target, posting

ROUNDS = 3
PER_SECOND = 200
COUNT = 1000
MOST_P50_MS, MOST_P99_MS = 3.0, 15.0


def told(bench: Posting, to: Target) -> tuple[float, float]:
    """p50 and p99 in milliseconds, from when each was due."""
    found = bench.post(to, COUNT, per_second=PER_SECOND, listen=True, one=True)["told_ms"]
    return found["p50"], found["p99"]


def main() -> int:
    with posting() as bench:
        told(bench, bench.soulwire)  # warm
        rounds = [(told(bench, bench.tornado), told(bench, bench.soulwire)) for _ in range(ROUNDS)]
    bare, ours = zip(*rounds, strict=True)
    for name, found in (("bare Tornado", bare), ("the service", ours)):
        p50, p99 = (median(one) for one in zip(*found, strict=True))
        print(f"{name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    print(f"at most {MOST_P50_MS:g} and {MOST_P99_MS:g} ms for the service")
    return 0 if p50 <= MOST_P50_MS and p99 <= MOST_P99_MS else 1


if __name__ == "__main__":
    sys.exit(main())
