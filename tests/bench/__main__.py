"""`make bench`: every measurement there is, one after the other, each beside its peers in the same run."""

import argparse
import subprocess
import sys

BENCHES = {
    "actors": "100,000 connection actors: start, memory, how soon one is heard",
    "admin": "a page of /api/admin/actors at 100,000, beside one at a hundred",
    "fanout": "one person's event to 1,000 and 5,000 streams, beside Tornado, Node, socket.io and Starlette",
    "ingest": "webhooks taken in, in a burst and steadily, beside bare Tornado",
    "latency": "webhook to WebSocket at 200 a second, beside bare Tornado",
    "slow_readers": "10,000 streams, a hundred of which read nothing: what the others notice, and what it costs",
    "storage": "units of work a second, beside a bare writer",
    "day": "a simulated day of a hundred users: calls, lateness, limits",
}
QUICK = {"fanout", "slow_readers"}
"""Those that know a short form."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], help="only these")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    told = parser.parse_args()
    failed = [name for name in told.names or BENCHES if run(name, told.quick)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str, quick: bool) -> int:
    print(f"\n== {name}: {BENCHES[name]}", flush=True)
    short = ["--quick"] if quick and name in QUICK else []
    return subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *short], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
