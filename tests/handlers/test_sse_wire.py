"""What an SSE stream looks like on the wire."""

import json

import pytest

from tests.handlers.streaming import APP_ORIGIN, Service, until, with_service


def bearer(service: Service, user: str = "ada") -> str:
    return f"Bearer {service.token(user)}"


@with_service()
async def test_proxies_are_told_to_pass_it_on_at_once_and_nobody_to_keep_it(service: Service) -> None:
    async with service.sse(Authorization=bearer(service), Origin=APP_ORIGIN) as client:
        assert client.status == 200
        assert client.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert client.headers["cache-control"] == "no-store"
        assert client.headers["x-accel-buffering"] == "no"
        assert client.headers["transfer-encoding"] == "chunked"
        assert client.headers["access-control-allow-origin"] == APP_ORIGIN
        assert client.headers["access-control-allow-credentials"] == "true"


@with_service()
async def test_first_comes_who_it_is_for_with_an_id_and_a_time_to_retry(service: Service) -> None:
    await service.tell("ada", "one")
    async with service.sse(Authorization=bearer(service)) as client:
        id_line, event_line, retry_line, data_line = (await client.block()).split("\n")
    assert id_line == f"id: {service.database.epoch}-1"
    assert event_line == "event: authenticated"
    assert 1000 <= int(retry_line.removeprefix("retry: ")) <= 3000
    assert json.loads(data_line.removeprefix("data: ")) == {
        "type": "authenticated",
        "user_id": "ada",
        "expires_at": "2027-01-15T09:00:00.000Z",
        "cursor": f"{service.database.epoch}-1",
    }


@with_service()
async def test_a_drop_before_the_first_event_loses_nothing(service: Service) -> None:
    async with service.sse(Authorization=bearer(service)) as client:
        await client.next()
        last_id = client.last_id
    await service.tell("ada", "one")
    async with service.sse(Authorization=bearer(service), Last_Event_ID=last_id) as client:
        assert (await client.next())["recovered"] is True
        assert await client.titles(1) == ["one"]


@with_service()
async def test_an_event_is_a_block_of_its_own(service: Service) -> None:
    async with service.sse(Authorization=bearer(service)) as client:
        await client.next()
        (event,) = await service.tell("ada", "line one\r\nline two")
        assert (await client.block()).split("\n") == [
            f"id: {event.cursor}",
            "event: notification",
            f'data: {{"type":"notification","offset":1,"cursor":"{event.cursor}","at":"2027-01-15T08:00:00.000Z",'
            '"title":"line one\\r\\nline two"}',
        ]


@with_service()
async def test_the_cursor_of_the_first_connect_comes_in_the_address(service: Service) -> None:
    await service.tell("ada", "one", "two")
    async with service.sse(f"?cursor={service.database.epoch}-1", Authorization=bearer(service)) as client:
        assert (await client.next())["recovered"] is True
        assert await client.titles(1) == ["two"]


@with_service()
async def test_the_last_event_id_counts_more_than_the_address(service: Service) -> None:
    """An EventSource comes back to the same address, with the cursor of its first connect still in it."""
    await service.tell("ada", "one", "two")
    epoch = service.database.epoch
    async with service.sse(f"?cursor={epoch}-0", Authorization=bearer(service), Last_Event_ID=f"{epoch}-1") as client:
        await client.next()
        assert await client.titles(1) == ["two"]


@with_service()
async def test_old_proxies_get_the_stream_without_chunks(service: Service) -> None:
    async with service.sse(version="1.0", Authorization=bearer(service)) as client:
        assert "transfer-encoding" not in client.headers
        await client.next()
        await service.tell("ada", "one", "two")
        assert await client.titles(2) == ["one", "two"]
        service.pass_time(3601)
        assert (await client.farewell())[0] == 4001


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@with_service()
async def test_a_client_that_is_gone_is_forgotten(service: Service, version: str) -> None:
    async with service.sse(version=version, Authorization=bearer(service)) as client:
        await client.next()
        assert service.hub.standing().connections["sse"] == 1
    await until(lambda: service.hub.standing().connections["sse"] == 0)


@with_service()
async def test_only_get_opens_a_stream(service: Service) -> None:
    for method in ("HEAD", "POST", "DELETE"):
        reader, writer = await service.raw()
        head = f"{method} /api/sse/stream HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer(service)}\r\n\r\n"
        writer.write(head.encode())
        assert (await reader.readline()).split()[1] == b"405"
        writer.close()
