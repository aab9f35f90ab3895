"""The real service as an operator runs it: run.py with its sandbox, on free ports, in a directory of its own."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jwt
import requests

PROJECT = Path(__file__).parent.parent.parent
SIGNING = "an-end-to-end-secret-of-more-than-32-bytes"
HOOK_SECRET = "a-hook-made-by-hand"
PATIENCE = 60.0
"""Seconds after which something that should have come is missed; nothing here is measured with it."""
TRACE = "Traceback (most recent call last)"

_tick = threading.Event()
"""Never set: a look at something that can't be waited for is followed by a short wait on this."""


def eventually(look: Callable[[], Any], within: float = PATIENCE, *, what: str = "it") -> Any:
    """What `look` finds once it finds something."""
    began = time.monotonic()
    while not (found := look()):
        waited = time.monotonic() - began
        assert waited < within, f"{what} did not come true within {within:g} s; last seen: {found!r}"
        _tick.wait(min(0.02 + waited / 10, 0.25))  # looking is work for the service too
    return found


class Service:
    def __init__(self, folder: Path, port: int | None = None, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = port or free_ports()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        self.settings = {
            "SANDBOX": "true",
            "PORT": str(self.port),
            "DATABASE_URL": f"sqlite:///{folder}/soulwire.db",
            "JWT_SECRET": SIGNING,
            "GITHUB_WEBHOOK_SECRET": HOOK_SECRET,
            "LOG_FORMAT": "json",
            **settings,
        }
        self.sandbox = Sandbox(self.port + 1)
        self.script = PROJECT / "run.py"
        self.process: subprocess.Popen[bytes] | None = None
        self.expected: set[str] = set()
        """Log events of level error that this test brings about."""
        self.given: list[str] = []
        """Tokens of the app that were made."""

    # -- its life --------------------------------------------------------------------------------

    def start(self) -> float:
        """Seconds until it was ready."""
        began = time.monotonic()
        self.launch()
        self.wait_until_ready()
        return time.monotonic() - began

    def launch(self) -> None:
        assert self.process is None or self.process.poll() is not None, "it is running already"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(self.script)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], **self.settings},
            )

    def wait_until_ready(self, within: float = PATIENCE) -> None:
        deadline = time.monotonic() + within
        while not self._is_ready():
            assert time.monotonic() < deadline, f"not ready within {within:g} s:\n{self.tail()}"
            assert not self.has_ended(0.01), f"it ended with {self.running.returncode}:\n{self.tail()}"

    def has_ended(self, within: float = 0.0) -> bool:
        try:
            self.running.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """As a crash, or `kill -9`."""
        self.running.kill()
        self.running.wait(PATIENCE)

    def stop(self, within: float = PATIENCE) -> int:
        """As a service manager does; its exit code."""
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(within)

    def run(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """A start that is expected to end by itself, or one of its commands."""
        return subprocess.run(
            [sys.executable, str(PROJECT / "run.py"), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **self.settings, **settings},
            check=False,
        )

    @property
    def running(self) -> "subprocess.Popen[bytes]":
        assert self.process is not None, "it was never started"
        return self.process

    def clean_up(self) -> None:
        """Nothing of it is left, whatever became of the test."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.sandbox.kill()

    def _is_ready(self) -> bool:
        try:
            return get(f"{self.url}/ready", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    # -- what it says ----------------------------------------------------------------------------

    def lines(self) -> list[dict[str, Any]]:
        """Its log; what the sandbox says on the same file is not JSON."""
        return [json.loads(line) for line in self._text().splitlines() if line.startswith("{")]

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == event]

    def complaints(self) -> list[str]:
        """What shouldn't be there: errors that the test doesn't bring about, and traces in plain text."""
        found = [
            str(line)
            for line in self.lines()
            if line["level"] in ("error", "critical") and line["event"] not in self.expected
        ]
        plain = [line for line in self._text().splitlines() if not line.startswith("{")]
        return found + [line for line in plain if TRACE in line or "[error" in line or "[critical" in line]

    def tail(self, lines: int = 40) -> str:
        return "\n".join(line[:400] for line in self._text().splitlines()[-lines:])

    def _text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # -- what it answers -------------------------------------------------------------------------

    def token(self, user: str, role: str = "user", ttl: float = 3600, **claims: Any) -> str:
        self.given.append(jwt.encode({"sub": user, "role": role, "exp": time.time() + ttl, **claims}, SIGNING, "HS256"))
        return self.given[-1]

    def call(self, method: str, path: str, by: str = "root", role: str = "admin", **more: Any) -> requests.Response:
        """One request, by an administrator unless told otherwise."""
        bearer = {"Authorization": f"Bearer {self.token(by, role)}"}
        headers = bearer | more.pop("headers", {})
        more.setdefault("timeout", PATIENCE)
        with _session() as session:
            return session.request(method, self.url + path, headers=headers, **more)

    def admin(self, path: str) -> Any:
        answer = self.call("GET", f"/api/admin/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def actor(self, user: str, platform: str) -> dict[str, Any]:
        return dict(self.admin(f"actors/{user}/{platform}"))

    def actors(self) -> list[dict[str, Any]]:
        return list(self.admin("actors?limit=1000")["items"])

    def order(self, user: str, platform: str, order: str) -> requests.Response:
        return self.call("POST", f"/api/admin/actors/{user}/{platform}/{order}")

    def order_without_waiting(self, user: str, platform: str, order: str) -> socket.socket:
        """The answer, which takes its time, is not read; the caller closes it."""
        opened = socket.create_connection(("127.0.0.1", self.port))
        path = f"/api/admin/actors/{user}/{platform}/{order}"
        bearer = f"Authorization: Bearer {self.token('root', 'admin')}"
        lines = (f"POST {path} HTTP/1.1", "Host: 127.0.0.1", bearer, "Content-Length: 0", "", "")
        opened.sendall("\r\n".join(lines).encode())
        return opened

    def deliveries(self, **filters: str) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return list(self.admin(f"deliveries?limit=1000&{query}")["items"])

    def streams(self) -> dict[str, int]:
        """How many are open, of each kind."""
        return dict(self.call("GET", "/api/sse/stats").json()["connections"])

    def events(self, user: str, cursor: str | None = None) -> list[dict[str, Any]]:
        """All that the log has after the cursor, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            after = f"&cursor={cursor}" if cursor else ""
            page = self.call("GET", f"/api/events?limit=1000{after}", by=user, role="user").json()
            found += page["items"]
            if cursor is None or not page["items"]:
                return found
            cursor = page["cursor"]

    def wait_until_connected(self, people: Sequence[str] = ("ada", "grace", "alan")) -> None:
        """Everyone's first token, first poll and hooks are there, so that nothing more happens by itself."""
        wanted = {(user, platform) for user in people for platform in self.sandbox.platforms()}

        def settled() -> bool:
            done = [row for row in self.actors() if row["status"] == "connected" and row["last_sync"]]
            return wanted <= {(row["user"], row["platform"]) for row in done if not row["mailbox"]}

        eventually(settled, 60.0, what="everyone connected")
        eventually(self._hooks_heard, what="all hooks' pings")

    def _hooks_heard(self) -> bool:
        """GitHub pings a new hook, and that is a delivery."""
        made: int = sum(line["count"] for line in self.logged("hook_registered") if line["platform"] == "github")
        rows = self.deliveries(platform="github", state="done")
        return made == len([row for row in rows if row["kind"] == "ping"])


class Sandbox:
    """Orders to the process that plays the platforms."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/_control"

    def pid(self) -> int | None:
        try:
            return int(get(self.url, timeout=2).json()["pid"])
        except requests.RequestException:
            return None

    def platforms(self) -> list[str]:
        return list(get(self.url).json()["platforms"])

    def kill(self) -> None:
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def activity(self, platform: str, user: str, kind: str, **more: str) -> dict[str, Any]:
        return self._post(f"{platform}/activity", user=user, kind=kind, **more)

    def fault(self, platform: str, kind: str, **more: Any) -> None:
        self._post(f"{platform}/fault", kind=kind, **more)

    def heal(self, platform: str) -> None:
        with _session() as session:
            assert session.delete(f"{self.url}/{platform}/fault", timeout=PATIENCE).status_code == 200

    def lifetime(self, platform: str, **seconds: Any) -> None:
        self._post(f"{platform}/lifetime", **seconds)

    def calls(self, platform: str, path: str | None = None) -> list[dict[str, Any]]:
        items = get(f"{self.url}/{platform}/calls").json()["items"]
        return [call for call in items if path is None or call["path"] == path]

    def hanging(self, platform: str) -> int:
        """Calls that have come and were not answered."""
        return len([call for call in self.calls(platform) if call["status"] is None])

    def _post(self, path: str, **order: Any) -> dict[str, Any]:
        with _session() as session:
            answer = session.post(f"{self.url}/{path}", json=order, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def get(url: str, timeout: float = PATIENCE, **more: Any) -> requests.Response:
    with _session() as session:
        return session.get(url, timeout=timeout, **more)


def free_ports() -> int:
    """A port that is free together with the one above it, below those that the system hands out to clients. Each of
    the processes that run tests has its own range: a service that is being restarted finds its port free again."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    lowest = 20_000 + 1_500 * (number % 8)
    while True:
        port = random.randrange(lowest, lowest + 1_500, 2)
        try:
            for one in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", one))
        except OSError:
            continue
        return port


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session
