"""Webhooks posted to the service and to bare Tornado by `sender.c`: what ingest and latency have in common."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.bench import requests
from tests.bench.service import SECRET, Service

HERE = Path(__file__).parent
CONNECTIONS = 32
PEOPLE = 8

Measured = dict[str, Any]


class Target(NamedTuple):
    name: str
    port: int
    token: str


class Posting:
    """Both servers, and requests that are never sent twice to either."""

    def __init__(self, folder: Path, service: Service, tornado_port: int) -> None:
        self._folder = folder
        self._number = 0
        self.service = service
        self.users = service.users
        self.listener = self.users[0]
        self.soulwire = Target("soulwire", service.port, service.token(self.listener))
        self.tornado = Target("tornado", tornado_port, "none")

    def post(
        self, to: Target, count: int, *, per_second: float = 0, listen: bool = False, one: bool = False
    ) -> Measured:
        """So many new ones: as fast as they are answered, or so many a second; from all users or only the listener."""
        users = [self.listener] if one else self.users
        count -= count % len(users)
        first, self._number = self._number, self._number + count
        file = self._folder / "requests"
        requests.write(file, users, SECRET, first, count)
        upgrade = self._folder / "upgrade"
        upgrade.write_text(requests.UPGRADE.format(token=to.token))
        told = (count if to is self.tornado else count // len(users)) if listen else 0
        command = [self._folder / "sender", to.port, CONNECTIONS, file, first, per_second, told]
        ended = subprocess.run(
            [str(part) for part in (*command, *([upgrade] if listen else []))], stdout=subprocess.PIPE, check=True
        )
        found: Measured = json.loads(ended.stdout)
        if found["taken"] != count or found["repeated"] or found["told"] < told:
            raise RuntimeError(f"{to.name}: {count} were posted and {told} to be told, but {found}")
        return {**found, "per_second": count / found["seconds"]}


@contextmanager
def posting() -> Iterator[Posting]:
    with TemporaryDirectory(prefix="soulwire-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        compile_sender(folder / "sender")
        service = Service(folder, PEOPLE)
        stack.callback(service.end)
        yield Posting(folder, service, stack.enter_context(bare_tornado()))


@contextmanager
def bare_tornado() -> Iterator[int]:
    """Its port."""
    command = [sys.executable, "-m", "tests.bench.peers.tornado_posts"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["port"]
        finally:
            process.kill()


def compile_sender(program: Path) -> None:
    """In C, so that sending is never what is measured."""
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", str(program), str(HERE / "sender.c")], check=True)
