"""Killed at any moment, it loses nothing that it said yes to, and tells nothing twice."""

import random
from collections.abc import Callable
from statistics import median
from typing import Any

from tests.e2e.crashing import check, start_senders, survive_kills
from tests.e2e.listeners import SocketListener, SseListener
from tests.e2e.service import Service

KILLS = 50
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
        assert listener.events == service.events(listener.user, listener.greetings[0]["cursor"])
    assert not [row for state in ("received", "retrying", "parked") for row in service.deliveries(state=state)]
    assert service.sandbox.pid() == sandbox, "the sandbox outlives the service"
    assert all(sender.statuses <= {0, 202, 503} for sender in senders)
    taken, tries = sum(len(one.accepted) for one in senders), sum(one.tries for one in senders)
    print(f"{taken} webhooks in {tries} tries; streams opened {[len(one.greetings) for one in listeners]} times")
    print(f"{len(starts)} starts came to an end: median {median(starts):.2f} s, at most {max(starts):.2f} s")
