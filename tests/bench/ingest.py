"""Webhooks taken in: verified, recognised when repeated, durable (`full`), answered; beside bare Tornado.

In a burst, which may leave a backlog; and steadily, worked off and told to an open WebSocket as fast as they come.
"""

import sys
from statistics import median

from tests.bench.posting import Posting, posting

ROUNDS = 3
BURST = 4000
SECONDS = 4
BURST_SHARE, STEADY_SHARE = 0.5, 0.25
SOON_MS = 250.0
"""What is told later than this after it was due has begun to pile up."""


def burst(bench: Posting) -> tuple[float, float]:
    """Answered a second, by Tornado and by the service."""
    bare = bench.post(bench.tornado, BURST)["per_second"]
    ours = bench.post(bench.soulwire, BURST)["per_second"]
    bench.service.work_off()
    return bare, ours


def steady(bench: Posting, per_second: float) -> float:
    """How late, in milliseconds, the slowest hundredth was told at this rate."""
    told = bench.post(bench.soulwire, int(per_second * SECONDS), per_second=per_second, listen=True)
    bench.service.work_off()
    return float(told["told_late_ms"]["p99"])


def main() -> int:
    with posting() as bench:
        burst(bench)  # warm
        rounds = [burst(bench) for _ in range(ROUNDS)]
        bare, ours = (median(one) for one in zip(*rounds, strict=True))
        late = median(steady(bench, bare * STEADY_SHARE) for _ in range(ROUNDS))
        counts = bench.service.count()
    share = ours / bare
    print(f"burst: Tornado answers {bare:,.0f} a second, the service {ours:,.0f}: {share:.2f} (at least {BURST_SHARE})")
    print(f"steady at {STEADY_SHARE} of that, {bare * STEADY_SHARE:,.0f} a second: told within {late:.0f} ms at p99")
    print(f"in the end: {counts}")
    kept = share >= BURST_SHARE and late <= SOON_MS and len(set(counts.values())) == 1
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
