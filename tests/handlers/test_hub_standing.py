"""The hub in figures."""

import socket

import pytest

from tests.handlers.streaming import Service, until, with_service


@with_service()
async def test_streams_are_counted_by_kind_and_people_once(service: Service) -> None:
    async with (
        service.listening("websocket"),
        service.listening("websocket"),
        service.listening("websocket", user="grace"),
        service.listening("sse"),
        service.socket(),
    ):
        await until(lambda: service.hub.standing().connections["websocket"] == 4)
        standing = service.hub.standing()
        assert standing.connections == {"websocket": 4, "sse": 1}
        assert standing.users == {"websocket": 2, "sse": 1}
        assert standing.opened == {"websocket": 4, "sse": 1}
    await until(lambda: not service.hub.streams())
    standing = service.hub.standing()
    assert standing.connections == standing.users == {"websocket": 0, "sse": 0}
    assert standing.opened == {"websocket": 4, "sse": 1}


@with_service()
async def test_cursors_are_counted_by_what_became_of_them(service: Service) -> None:
    for cursor in (None, "nonsense", f"{service.database.epoch}-0", f"{service.database.epoch}-9"):
        async with service.listening("sse", cursor):
            pass
    assert service.hub.standing().recovered == {"malformed": 1, "recovered": 1, "ahead": 1}


@with_service()
async def test_events_are_counted_when_somebody_listens(service: Service) -> None:
    await service.tell("ada", "nobody is there")
    async with service.listening("websocket") as one, service.listening("sse") as other:
        await service.tell("ada", "hello")
        assert await one.titles(1) == await other.titles(1)
        standing = service.hub.standing()
        assert (standing.events, standing.sent, standing.joined, standing.waiting) == (1, 2, 0, 0)


@pytest.mark.parametrize(("kind", "path", "status"), [("websocket", "/ws", 101), ("sse", "/api/sse/stream", 200)])
@with_service()
async def test_a_stream_is_a_request_that_was_answered_when_it_opened(
    service: Service, kind: str, path: str, status: int
) -> None:
    async with service.listening(kind):
        assert service.requests.counts == {(path, "GET", status): 1}
        assert service.requests.seconds == {}, "how long it stays open says nothing about how fast the service is"


@pytest.mark.parametrize("kind", ["websocket", "sse"])
@with_service()
async def test_small_events_are_not_held_up_for_company(service: Service, kind: str) -> None:
    async with service.listening(kind):
        (stream,) = service.hub.streams()
        assert stream.io.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
