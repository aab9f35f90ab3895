"""Killed at any moment, it loses nothing that it said yes to, and tells nothing twice."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from statistics import median
from typing import Any

from tests.e2e.crashing import check, last_words, start_senders, survive_kills
from tests.e2e.listeners import SocketListener, SseListener
from tests.e2e.service import Service

KILLS = 50
LAST_MOMENTS = 8
USERS = ("ada", "grace")


def test_every_webhook_with_a_2xx_is_heard_once_and_in_order_over_50_kills(
    make_service: Callable[..., Service], listen: Callable[..., Any]
) -> None:
    service = make_service(WEBHOOK_RATE_LIMIT="1000000/m")
    service.start()
    service.wait_until_connected()
    listeners = [listen(kind, service, user) for user in USERS for kind in (SocketListener, SseListener)]
    senders = start_senders(service, USERS)
    sandbox = service.sandbox.pid()

    starts = survive_kills(service, KILLS, random.Random("50 kills"))

    for sender in senders:
        sender.end()
    for listener in listeners:
        check(listener, senders)
        listener.compare(service.events(listener.user, listener.greetings[0]["cursor"]))
    assert not [row for state in ("received", "retrying", "parked") for row in service.deliveries(state=state)]
    assert service.sandbox.pid() == sandbox, "the sandbox outlives the service"
    assert all(sender.statuses <= {0, 202, 503} for sender in senders)
    taken, tries = sum(len(one.accepted) for one in senders), sum(one.tries for one in senders)
    print(f"{taken} webhooks in {tries} tries; streams opened {[len(one.greetings) for one in listeners]} times")
    print(f"{len(starts)} starts came to an end: median {median(starts):.2f} s, at most {max(starts):.2f} s")


def test_what_it_said_yes_to_in_its_last_moment_is_heard_though_nothing_more_comes(
    make_service: Callable[..., Service], listen: Callable[..., Any]
) -> None:
    chance = random.Random("last moments")
    service = make_service(WEBHOOK_RATE_LIMIT="1000000/m")
    service.start()
    service.wait_until_connected()
    listeners = [listen(kind, service, user) for user in USERS for kind in (SocketListener, SseListener)]
    left = 0
    for _ in range(LAST_MOMENTS):
        taken = last_words(service, USERS, chance.uniform(0.05, 0.3))
        left += unfinished(service)

        service.start()

        for listener in listeners:
            for delivery_id in taken[listener.user]:
                listener.wait_for_webhook(delivery_id, within=10.0)
            listener.check()
    print(f"{left} of those that were taken had not been worked off when it was killed")
    assert left, "else this shows nothing"


def unfinished(service: Service) -> int:
    with closing(sqlite3.connect(service.folder / "soulwire.db")) as database:
        return int(database.execute("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL").fetchone()[0])
