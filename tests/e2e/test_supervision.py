"""An actor that fails comes back with its state, and one that always fails is put aside; the others never notice."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.e2e.hooks import headers, post, push
from tests.e2e.listeners import Listener, SocketListener
from tests.e2e.service import Service, eventually

LIMIT = 5
"""Failures in a row that are forgiven."""


@pytest.fixture
def ada(service: Service, listen: Callable[..., Any]) -> Listener:
    service.expected |= {"library_spoke", "child_parked"}
    listener: Listener = listen(SocketListener, service, "ada")
    return listener


@contextmanager
def spoiled_cursors(service: Service) -> Iterator[None]:
    """What Ada's polls of GitHub begin from is no text any more, which is nothing that an actor is prepared for."""
    path = service.folder / "soulwire.db"
    mine = "WHERE user_id = 'ada' AND platform = 'github'"
    with closing(sqlite3.connect(path)) as database:
        good = database.execute(f"SELECT value, name FROM cursors {mine}").fetchall()
        with database:
            database.execute(f"UPDATE cursors SET value = x'ff' {mine}")
        yield
        with database:
            database.executemany(f"UPDATE cursors SET value = ? {mine} AND name = ?", good)


def state(service: Service) -> str:
    return str(service.actor("ada", "github")["state"])


def make_it_fail(service: Service) -> None:
    eventually(lambda: state(service) == "running", 60.0, what="an actor to fail")
    assert service.order("ada", "github", "poll").status_code == 503


def send(service: Service, user: str, delivery_id: str) -> None:
    body = push(delivery_id)
    assert post(service, user, body, headers(body, delivery_id)).status_code == 202


def test_one_that_failed_comes_back_with_its_state_and_works_off_what_waited(service: Service, ada: Listener) -> None:
    before = service.actor("ada", "github")
    with spoiled_cursors(service):
        make_it_fail(service)
        send(service, "ada", "while-it-is-away")

        ada.wait_for_webhook("while-it-is-away")
        after = service.actor("ada", "github")
        assert after["state"] == "running"
        assert after["restarts"] > before["restarts"]
        assert after["last_error"]
        assert (after["next_poll"], after["token_expires_at"]) == (before["next_poll"], before["token_expires_at"])
        assert service.admin("supervisor")["restarts"] >= 1

    assert eventually(lambda: service.order("ada", "github", "poll").status_code == 200, what="a poll that works")
    ada.check()


def test_one_that_always_fails_is_parked_and_the_rest_never_notices(
    service: Service, ada: Listener, listen: Callable[..., Any]
) -> None:
    grace = listen(SocketListener, service, "grace")
    with spoiled_cursors(service):
        for _ in range(LIMIT + 1):
            make_it_fail(service)

        eventually(lambda: state(service) == "parked", what="the parking")
        assert ada.wait_for_type("problem")[0]["code"] == "connection_parked"
        (parked,) = service.admin("supervisor")["parked"]
        assert (parked["user"], parked["platform"]) == ("ada", "github")
        assert parked["why"]
        assert parked["retry_at"] > parked["since"]
        assert service.order("ada", "github", "poll").status_code == 409
        send(service, "ada", "while-it-is-parked")
        send(service, "grace", "meanwhile")
        grace.wait_for_webhook("meanwhile")
        assert service.order("ada", "spotify", "poll").status_code == 200

    assert not ada.webhooks()
    assert service.order("ada", "github", "restart").status_code == 200
    ada.wait_for_webhook("while-it-is-parked")
    ada.check()
    assert service.order("ada", "github", "poll").status_code == 200
    others = [row for row in service.actors() if (row["user"], row["platform"]) != ("ada", "github")]
    assert {row["restarts"] for row in others} == {0}
