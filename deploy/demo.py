"""The sandbox beside the service: its process, and its people's connections.

The process outlives a kill of the service, so that the tokens it gave stay good; an orderly stop ends it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import requests
import structlog

from actors.directory import Directory
from actors.messages import Connect
from deploy.errors import SettingError
from deploy.settings import Settings, platform_name
from storage import connections, meta
from storage.database import Database, Transaction
from storage.records import ConnectionKey, Secret

log = structlog.get_logger()

CODE = Path(__file__).parent.parent
READY_WITHIN = 15.0
GONE_WITHIN = 5.0
MARK = "sandbox"
"""In the database's notes: its connections are the sandbox's."""


def claim(database: Database, sandbox: bool) -> None:
    """Demo people and real ones share no database: refuses real connections to the sandbox, and the reverse."""

    def unit(tx: Transaction) -> None:
        marked = meta.value(tx, MARK) is not None
        empty = not connections.page(tx, None, 1)
        if sandbox and not marked and not empty:
            raise SettingError("SANDBOX", "DATABASE_URL has connections that the sandbox didn't make")
        if not sandbox and marked and not empty:
            raise SettingError("DATABASE_URL", "has the sandbox's connections; choose another, or set SANDBOX=true")
        if sandbox and not marked:
            meta.keep(tx, MARK, "true")
        if not sandbox and marked:
            meta.forget(tx, MARK)

    database.write(unit).result()


class Sandbox:
    """The process that plays the platforms."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.url = f"http://127.0.0.1:{settings.port + 1}"
        self._session = requests.Session()
        self._session.trust_env = False

    def start(self) -> None:
        """Ours if it still runs from before a kill, else a new one. Raises `OSError` when it doesn't come up."""
        if self._overview() is not None:
            log.info("sandbox_found", url=self.url)
            return
        child = subprocess.Popen(  # noqa: S603
            [
                *(sys.executable, "-m", "deploy.sandbox"),
                *("--port", str(self._settings.port + 1)),
                *("--state", str(self._settings.state_dir.absolute())),
                *("--service", self._settings.public_url),
            ],
            env=self._environment(),
            cwd=CODE,  # where `-m` finds it, wherever the service was started from
            start_new_session=True,  # a Ctrl-C for the service is not for it
        )
        until = time.monotonic() + READY_WITHIN
        while self._overview() is None:
            if child.poll() is not None or time.monotonic() > until:
                raise OSError(f"the sandbox did not start on port {self._settings.port + 1}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Returns when it is gone: a service that is started at once would take the one that ends for its own."""
        overview = self._overview()
        if overview is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.kill(int(overview["pid"]), signal.SIGTERM)
        until = time.monotonic() + GONE_WITHIN
        while self._overview() is not None and time.monotonic() < until:
            time.sleep(0.02)

    def people(self) -> list[str]:
        overview = self._overview()
        return list(overview["people"]) if overview else []

    def platforms(self) -> list[str]:
        overview = self._overview()
        return list(overview["platforms"]) if overview else []

    def consent(self, person: str, platform: str) -> Secret:
        """An authorization code, as if the person had said yes on the platform's page."""
        answer = self._session.post(f"{self.url}/_control/{platform}/code", json={"user": person}, timeout=10)
        answer.raise_for_status()
        return Secret(answer.json()["code"])

    def _overview(self) -> dict[str, Any] | None:
        try:
            answer = self._session.get(f"{self.url}/_control", timeout=5)
            return dict(answer.json()) if answer.status_code == 200 else None
        except (requests.RequestException, ValueError):
            return None

    def _environment(self) -> Mapping[str, str]:
        told = self._settings
        given = {
            "SANDBOX_PEOPLE": str(told.sandbox_people),
            "LOG_LEVEL": told.log_level,
            "LOG_FORMAT": told.log_format,
            "JWT_SECRET": told.jwt_secret.reveal() if told.jwt_secret else "",
            "JWT_AUDIENCE": told.jwt_audience or "",
            "JWT_ISSUER": told.jwt_issuer or "",
            "GOOGLE_PROJECT_ID": told.google_project_id or "",
            "GOOGLE_PUBSUB_TOPIC": told.google_pubsub_topic or "",
            "GOOGLE_PUBSUB_AUDIENCE": told.google_pubsub_audience or "",
            "GOOGLE_PUBSUB_SERVICE_ACCOUNT": told.google_pubsub_service_account or "",
        }
        if told.slack_signing_secret is not None:
            given["SLACK_SIGNING_SECRET"] = told.slack_signing_secret.reveal()
        for slug, one in told.platforms.items():
            given[platform_name(slug, "client_id")] = one.client_id or ""
            given[platform_name(slug, "client_secret")] = one.client_secret.reveal() if one.client_secret else ""
        return {**os.environ, **given}


def connect_people(
    sandbox: Sandbox, database: Database, directory: Directory, callback: Callable[[str], str], now: float
) -> int:
    """Everyone who isn't connected yet, by the way a real user is: a code, exchanged by the connection's own actor."""
    made = 0
    for key in _unconnected(sandbox, database):
        code = sandbox.consent(key.user, key.platform)
        database.write(partial(connections.create, key=key, at=now)).result()
        directory.tell(key, Connect(code, callback(key.platform)))
        made += 1
    if made:
        log.info("people_connecting", count=made)
    return made


def _unconnected(sandbox: Sandbox, database: Database) -> Iterator[ConnectionKey]:
    """A person who disconnected on purpose stays so; one whose first connect a kill cut off doesn't."""
    slugs = sandbox.platforms()
    for person in sandbox.people():
        rows = {row.key.platform: row for row in database.read(partial(connections.of_user, user=person))}
        for slug in slugs:
            if slug not in rows or rows[slug].status == "pending":
                yield ConnectionKey(person, slug)
