"""Web push from the event to the device, with a push service that checks everything and opens it as a browser would."""

import json
from collections.abc import Callable, Iterator

import pytest
from websockets.sync.client import connect

from tests.e2e.service import Service, eventually
from tests.fakes.push_service import PushService


@pytest.fixture
def push_service() -> Iterator[PushService]:
    service = PushService()
    yield service
    service.close()
    assert service.wrong == []


def subscribe(service: Service, push_service: PushService, name: str) -> None:
    push_service.public_key = service.call("GET", "/api/push/key", "ada", "user").json()["public_key"]
    said = push_service.device(name).subscription()
    assert service.call("POST", "/api/push/subscribe", "ada", "user", json=said).status_code == 201


def notify(service: Service, title: str) -> None:
    body = {"user": "ada", "event": {"type": "notification", "title": title, "level": "info"}}
    assert service.call("POST", "/api/sse/send", "app", "service", json=body).status_code == 202


def test_a_notification_reaches_each_device_once_unless_a_page_is_in_sight(
    make_service: Callable[..., Service], push_service: PushService
) -> None:
    service = make_service(PUSH_HOSTS=push_service.url)
    service.expected.add("people_not_connected")  # it ends while the demo people are still being connected
    service.start()
    for name in ("phone", "gone"):
        subscribe(service, push_service, name)
    push_service.answers["phone"].append((500, {}))
    push_service.answers["gone"].append((410, {}))
    notify(service, "away")
    eventually(lambda: push_service.titles("phone"), what="the push that failed at first")
    came = push_service.came[0].event
    (kept,) = [event for event in service.events("ada") if event["type"] == "notification"]
    assert came == kept

    with connect(service.url.replace("http", "ws", 1) + "/ws", proxy=None) as socket:
        socket.send(json.dumps({"type": "auth", "token": service.token("ada")}))
        assert json.loads(socket.recv())["type"] == "authenticated"
        notify(service, "not looking")
        eventually(lambda: "not looking" in push_service.titles(), what="an open stream alone is no page in sight")
        socket.send(json.dumps({"type": "presence", "page": "/monitoring"}))
        socket.send(json.dumps({"type": "ping"}))
        while json.loads(socket.recv())["type"] != "pong":
            pass
        notify(service, "looking")
        while json.loads(socket.recv()).get("title") != "looking":
            pass
        socket.send(json.dumps({"type": "presence", "page": None}))
        socket.send(json.dumps({"type": "ping"}))
        while json.loads(socket.recv())["type"] != "pong":
            pass
        notify(service, "hidden")
        eventually(lambda: "hidden" in push_service.titles(), what="the push after the page was hidden")
    assert push_service.titles() == ["away", "not looking", "hidden"]
    assert push_service.tries.count("gone") == 1


def test_killed_right_after_the_answer_it_is_pushed_all_the_same(
    make_service: Callable[..., Service], push_service: PushService
) -> None:
    service = make_service(PUSH_HOSTS=push_service.url)
    service.expected.add("people_not_connected")  # it ends while the demo people are still being connected
    service.start()
    subscribe(service, push_service, "phone")
    key = push_service.public_key
    for number in range(4):
        notify(service, f"n{number}")
        service.kill()
        service.start()
        eventually(lambda number=number: f"n{number}" in push_service.titles(), what="the push")  # type: ignore[misc]
    assert service.call("GET", "/api/push/key", "ada", "user").json()["public_key"] == key
    topics = {came.event["title"]: came.headers["topic"] for came in push_service.came}
    assert len(set(topics.values())) == 4
    assert len({(came.event["title"], came.headers["topic"]) for came in push_service.came}) == 4
