"""GitHub's side of a webhook that was made by hand: its body, its signature, its sending."""

import hashlib
import hmac
import itertools
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.e2e.service import HOOK_SECRET, PATIENCE, Service, eventually

PUSH: dict[str, Any] = json.loads((Path(__file__).parent.parent / "data/github/push.json").read_text())
_numbers = itertools.count(1)


def push(name: str) -> bytes:
    """A push that no other one is."""
    after = hashlib.sha1(f"{name}{next(_numbers)}".encode()).hexdigest()
    return json.dumps({**PUSH, "after": after}).encode()


def headers(body: bytes, delivery_id: str, kind: str = "push", secret: str = HOOK_SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/0000000",
        "X-GitHub-Delivery": delivery_id,
        "X-GitHub-Event": kind,
        "X-Hub-Signature-256": f"sha256={digest}",
    }


def post(
    service: Service,
    user: str,
    body: bytes,
    headers: dict[str, str],
    session: requests.Session | None = None,
    timeout: float = PATIENCE,
) -> requests.Response:
    url = f"{service.url}/api/webhooks/github/{user}"
    if session is not None:
        return session.post(url, data=body, headers=headers, timeout=timeout)
    with requests.Session() as own:
        own.trust_env = False
        return own.post(url, data=body, headers=headers, timeout=timeout)


class Sender(threading.Thread):
    """A platform that sends each webhook again until it gets a 2xx, and only then the next."""

    def __init__(self, service: Service, user: str, name: str, again: Callable[[], object], every: float = 0.0) -> None:
        super().__init__(daemon=True, name=name)
        self._service = service
        self.user = user
        self._again = again
        """Waits for as long as the platform does before it tries again."""
        self._every = every
        self._ending = threading.Event()
        self.accepted: list[str] = []
        """Delivery ids that got a 2xx, in order."""
        self.tries = 0
        self.statuses: set[int] = set()

    def run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._ending.wait(self._every):
                self._deliver(session, f"{self.name}-{len(self.accepted) + 1:06}")

    def wait_for_one_more(self) -> None:
        before = len(self.accepted)
        eventually(lambda: len(self.accepted) > before, what="a webhook that is taken")

    def end(self) -> None:
        """After the one that is on its way."""
        self._ending.set()
        self.join(PATIENCE)
        assert not self.is_alive(), f"the last webhook of {self.name} was never taken"

    def _deliver(self, session: requests.Session, delivery_id: str) -> None:
        body = push(delivery_id)
        signed = headers(body, delivery_id)
        while True:
            self.tries += 1
            try:
                status = post(self._service, self.user, body, signed, session, timeout=10).status_code
            except requests.RequestException:
                status = 0
            self.statuses.add(status)
            if 200 <= status < 300:
                self.accepted.append(delivery_id)
                return
            self._again()
