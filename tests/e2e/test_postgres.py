"""The same service on PostgreSQL: nothing is lost by its crashes, nor by those of the server."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.crashing import check, start_senders, survive_kills
from tests.e2e.hooks import headers, post, push
from tests.e2e.listeners import SocketListener, SseListener
from tests.e2e.service import Service, eventually, get
from tests.fakes.postgres import PostgresServer, find_programs

KILLS = 10
RESTARTS = 3


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    programs = find_programs()
    assert programs, "these tests need PostgreSQL: sh deploy/prepare packages postgresql"
    server = PostgresServer(programs)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def service(make_service: Callable[..., Service], server: PostgresServer) -> Iterator[Service]:
    one = make_service(DATABASE_URL=server.new_schema(), WEBHOOK_RATE_LIMIT="1000000/m")
    one.start()
    one.wait_until_connected()
    yield one
    if not one.has_ended():
        assert one.stop() == 0, "while the server is still there"


def database(service: Service) -> dict[str, Any]:
    return dict(get(f"{service.url}/health").json()["services"]["database"])


def test_a_webhook_is_on_websocket_and_sse_once(service: Service, listen: Callable[..., Any]) -> None:
    screens = [listen(kind, service, "ada") for kind in (SocketListener, SseListener)]
    body, other = push("first"), push("other")

    statuses = [post(service, "ada", body, headers(body, "guid-1")).status_code for _ in range(2)]
    assert post(service, "ada", other, headers(other, "guid-2")).status_code == 202

    assert statuses == [202, 202]
    for screen in screens:
        screen.wait_for_webhook("guid-2")
        screen.check()
        assert [event["delivery_id"] for event in screen.webhooks()] == ["guid-1", "guid-2"]


def test_every_webhook_with_a_2xx_is_heard_once_and_in_order_over_kills(
    service: Service, listen: Callable[..., Any]
) -> None:
    listeners = [listen(kind, service, user) for user in ("ada", "grace") for kind in (SocketListener, SseListener)]
    senders = start_senders(service, ("ada", "grace"))

    survive_kills(service, KILLS, random.Random("10 kills"))

    for sender in senders:
        sender.end()
    for listener in listeners:
        check(listener, senders)
        listener.compare(service.events(listener.user, listener.greetings[0]["cursor"]))
    assert not [row for state in ("received", "retrying", "parked") for row in service.deliveries(state=state)]


def test_restarts_of_the_server_lose_nothing_and_close_no_stream(
    service: Service, server: PostgresServer, listen: Callable[..., Any]
) -> None:
    service.expected |= {"storage_lost", "group_failed"}
    listeners = [listen(kind, service, "ada") for kind in (SocketListener, SseListener)]
    senders = start_senders(service, ("ada",))
    for _ in range(RESTARTS):
        server.stop()
        eventually(lambda: database(service)["status"] == "unavailable", what="the trouble")
        assert get(f"{service.url}/ready").status_code == 503
        server.start()
        eventually(lambda: database(service)["status"] == "ok", what="the recovery")
        senders[0].wait_for_one_more()

    for sender in senders:
        sender.end()
        assert sender.statuses <= {202, 503}
    for listener in listeners:
        check(listener, senders)
        assert len(listener.greetings) == 1
    assert service.actor("ada", "github")["restarts"] == 0


def test_without_a_server_it_does_not_start_and_says_so_in_a_line(service: Service, server: PostgresServer) -> None:
    assert service.stop() == 0
    server.stop()

    ended = service.run()

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("run.py: ")
