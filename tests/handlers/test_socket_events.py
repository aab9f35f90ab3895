"""What a WebSocket is told, and in which order."""

from tests.handlers.streaming import Service, with_service


@with_service()
async def test_an_event_reaches_every_socket_of_its_user(service: Service) -> None:
    async with service.joined("ada") as one, service.joined("ada") as other:
        (event,) = await service.tell("ada", "hello")
        expected = {
            "type": "notification",
            "offset": 1,
            "cursor": event.cursor,
            "at": "2027-01-15T08:00:00.000Z",
            "title": "hello",
        }
        assert await one.next() == expected
        assert await other.next() == expected
