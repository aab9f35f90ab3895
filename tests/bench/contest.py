"""Servers beside each other: each a process of its own with its streams open, and so is the reader of its streams."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from deploy.probing.parsing import masked_frame
from tests.bench.service import ROOT

HERE = Path(__file__).parent
PEERS = HERE / "peers"
NODE_MODULES = ROOT / "tests" / "npm" / "node_modules"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nAuthorization: Bearer {{token}}\r\n\r\n"
)
REQUESTS = {
    "websocket": UPGRADE.replace("{path}", "/ws"),
    "sse": "GET /api/sse/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n",
}

Figures = dict[str, float]


class Hello(NamedTuple):
    """What a client has to say before it is told anything, and what it is answered."""

    path: str
    says: bytes
    answer: str


class Entry(NamedTuple):
    command: list[str]
    kinds: tuple[str, ...] = ("websocket", "sse")
    deliveries: int = 200_000
    """Of one round, one event at a time; fewer for those that take long."""
    backlog: int = 40
    """Events that are published at once."""
    hello: Hello | None = None


SERVERS = {
    "soulwire": Entry([sys.executable, "-m", "tests.bench.peers.soulwire"], backlog=1_000),
    "tornado": Entry([sys.executable, "-m", "tests.bench.peers.tornado_streams"], deliveries=50_000, backlog=10),
    "node": Entry(["node", str(PEERS / "node_streams.cjs")]),
    "socket.io": Entry(
        ["node", str(PEERS / "socket_io.cjs")],
        ("websocket",),
        hello=Hello("/socket.io/?EIO=4&transport=websocket", masked_frame(b"40"), "40{"),
    ),
    "starlette": Entry([sys.executable, "-m", "tests.bench.peers.starlette_streams"], deliveries=50_000, backlog=10),
}


class Told:
    """A process that is told things in lines and answers in lines of JSON."""

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=os.environ | {"NODE_PATH": str(NODE_MODULES)},
        )

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
        self.entry = SERVERS[name]
        self.streams = streams
        self.server = Told(self.entry.command)
        place = self.server.hear()
        asking = self._asking(kind, place["token"] or "none", folder)
        before = self.server.kib()
        self.reader = Told([*reader, str(place["port"]), str(streams), *asking])
        ready = self.reader.hear()["ready"]
        if ready != streams:
            raise RuntimeError(f"{name}: only {ready} of {streams} streams could be opened")
        self.idle_kib = (self.server.kib() - before) / streams

    def _asking(self, kind: str, token: str, folder: Path) -> list[str]:
        """With which words, in files, the reader opens a stream."""
        request, greeting = folder / f"{self.name}-{kind}", self.entry.hello
        if greeting is None:
            request.write_text(REQUESTS[kind].format(token=token))
            return [str(request)]
        request.write_text(UPGRADE.format(path=greeting.path, token=token))
        said = folder / f"{self.name}-hello"
        said.write_bytes(greeting.says)
        return [str(request), str(said), greeting.answer]

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


@contextmanager
def contestants(kind: str, streams: int, reader: list[str]) -> Iterator[list[Contestant]]:
    """All that know this kind of stream."""
    running: list[Contestant] = []
    with TemporaryDirectory() as folder:
        try:
            for name, entry in SERVERS.items():  # one by one, so that those that stand are ended when the next fails
                if kind in entry.kinds:
                    running += [Contestant(name, kind, streams, reader, Path(folder))]
            yield running
        finally:
            for contestant in running:
                contestant.end()


def make_reader(folder: Path) -> list[str]:
    """In C where there is a compiler, so that reading is never what is measured."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return [sys.executable, str(HERE / "reader.py")]
    program = folder / "reader"
    source = str(HERE / "reader.c")
    subprocess.run([compiler, "-O2", "-D_GNU_SOURCE", "-o", str(program), source], check=True)
    return [str(program)]
