"""The sandbox as a process: what it gave out is good after `kill -9`, and it says plainly why it can't start."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from deploy.sandbox.places import endpoints


class Process:
    """`python -m deploy.sandbox`, its port taken from what it logs when it is ready."""

    def __init__(self, state: Path, port: int = 0) -> None:
        command = [sys.executable, "-m", "deploy.sandbox", "--port", str(port), "--state", str(state)]
        environment = {**os.environ, "JWT_SECRET": "x" * 32, "LOG_FORMAT": "json"}
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.child.stdout is not None
        self.port = urlsplit(json.loads(self.child.stdout.readline())["url"]).port or 0
        self.url = f"http://127.0.0.1:{self.port}"

    def order(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/_control/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def token(self, **form: str) -> dict[str, Any]:
        form = {"client_id": "sandbox-github", "client_secret": "sandbox-github-secret", **form}
        url = endpoints(self.port)["github"]["token"]
        return dict(requests.post(url, data=form, headers={"Accept": "application/json"}, timeout=10).json())

    def get(self, path: str, token: dict[str, Any]) -> requests.Response:
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        return requests.get(self.url + path, headers=headers, timeout=10)

    def hook(self, repository: str, token: dict[str, Any], url: str) -> None:
        path = f"{self.url}/github/api/repos/{repository}/hooks"
        body = {"events": ["push"], "config": {"url": url, "content_type": "json"}}
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        assert requests.post(path, json=body, headers=headers, timeout=10).status_code == 201

    def end(self, number: signal.Signals) -> int:
        self.child.send_signal(number)
        status = self.child.wait(10)
        assert self.child.stdout is not None
        self.child.stdout.close()
        return status


class Listener:
    """Takes webhooks and doesn't answer them until it is closed."""

    def __init__(self) -> None:
        self.arrived: queue.Queue[str] = queue.Queue()
        self._over = threading.Event()
        listener = self

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                listener.arrived.put(self.headers["X-GitHub-Delivery"])
                listener._over.wait(30)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def first(state: Path) -> Iterator[Process]:
    process = Process(state)
    yield process
    if process.child.returncode is None:
        process.end(signal.SIGKILL)


def test_after_a_kill_everything_given_out_is_good_and_everything_that_happened_is_there(
    state: Path, first: Process
) -> None:
    token = first.token(code=first.order("github/code", {"user": "ada"})["code"])
    unused = first.order("github/code", {"user": "grace"})["code"]
    first.order("github/lifetime", {"access": 99})
    happened = first.order("github/activity", {"user": "ada", "kind": "release"})["id"]
    events = first.get("/github/api/users/ada-sandbox/events", token).json()
    first.end(signal.SIGKILL)

    second = Process(state, first.port)
    try:
        answer = second.get("/github/api/users/ada-sandbox/events", token)
        assert answer.status_code == 200
        assert answer.json() == events
        assert events[0]["id"] == happened
        assert second.token(code=unused)["expires_in"] == 99
        refreshed = second.token(grant_type="refresh_token", refresh_token=token["refresh_token"])
        assert second.get("/github/api/user", refreshed).status_code == 200
    finally:
        assert second.end(signal.SIGTERM) == 0


def test_a_webhook_that_a_kill_cut_off_is_sent_at_the_next_start(state: Path, first: Process) -> None:
    with Listener() as listener:
        token = first.token(code=first.order("github/code", {"user": "ada"})["code"])
        first.hook("ada-sandbox/paper-tape", token, listener.url)
        pinged = listener.arrived.get(timeout=10)
        told = first.order("github/activity", {"user": "ada", "where": "ada-sandbox/paper-tape"})
        assert listener.arrived.get(timeout=10) == told["deliveries"][0]
        first.end(signal.SIGKILL)

        second = Process(state, first.port)
        try:
            again = {listener.arrived.get(timeout=10), listener.arrived.get(timeout=10)}
            assert again == {pinged, *told["deliveries"]}
        finally:
            second.end(signal.SIGTERM)


def test_a_port_that_is_taken_is_one_line_and_exit_1(state: Path, first: Process) -> None:
    command = [sys.executable, "-m", "deploy.sandbox", "--port", str(first.port), "--state", str(state)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"127.0.0.1:{first.port}" in second.stderr


def test_it_listens_on_loopback_only(first: Process) -> None:
    listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if line.split()[3] == "0A"}
    assert f"0100007F:{first.port:04X}" in listening
    assert f"00000000:{first.port:04X}" not in listening
