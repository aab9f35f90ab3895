"""Clients that nobody here wrote hear everything once: live, after a drop, and after a kill of the service."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pages import Notes
from tests.e2e.service import PATIENCE, PROJECT, Service, eventually
from tests.fakes.gate import Gate

FOREIGN = PROJECT / "tests" / "e2e" / "foreign"
CLIENTS = PROJECT / "tests" / "npm" / "clients"
COMMANDS = {
    "npm ws": ["node", str(CLIENTS / "ws.js")],
    "npm eventsource": ["node", str(CLIENTS / "eventsource.js")],
    "websockets": [sys.executable, str(FOREIGN / "websockets_client.py")],
    "httpx-sse": [sys.executable, str(FOREIGN / "httpx_client.py")],
}


class Client:
    """A process that prints what it is told."""

    def __init__(self, command: list[str], folder: Path) -> None:
        with (folder / "client.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.heard: list[dict[str, Any]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.heard.append(json.loads(line))

    @property
    def greetings(self) -> list[dict[str, Any]]:
        return [message for message in self.heard if message.get("type") == "authenticated"]

    @property
    def notes(self) -> list[int]:
        return [message["number"] for message in self.heard if message.get("type") == "note"]

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    running: list[Client] = []

    def start(command: list[str]) -> Client:
        running.append(Client(command, tmp_path))
        return running[-1]

    yield start
    for client in running:
        client.end()


@pytest.mark.parametrize("name", COMMANDS)
def test_everything_comes_once(
    name: str, listen: Callable[..., Client], gate: Gate, notes: Notes, reached: Service
) -> None:
    client = listen([*COMMANDS[name], gate.url, reached.token("ada")])
    eventually(lambda: client.greetings, what="the greeting")
    notes.send(2)
    eventually(lambda: client.notes == notes.sent, what="what happens while it listens")

    gate.refuse()
    notes.send(2)
    gate.allow_all()
    eventually(lambda: client.notes == notes.sent, 2 * PATIENCE, what="what happened during a drop")

    notes.send()
    reached.kill()
    reached.start()
    notes.send(2)
    eventually(lambda: client.notes == notes.sent, 2 * PATIENCE, what="what happened around a kill")
    assert all(greeting["recovered"] for greeting in client.greetings[1:])
    assert len(client.greetings) >= 3
