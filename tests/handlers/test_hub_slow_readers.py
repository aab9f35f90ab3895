"""Who reads too slowly is cut, comes back and has missed nothing; the others never notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from handlers.front import UNSENT
from handlers.outbox import BUDGET
from tests.handlers.streaming import Service, until, with_service

LARGE = "x" * 30_000
ENOUGH = 60
"""Of them, to run over the budget and what the sockets hold."""


def numbered(count: int) -> list[str]:
    return [f"{number} {LARGE}" for number in range(count)]


@with_service(send_buffer=16_384)
async def test_over_the_budget_a_stream_is_told_to_come_back(service: Service) -> None:
    async with service.slow_socket() as slow:
        for text in numbered(ENOUGH):
            await service.tell("ada", text)
        await until(lambda: service.hub.standing().cut == {4008: 1})
        messages, code, reason = await slow.until_closed()
    assert code == 4008
    assert 1000 <= int(reason.removeprefix('{"retry_after_ms": ').removesuffix("}")) <= 5000
    assert [message["title"] for message in messages] == numbered(ENOUGH)[: len(messages)], "in order, and whole"
    assert 0 < len(messages) < ENOUGH

    async with service.listening("websocket", messages[-1]["cursor"]) as back:
        assert back.greeting["recovered"] is True
        rest = numbered(ENOUGH)[len(messages) :]
        assert await back.titles(len(rest)) == rest


@with_service()
async def test_the_kernel_keeps_little_of_what_is_not_read(service: Service) -> None:
    """Else megabytes for each such stream, which no budget counts."""
    async with service.slow_socket():
        told = 0
        while not service.hub.standing().cut:
            await service.tell("ada", LARGE)
            await service.settled()
            told += len(LARGE)
    assert BUDGET < told < BUDGET + 2 * UNSENT


@with_service(send_buffer=16_384)
async def test_sse_says_the_same_in_an_event_and_ends(service: Service) -> None:
    bearer = {"Authorization": f"Bearer {service.token('ada')}"}
    async with service.sse(receive_buffer=4096, **bearer) as slow:
        await slow.next()
        for text in numbered(ENOUGH):
            await service.tell("ada", text)
        await until(lambda: service.hub.standing().cut == {4008: 1})
        seen = 0
        while (event := await slow.next())["event"] != "close":
            assert event["title"] == f"{seen} {LARGE}"
            seen += 1
        assert event["code"] == 4008
        assert slow.retry_ms == event["retry_after_ms"]
        assert await slow.ended()
    async with service.listening("sse", slow.last_id) as back:
        rest = numbered(ENOUGH)[seen:]
        assert await back.titles(len(rest)) == rest


@pytest.mark.parametrize("kind", ["websocket", "sse"])
@with_service(send_buffer=16_384)
async def test_those_beside_a_slow_reader_get_everything(service: Service, kind: str) -> None:
    async with service.slow_socket(), service.listening(kind) as client:
        for text in numbered(ENOUGH):
            await service.tell("ada", text)
            assert await client.titles(1) == [text]
        assert service.hub.standing().cut == {4008: 1}


@with_service(send_buffer=16_384)
async def test_within_the_budget_a_slow_reader_is_left_in_peace(service: Service) -> None:
    async with service.slow_socket() as slow:
        count = BUDGET // len(LARGE) - 2
        await service.tell("ada", *numbered(count))
        await until(lambda: service.hub.standing().waiting == 0)
        assert [(await slow.next())["title"] for _ in range(count)] == numbered(count)
        assert service.hub.standing().cut == {}


@with_service(send_buffer=16_384)
async def test_what_waits_for_many_slow_readers_is_there_once(service: Service) -> None:
    async with service.slow_socket(), service.slow_socket():
        await service.tell("ada", *numbered(20))
        await until(lambda: service.hub.standing().waiting == 0)
        one, other = service.hub.streams()
        assert one.queued
        assert other.queued
        assert all(mine is theirs for mine, theirs in zip(reversed(one.queued), reversed(other.queued), strict=False))


@with_service(send_buffer=16_384)
async def test_a_long_history_is_read_on_only_as_its_reader_takes_it(service: Service) -> None:
    texts = numbered(200)  # 6 MB
    await service.tell("ada", *texts)
    cursor = f"{service.database.epoch}-0"
    async with service.slow_socket(cursor=cursor) as slow:
        (stream,) = service.hub.streams()
        most = 0
        for text in texts:
            assert (await slow.next())["title"] == text
            most = max(most, stream.unsent)
        assert most < BUDGET / 2
        await service.tell("ada", "live")
        assert (await slow.next())["title"] == "live"
        assert service.hub.standing().cut == {}


@with_service(send_buffer=16_384)
async def test_live_events_wait_behind_the_history_of_a_slow_reader(service: Service) -> None:
    texts = numbered(50)
    await service.tell("ada", *texts)
    async with service.slow_socket(cursor=f"{service.database.epoch}-0") as slow:
        live = [f"live {number} {LARGE}" for number in range(50)]
        for text in live:
            await service.tell("ada", text)
        assert [(await slow.next())["title"] for _ in range(100)] == texts + live
        assert service.hub.standing().cut == {}


@pytest.mark.parametrize("kind", ["websocket", "sse"])
@with_service(send_buffer=16_384)
async def test_a_reader_that_is_cut_and_never_reads_is_dropped(service: Service, kind: str) -> None:
    loop = asyncio.get_running_loop()
    async with _deaf(service, kind):
        for text in numbered(ENOUGH):
            await service.tell("ada", f"{text}{LARGE}")
        await until(lambda: service.hub.standing().cut == {4008: 1})
        service.pass_time(4.5)
        assert service.hub.standing().connections[kind] == 1, "it may still take what is on its way"
        cut_at = loop.time()
        service.pass_time(1)
        await until(lambda: service.hub.standing().connections[kind] == 0)
        assert loop.time() - cut_at < 3, "by our clock, not by another"


@asynccontextmanager
async def _deaf(service: Service, kind: str) -> AsyncIterator[None]:
    """A stream of whose socket nobody reads another byte."""
    if kind == "websocket":
        async with service.slow_socket():
            yield
    else:
        async with service.sse(receive_buffer=4096, Authorization=f"Bearer {service.token()}") as client:
            await client.next()
            client.pause()
            yield
