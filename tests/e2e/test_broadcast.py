"""A broadcast that was answered reaches everybody once, killed in between or not."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.e2e.listeners import SocketListener, SseListener
from tests.e2e.service import Service, eventually

ROUNDS = 6
AT_ONCE = 5


def broadcast(service: Service, text: str) -> requests.Response | None:
    """None: the service went before it answered."""
    try:
        return service.call(
            "POST",
            "/api/sse/broadcast",
            "app",
            "service",
            json={"event": {"type": "news", "text": text}},
            headers={"Idempotency-Key": text},
        )
    except requests.RequestException:
        return None


def test_killed_between_the_row_and_the_copying_it_reaches_everybody_once(
    make_service: Callable[..., Service], listen: Callable[..., Any]
) -> None:
    chance = random.Random("broadcasts")
    service = make_service()
    service.expected.add("people_not_connected")  # it ends while the demo people are still being connected
    service.start()
    people = [listen(kind, service, f"p-{number}") for number in range(12) for kind in (SocketListener, SseListener)]
    away = service.events("away")
    said: list[str] = []
    for number in range(ROUNDS):
        texts = [f"{number}-{one}" for one in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            asked = [threads.submit(broadcast, service, text) for text in texts]
            asked[0].result()
            asked[1].result() if chance.random() < 0.5 else None
            service.kill()
            [one.result() for one in asked]
        service.start()
        for text in texts:  # as a back end does that had no answer: again, with the same key
            assert eventually(lambda text=text: broadcast(service, text)).status_code == 202  # type: ignore[misc]
        said += texts

    for listener in people:
        listener.until(lambda listener=listener: len(listener.of_type("news")) >= len(said))
        listener.check()
        assert sorted(event["text"] for event in listener.of_type("news")) == sorted(said)
    orders = {tuple(event["text"] for event in listener.of_type("news")) for listener in people}
    assert len(orders) == 1
    assert away == []
    assert [event["text"] for event in service.events("away")] == list(*orders)
