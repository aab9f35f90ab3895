"""`reader.c` for machines without a compiler: the same words, slower, so that its own pace is soon what is measured.

python reader.py PORT COUNT REQUEST-FILE [HELLO-FILE WORD]
"""

import json
import re
import select
import socket
import sys
import time
from pathlib import Path

MARK = re.compile(rb'"t":(\d+)(?=\D)')
TAIL = 40
QUIET = 10.0


class Streams:
    def __init__(self, port: int, count: int, request: bytes, hello: bytes = b"", greeting: bytes = b"") -> None:
        self.hello, self.greeting = hello, greeting
        self.poll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self.tails: dict[int, bytes] = {}
        self.last: dict[int, int] = {}
        self.ungreeted: set[int] = set()
        self.closed = 0
        for number in range(count):
            self._open(port, request)
            while number % 32 == 31 and self.ungreeted:
                self.arrivals(0.1)
        while self.ungreeted:
            self.arrivals(0.1)
        for _ in range(20):  # greetings that came after the head
            self.arrivals(0.01)

    def _open(self, port: int, request: bytes) -> None:
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(request)
        one.setblocking(False)
        self.sockets[one.fileno()] = one
        self.ungreeted.add(one.fileno())
        self.poll.register(one.fileno(), select.EPOLLIN)

    def arrivals(self, wait: float) -> list[tuple[int, bytes]]:
        found = []
        for number, _ in self.poll.poll(wait):
            data = self.sockets[number].recv(1 << 18)
            if data:
                found.append((number, data))
            else:
                self.closed += 1
                self.poll.unregister(number)
            if number in self.ungreeted:
                self._greet(number, data)
        return found

    def _greet(self, number: int, data: bytes) -> None:
        if not data or self.greeting in data:
            self.ungreeted.discard(number)
        elif data.startswith(b"HTTP/"):
            self.sockets[number].send(self.hello)

    def measure(self, wanted: int) -> dict[str, float]:
        self.tails.clear()
        latencies: list[int] = []
        disorder = first = last = 0
        quiet_since = time.monotonic()
        while len(latencies) < wanted and time.monotonic() - quiet_since < QUIET:
            for number, data in self.arrivals(0.1):
                quiet_since = time.monotonic()
                last = time.monotonic_ns()
                for made in self._made(number, data):
                    first = min(first or made, made)
                    disorder += made < self.last.get(number, 0)
                    self.last[number] = made
                    latencies.append(last - made)
        return {"arrived": len(latencies), "seconds": (last - first) / 1e9, "disorder": disorder, **shares(latencies)}

    def _made(self, number: int, data: bytes) -> list[int]:
        text = self.tails.get(number, b"") + data
        marks = list(MARK.finditer(text))
        self.tails[number] = text[max(marks[-1].end() if marks else 0, len(text) - TAIL) :]
        return [int(mark[1]) for mark in marks]


def shares(latencies: list[int]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    ordered = sorted(latencies) or [0]
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: ordered[int((len(ordered) - 1) * share)] / 1e6 for name, share in at.items()}


def answer(**values: float) -> None:
    print(json.dumps(values), flush=True)


def main() -> None:
    port, count, request, *hello = sys.argv[1:]
    said = (Path(hello[0]).read_bytes(), hello[1].encode()) if hello else ()
    streams = Streams(int(port), int(count), Path(request).read_bytes(), *said)
    answer(ready=len(streams.sockets) - streams.closed)
    for line in sys.stdin:
        _, wanted = line.split()
        answer(listening=True)
        answer(**streams.measure(int(wanted)), closed=streams.closed)


if __name__ == "__main__":
    main()
