"""A database that can't be written to: said so, survived, and made up for when it is over."""

import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.crashing import check, start_senders
from tests.e2e.hooks import headers, post, push
from tests.e2e.listeners import Listener, SocketListener, SseListener
from tests.e2e.service import Service, eventually, get

TROUBLE = {"group_failed", "storage_lost"}
MIB = 1024 * 1024


@pytest.fixture
def screens(service: Service, listen: Callable[..., Any]) -> list[Listener]:
    service.expected |= TROUBLE
    return [listen(SocketListener, service, "ada"), listen(SseListener, service, "ada")]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the write lock, as a backup gone wrong might."""
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield
        holder.execute("ROLLBACK")


def database(service: Service) -> dict[str, Any]:
    return dict(get(f"{service.url}/health").json()["services"]["database"])


def send(service: Service, delivery_id: str) -> int:
    body = push(delivery_id)
    return post(service, "ada", body, headers(body, delivery_id)).status_code


def test_while_it_is_locked_webhooks_get_503_and_afterwards_202(service: Service, screens: list[Listener]) -> None:
    assert send(service, "before") == 202
    body = push("during")
    signed = headers(body, "during")

    with locked(service.folder / "soulwire.db"):
        began = time.monotonic()
        refused = post(service, "ada", body, signed)
        assert time.monotonic() - began < 8.0
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "storage_unavailable"
        assert int(refused.headers["Retry-After"]) > 0
        began = time.monotonic()
        assert post(service, "ada", body, signed).status_code == 503
        assert time.monotonic() - began < 0.5, "once it is known, the answer comes at once"
        assert database(service)["status"] == "unavailable"
        assert database(service)["reason"] == "locked"
        assert get(f"{service.url}/health").json()["status"] == "degraded"
        assert get(f"{service.url}/ready").status_code == 503
        assert service.call("GET", "/api/connections", by="ada", role="user").status_code == 200, "reading goes on"

    eventually(lambda: database(service)["status"] == "ok", 5.0, what="the recovery")
    assert get(f"{service.url}/ready").status_code == 200
    assert post(service, "ada", body, signed).status_code == 202
    assert send(service, "after") == 202
    for screen in screens:
        screen.wait_for_webhook("after")
        screen.check()
        assert [event["delivery_id"] for event in screen.webhooks()] == ["before", "during", "after"]
        assert len(screen.greetings) == 1, "the streams stayed open"


def test_what_is_sent_again_until_it_is_taken_arrives_once(service: Service, screens: list[Listener]) -> None:
    senders = start_senders(service, ("ada",))
    for _ in range(3):
        with locked(service.folder / "soulwire.db"):
            eventually(lambda: database(service)["status"] == "unavailable", what="the trouble")
        eventually(lambda: database(service)["status"] == "ok", what="the recovery")

    for sender in senders:
        sender.end()
        assert sender.statuses <= {202, 503}
    for screen in screens:
        check(screen, senders)
        assert len(screen.greetings) == 1


def test_a_poll_that_could_not_be_stored_is_made_again(service: Service, screens: list[Listener]) -> None:
    service.sandbox.activity("spotify", "ada", "play")
    with locked(service.folder / "soulwire.db"):
        assert service.order("ada", "spotify", "poll").status_code == 503

    for screen in screens:
        screen.wait_for_type("new_data", platform="spotify")
        screen.check()
    assert service.actor("ada", "spotify")["restarts"] == 0


def test_a_full_disk_is_survived(make_service: Callable[..., Service], listen: Callable[..., Any]) -> None:
    service = make_service()
    with small_disk(service) as disk:
        service.expected |= TROUBLE
        service.start()
        service.wait_until_connected()
        screens = [listen(kind, service, "ada") for kind in (SocketListener, SseListener)]

        disk.fill()
        taken = send_until_refused(service)
        assert database(service)["status"] == "unavailable"
        assert database(service)["reason"] in disk.reasons
        assert send(service, "while-full") == 503
        disk.free()

        eventually(lambda: database(service)["status"] == "ok", 10.0, what="the recovery")
        assert send(service, "after") == 202
        for screen in screens:
            screen.wait_for_webhook("after")
            screen.check()
            assert [event["delivery_id"] for event in screen.webhooks()] == [*taken, "after"]
            assert len(screen.greetings) == 1
        service.kill()
        service.start()
        assert send(service, "after-a-restart") == 202
        for screen in screens:
            screen.wait_for_webhook("after-a-restart")
            screen.check()
            screen.end()
        assert service.stop() == 0


def send_until_refused(service: Service) -> list[str]:
    """Large ones, until there is no room for more: those that were taken."""
    taken: list[str] = []
    for number in range(200):
        delivery_id = f"large-{number}"
        body = push(delivery_id)
        body = body[:-1] + b" " * (MIB // 4) + b"}"
        answer = post(service, "ada", body, headers(body, delivery_id))
        if answer.status_code != 202:
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            return taken
        taken.append(delivery_id)
    raise AssertionError("the disk was never full")


class Disk:
    """A file system of 24 MiB for the database alone."""

    reasons = ("full",)

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with open(self._ballast, "wb", buffering=0) as ballast:
            try:
                while ballast.write(b"\0" * MIB) == MIB:
                    pass
            except OSError:
                pass

    def free(self) -> None:
        self._ballast.unlink()


class Quota:
    """Where nothing may be mounted: no file of the process may grow any further, which is all but the same."""

    reasons = ("full", "lost")

    def __init__(self, service: Service) -> None:
        self._service = service

    def fill(self) -> None:
        largest = max(path.stat().st_size for path in self._service.folder.rglob("*") if path.is_file())
        self._limit(largest + MIB)

    def free(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        _, hard = resource.prlimit(self._service.running.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._service.running.pid, resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def small_disk(service: Service) -> Iterator[Disk | Quota]:
    """The service's database is put on it; whatever else it keeps isn't."""
    folder = service.folder / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], stderr=subprocess.DEVNULL
    )
    service.settings["DATABASE_URL"] = f"sqlite:///{folder}/soulwire.db"
    service.settings["STATE_DIR"] = str(service.folder)
    try:
        yield Disk(folder) if mounted else Quota(service)
    finally:
        service.clean_up()
        if mounted:
            subprocess.check_call(["umount", str(folder)])
