"""A service that is killed again and again, and what has to be true afterwards."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import requests

from tests.e2e.hooks import Sender, headers, post, push
from tests.e2e.listeners import Listener
from tests.e2e.service import Service

LINES = 3
"""Senders per user: each sends the next only when the one before is taken, so that its order is known."""
WHILE_IT_STARTS = 0.25
"""The share of kills that come before it is ready; the others find it at work."""
START, WORK = 0.6, 0.8
"""Seconds after a start, or after it is ready, within which the kill comes."""


def start_senders(service: Service, users: Sequence[str], every: float = 0.0) -> list[Sender]:
    """They wait `every` seconds between two webhooks."""
    pause = threading.Event()
    senders = [
        Sender(service, user, f"{user}-{number}", lambda: pause.wait(0.02), every)
        for user in users
        for number in range(LINES)
    ]
    for sender in senders:
        sender.start()
    return senders


def survive_kills(service: Service, kills: int, chance: random.Random) -> list[float]:
    """Kills it so many times and starts it each time anew; how long the starts took that came to an end."""
    launched = []
    for _ in range(kills):
        if chance.random() < WHILE_IT_STARTS:
            moment = chance.uniform(0.0, START)
        else:
            service.wait_until_ready()
            moment = chance.uniform(0.0, WORK)
        assert not service.has_ended(moment), f"it ended by itself:\n{service.tail()}"
        service.kill()
        launched.append(time.time())
        service.launch()
    service.wait_until_ready()
    started = [datetime.fromisoformat(line["at"]).timestamp() for line in service.logged("service_started")]
    spans = zip(launched, [*launched[1:], float("inf")], strict=True)
    return [at - begun for begun, ended in spans for at in started if begun <= at < ended]


def last_words(service: Service, users: Sequence[str], moment: float) -> dict[str, set[str]]:
    """Sends without a pause for so long, then kills it in the middle; what it said yes to, and is not sent again."""
    begun = threading.Barrier(len(users) * LINES + 1)
    taken: dict[str, set[str]] = {user: set() for user in users}

    def send(user: str, name: str) -> None:
        with requests.Session() as session, suppress(requests.RequestException):
            session.trust_env = False
            begun.wait()
            for number in itertools.count():
                delivery_id = f"{name}-{number}"
                body = push(delivery_id)
                if post(service, user, body, headers(body, delivery_id), session).status_code == 202:
                    taken[user].add(delivery_id)

    names = [(user, f"last-{time.time_ns()}-{line}") for line in range(LINES) for user in users]
    threads = [threading.Thread(target=send, args=each, daemon=True) for each in names]
    for thread in threads:
        thread.start()
    begun.wait()
    service.has_ended(moment)
    service.kill()
    for thread in threads:
        thread.join()
    return taken


def check(listener: Listener, senders: Sequence[Sender]) -> None:
    """Everything that got a 2xx was heard once, in its sender's order, with nothing missing in between."""
    mine = [sender for sender in senders if sender.user == listener.user]
    wanted = {delivery_id for sender in mine for delivery_id in sender.accepted}
    listener.until(lambda: wanted <= {event["delivery_id"] for event in listener.webhooks()}, within=60.0)
    listener.check()
    heard = [event["delivery_id"] for event in listener.webhooks()]
    assert not [delivery_id for delivery_id, count in Counter(heard).items() if count > 1]
    for sender in mine:
        assert [delivery_id for delivery_id in heard if delivery_id.startswith(f"{sender.name}-")] == sender.accepted
