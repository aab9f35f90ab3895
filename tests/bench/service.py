"""The service as it is run, in a process of its own, with the sandbox beside it and everyone connected."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jwt

ROOT = Path(__file__).parents[2]
SECRET = "the benchmarks sign their tokens and webhooks with this"
PATIENCE = 60.0


class Service:
    """Answers as many webhooks as it can: its rate limit is raised, and nothing is logged for each of them."""

    def __init__(self, folder: Path, people: int) -> None:
        self.file = folder / "soulwire.db"
        self.port = free_port()
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "run.py"],
                cwd=ROOT,
                stdout=log,
                env=os.environ
                | {
                    "SANDBOX": "true",
                    "SANDBOX_PEOPLE": str(people),
                    "DATABASE_URL": f"sqlite:///{self.file}",
                    "STATE_DIR": str(folder),
                    "PORT": str(self.port),
                    "JWT_SECRET": SECRET,
                    "GITHUB_WEBHOOK_SECRET": SECRET,
                    "WEBHOOK_RATE_LIMIT": "100000000/15m",
                    "LOG_LEVEL": "warning",
                    "DURABILITY": "full",
                },
            )
        try:
            self._await_people(people)
        except BaseException:
            self.end()
            raise

    def _await_people(self, people: int) -> None:
        wait_for("the service to listen", lambda: is_listening(self.port), self.process)
        connected = "SELECT count(*) FROM platform_connections WHERE status = 'connected'"
        polled = "SELECT count(*) FROM platform_connections WHERE last_sync IS NULL"
        wait_for("people to be connected", lambda: self.ask(connected) >= 2 * people, self.process)
        wait_for("their first polls", lambda: self.ask(polled) == 0, self.process)
        self.users: list[str] = [
            user
            for (user,) in self.rows(
                "SELECT user_id FROM platform_connections WHERE platform = 'github' ORDER BY user_id"
            )
        ]

    def token(self, user: str, role: str = "user") -> str:
        return jwt.encode({"sub": user, "role": role, "exp": int(time.time()) + 3600}, SECRET, "HS256")

    @property
    def backlog(self) -> int:
        """Webhooks that were accepted and are not worked off."""
        return self.ask("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL")

    def work_off(self) -> float:
        """How long it takes until nothing waits."""
        began = time.perf_counter()
        wait_for("the backlog to be worked off", lambda: self.backlog == 0, self.process)
        return time.perf_counter() - began

    def count(self) -> dict[str, int]:
        """What must be the same in the end: accepted, finished, told."""
        return {
            "accepted": self.ask("SELECT count(*) FROM deliveries WHERE delivery_id LIKE 'bench-%'"),
            "done": self.ask("SELECT count(*) FROM deliveries WHERE delivery_id LIKE 'bench-%' AND state = 'done'"),
            "told": self.ask("SELECT count(*) FROM events WHERE body LIKE '%\"bench-%'"),
        }

    def ask(self, sql: str) -> int:
        return int(self.rows(sql)[0][0])

    def rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(sql).fetchall()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wait_for(what: str, is_so: Callable[[], bool], process: "subprocess.Popen[Any] | None" = None) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"waited for {what}, but the process ended with {process.returncode}")
        if time.monotonic() > until:
            raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.02)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """With the one above it free too, which the sandbox takes."""
    while True:
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                next_one.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return int(port)
