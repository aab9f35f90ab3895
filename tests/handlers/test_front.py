"""The way in stays open: sockets that say nothing, or hardly anything, keep nobody out."""

import asyncio
from contextlib import AsyncExitStack, suppress

from handlers.silent import Silent
from tests.handlers.stream_clients import PATIENCE
from tests.handlers.streaming import Service, until, with_service


async def left(reader: asyncio.StreamReader) -> bytes:
    """What the server still says before it hangs up."""
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionResetError):
            return await reader.read()
    return b""


@with_service()
async def test_of_too_many_silent_sockets_the_oldest_go_and_whoever_speaks_is_heard(service: Service) -> None:
    service.newcomers._most = 50
    silent = [await service.raw() for _ in range(150)]
    await until(lambda: len(service.newcomers) == 50)
    async with service.joined("ada") as client:
        assert client.greeting["user_id"] == "ada"
    assert [await left(reader) for reader, _ in silent[:101]] == [b""] * 101
    assert not any(reader.at_eof() for reader, _ in silent[101:])
    for _, writer in silent:
        writer.close()


@with_service(newcomers=Silent(patience=0.4))
async def test_headers_that_come_byte_by_byte_are_not_waited_for_for_ever(service: Service) -> None:
    reader, writer = await service.raw()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for byte in b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"x" * 1000:
        if reader.at_eof() or writer.is_closing():
            break
        writer.write(bytes([byte]))
        await asyncio.sleep(0.02)
    assert await left(reader) == b""
    assert 0.3 < loop.time() - began < PATIENCE
    assert len(service.newcomers) == 0


@with_service(newcomers=Silent(patience=0.2))
async def test_who_has_asked_is_no_newcomer_any_more(service: Service) -> None:
    async with service.joined("ada") as socket, service.listening("sse") as sse:
        await asyncio.sleep(0.5)
        await service.tell("ada", "one")
        assert await socket.titles(1) == await sse.titles(1) == ["one"]


@with_service(resting=Silent(patience=0.4))
async def test_a_connection_that_was_answered_may_rest_for_a_while_only(service: Service) -> None:
    reader, writer = await service.raw()
    loop = asyncio.get_running_loop()
    for wait in (0.0, 0.2, 0.2, 0.2):  # each answer begins another rest
        await asyncio.sleep(wait)
        writer.write(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"}}")).startswith(b"HTTP/1.1 404")
    assert len(service.resting) == 1
    began = loop.time()
    writer.write(b"GET /nothing HTTP/1.1\r\nHost: ")  # what doesn't end is no request
    assert await left(reader) == b""
    assert 0.3 < loop.time() - began < PATIENCE
    assert len(service.resting) == 0


@with_service()
async def test_of_connections_that_closed_nothing_is_kept(service: Service) -> None:
    _, silent = await service.raw()
    reader, writer = await service.raw()
    writer.write(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"}}")
    await until(lambda: (len(service.newcomers), len(service.resting)) == (1, 1))
    silent.close()
    writer.close()
    await until(lambda: len(service.newcomers) + len(service.resting) == 0)


@with_service(most_connections=3)
async def test_a_connection_that_there_is_no_room_for_is_told_when_to_come_back(service: Service) -> None:
    async with AsyncExitStack() as stack:
        for kind in ("sse", "websocket"):  # open streams count
            await stack.enter_async_context(service.listening(kind))
        _, silent = await service.raw()
        await until(lambda: len(service.newcomers) == 1)
        reader, _ = await service.raw()
        answer = (await left(reader)).decode()
        assert answer.startswith("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n")
        silent.close()
        await until(lambda: len(service.server._connections) == 0)
        async with service.sse(Authorization=f"Bearer {service.token()}") as client:
            assert client.status == 200
