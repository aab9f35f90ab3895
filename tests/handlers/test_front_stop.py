"""At a stop, requests under way are answered, and no others are begun."""

import asyncio

from tests.handlers.stream_clients import PATIENCE
from tests.handlers.streaming import Service, with_service

ASKING = b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{"
LIVE = b"GET /client/soulwire.js HTTP/1.1\r\nHost: x\r\n\r\n"


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The status line; the rest of the answer is read, and left."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    lines = head.split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length"))
    await reader.readexactly(length)
    return lines[0]


async def is_over(reader: asyncio.StreamReader) -> bool:
    return await asyncio.wait_for(reader.read(), PATIENCE) == b""


async def begun(service: Service, count: int) -> None:
    while len(service.under_way) < count:
        await asyncio.sleep(0.01)


@with_service()
async def test_a_request_under_way_is_answered_and_its_connection_then_closed(service: Service) -> None:
    reader, writer = await service.raw()
    writer.write(ASKING)
    await begun(service, 1)

    finish = asyncio.create_task(service.server.finish(PATIENCE))
    await asyncio.sleep(0.05)
    assert not finish.done()
    writer.write(b"}")

    assert (await answer(reader)).startswith(b"HTTP/1.1 4")
    assert await is_over(reader)
    await asyncio.wait_for(finish, PATIENCE)
    writer.close()


@with_service()
async def test_a_connection_that_asks_for_nothing_is_closed_at_once(service: Service) -> None:
    reader, writer = await service.raw()
    writer.write(LIVE)
    assert await answer(reader) == b"HTTP/1.1 200 OK"
    asking = await service.raw()
    asking[1].write(ASKING)
    await begun(service, 1)

    finish = asyncio.create_task(service.server.finish(PATIENCE))

    assert await is_over(reader)
    assert not finish.done(), "somebody else is still being answered"
    asking[1].close()
    await asyncio.wait_for(finish, PATIENCE)
    writer.close()


@with_service()
async def test_one_that_never_ends_is_not_waited_for_for_ever(service: Service) -> None:
    reader, writer = await service.raw()
    writer.write(ASKING)
    await begun(service, 1)

    await asyncio.wait_for(service.server.finish(0.1), PATIENCE)

    assert await is_over(reader)
    writer.close()


@with_service()
async def test_open_streams_are_nothing_to_wait_for(service: Service) -> None:
    async with service.listening("sse"), service.listening("websocket"):
        assert len(service.under_way) == 0
