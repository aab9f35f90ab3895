"""Attacks on the process: too large, too many, too slow. Each ends for its sender, and nobody else notices."""

import asyncio
import zlib
from contextlib import AsyncExitStack, suppress

import pytest

from tests.handlers.stream_clients import PATIENCE
from tests.handlers.streaming import Service, until, with_service

MIB = 1 << 20


async def said(reader: asyncio.StreamReader) -> bytes:
    """All that the server says until it hangs up."""
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionResetError, BrokenPipeError):
            return await reader.read()
    return b""


@with_service()
async def test_a_frame_of_10_mb_is_refused_by_its_head(service: Service) -> None:
    async with service.joined("grace") as other, service.slow_socket("ada") as client:
        client.send(bytes([0x81, 0xFF]) + (10 * MIB).to_bytes(8) + b"mask")
        _, code, _ = await client.until_closed()
        assert code == 4502
        await other.say(type="ping")
        assert await other.next() == {"type": "pong"}


@with_service()
async def test_a_deflate_bomb_is_not_unpacked(service: Service) -> None:
    bomb = zlib.compress(bytes(50 * MIB))[2:-4]
    assert len(bomb) < 64 * 1024
    async with service.socket(compression="deflate") as client:
        assert client.connection.protocol.extensions == [], "nothing is agreed on that would have to be unpacked"
    async with service.slow_socket("ada") as slow:
        slow.send(bytes([0xC1, 0xFE]) + len(bomb).to_bytes(2) + bytes(4) + bomb)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await slow.frame()
    await until(lambda: service.hub.size == 0)


@with_service()
async def test_ten_thousand_subscriptions_are_ten_thousand_messages(service: Service) -> None:
    async with service.joined("ada") as client:
        with suppress(Exception):
            for number in range(10_000):
                await client.say(type="subscribe", id=str(number), table="scans")
        assert (await client.end())[0] == 4013
    await until(lambda: service.hub.size == 0)


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n" * 50_000,
        b"GET /ws HTTP/1.1\r\nHost: x\r\nX: " + b"\n" * 50_000,
        b"GET /ws HTTP/1.1\nHost: x\nX: y\n Folded: z\n\n",
        b"GET /api/sse/stream HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"x" * 100_000,
        b"\x00" * 100_000,
    ],
    ids=["newlines", "newlines in a header", "folded", "many headers", "long address", "zeros"],
)
@with_service()
async def test_headers_that_are_none_end_the_connection(service: Service, request_: bytes) -> None:
    reader, writer = await service.raw()
    with suppress(ConnectionResetError, BrokenPipeError):
        writer.write(request_)
        await writer.drain()
    answer = await said(reader)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431", b"HTTP/1.1 401", b"HTTP/1.1 426")), (
        answer[:60]
    )
    writer.close()
    async with service.joined() as client:
        assert client.greeting["user_id"] == "ada"


@with_service()
async def test_line_ends_in_an_address_become_no_headers(service: Service) -> None:
    evil = "%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a"
    for query in (f"?cursor={evil}", f"?types={evil}", f"?userId={evil}", f"?token={evil}", f"?ticket={evil}"):
        async with service.sse(query, Authorization=f"Bearer {service.token()}") as client:
            assert "set-cookie" not in client.headers
    async with service.sse(f"?cursor={evil}", Authorization=f"Bearer {service.token()}") as client:
        assert (await client.next())["reason"] == "malformed"


@with_service()
async def test_half_open_sockets_by_the_thousand_keep_nobody_out(service: Service) -> None:
    service.newcomers._most = 500
    half = [await service.raw() for _ in range(1_500)]
    for number, (_, writer) in enumerate(half):
        if number % 2 and not writer.is_closing():
            writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
    async with service.joined("ada") as client, service.listening("sse") as listener:
        assert len(service.newcomers) <= 500
        await service.tell("ada", "one")
        assert await client.titles(1) == await listener.titles(1) == ["one"]
    for _, writer in half:
        writer.close()


@with_service()
async def test_a_thousand_streams_of_one_user_are_all_told_and_others_notice_nothing(service: Service) -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(service.listening("websocket", user="grace"))
        clients = [await stack.enter_async_context(service.listening("sse")) for _ in range(1_000)]
        await service.tell("ada", "one")
        await service.tell("grace", "hers")
        assert await other.titles(1) == ["hers"]
        assert [await client.titles(1) for client in clients] == [["one"]] * 1_000
    await until(lambda: service.hub.size == 0)


@with_service(send_buffer=4096)
async def test_who_never_reads_is_cut_and_resumes_where_it_stopped(service: Service) -> None:
    async with service.listening("websocket") as reading, service.slow_socket("ada") as slow:
        cursor = slow.greeting["cursor"]
        for number in range(30):
            await service.tell("ada", f"{number} " + "x" * 50_000)
            assert (await reading.titles(1))[0].startswith(f"{number} ")
        await until(lambda: service.hub.standing().cut == {4008: 1})
        service.pass_time(6)
        await until(lambda: service.hub.size == 1)
        assert not service.hub.slow
    async with service.listening("sse", cursor) as again:
        assert [title.split()[0] for title in await again.titles(30)] == [str(number) for number in range(30)]
