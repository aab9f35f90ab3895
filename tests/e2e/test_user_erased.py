"""A user who goes leaves nothing behind, here or at the platforms, also when the process is killed at it."""

import json
import sqlite3
import time
from contextlib import closing, suppress

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.e2e.service import Service, eventually

STAYS = {"sequences", "revoked_users"}


def erase(service: Service, **more: float) -> requests.Response:
    return service.call("DELETE", "/api/users/ada", by="app", role="service", **more)


def left(service: Service) -> set[str]:
    """The tables that have rows of hers."""
    with closing(sqlite3.connect(service.folder / "soulwire.db")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        hers = [one for one in tables if "user_id" in {row[1] for row in database.execute(f"PRAGMA table_info({one})")}]
        return {
            one for one in hers if database.execute(f"SELECT count(*) FROM {one} WHERE user_id = 'ada'").fetchone()[0]
        }


def test_everything_goes_and_her_pages_are_told(service: Service) -> None:
    cursor = service.events("ada")[-1]["cursor"]
    others = service.events("grace")
    with connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as page:
        page.send(json.dumps({"type": "auth", "token": service.token("ada")}))
        assert json.loads(page.recv(10))["type"] == "authenticated"

        answer = erase(service, timeout=60)

        assert (answer.status_code, answer.json()["state"]) == (200, "done")
        with suppress(ConnectionClosed):
            while True:
                page.recv(10)
        assert page.close_code == 4505
    assert left(service) <= STAYS
    assert {"user": "ada"}.items() <= answer.json().items()
    assert [row for row in service.actors() if row["user"] == "ada"] == []
    assert service.events("grace")[: len(others)] == others
    assert any(call["method"] == "DELETE" and call["status"] == 204 for call in service.sandbox.calls("github"))
    again = erase(service)
    assert (again.status_code, again.json()["rows"]) == (200, 0)
    _begins_anew(service, cursor)


def _begins_anew(service: Service, cursor: str) -> None:
    """As the same person may, with a new token: nothing of before is taken for theirs."""
    sent = {"event": {"type": "hello_again"}}
    assert service.call("POST", "/api/users/ada/send", by="app", role="service", json=sent).status_code == 202
    new = {"Authorization": f"Bearer {service.token('ada', iat=time.time())}"}
    page = service.call("GET", f"/api/events?cursor={cursor}", headers=new).json()
    assert (page["recovered"], page["reason"]) == (False, "expired")


def test_a_kill_in_the_middle_only_interrupts_it(service: Service) -> None:
    service.sandbox.fault("github", "hang")
    with suppress(requests.RequestException):
        erase(service, timeout=0.3)
    eventually(lambda: service.sandbox.hanging("github"), what="a call that hangs")
    assert "platform_connections" in left(service)
    service.kill()
    service.sandbox.heal("github")

    service.start()

    eventually(lambda: service.logged("user_erased"), 60, what="the end")
    assert left(service) <= STAYS
