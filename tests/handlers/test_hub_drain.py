"""A stop sends everybody away, spread out and told when to come back."""

import asyncio
import json
from contextlib import AsyncExitStack

from handlers import hub as hub_module
from tests.handlers.streaming import Service, until, with_service


@with_service()
async def test_every_stream_is_told_that_the_server_goes_and_when_to_come_back(service: Service) -> None:
    async with service.listening("websocket") as web, service.listening("sse") as sse, service.socket() as stranger:
        await until(lambda: service.hub.standing().connections["websocket"] == 2)
        draining = asyncio.create_task(service.hub.drain(0))
        for client in (web, sse):
            code, retry_ms = await client.farewell()
            assert code == 4000
            assert retry_ms is not None
            assert 500 <= retry_ms <= 2000
        assert (await stranger.end())[0] == 4000
        await draining
        assert service.hub.standing().cut == {4000: 3}
        assert service.hub.streams() == []


@with_service()
async def test_a_bare_event_source_is_told_by_retry(service: Service) -> None:
    async with service.sse(Authorization=f"Bearer {service.token()}") as client:
        await client.next()
        draining = asyncio.create_task(service.hub.drain(0))
        assert (await client.next())["retry_after_ms"] == client.retry_ms
        await draining


@with_service()
async def test_those_who_leave_together_do_not_return_together(service: Service) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(service.listening("sse")) for _ in range(40)]
        draining = asyncio.create_task(service.hub.drain(0))
        times = {(await client.farewell())[1] for client in clients}
        await draining
    assert len(times) > 30


@with_service()
async def test_the_end_is_spread_over_the_time_there_is(service: Service) -> None:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(service.listening("sse")) for _ in range(5)]
        began = loop.time()
        draining = asyncio.create_task(service.hub.drain(0.5))
        ends = []

        async def watch(client: object) -> None:
            await client.farewell()  # type: ignore[attr-defined]
            ends.append(loop.time() - began)

        await asyncio.gather(*map(watch, clients))
        await draining
    assert ends[-1] > 0.35
    assert ends[0] < ends[2] < ends[4]


@with_service()
async def test_who_comes_during_a_stop_is_sent_away(service: Service) -> None:
    service.hub.draining = True
    async with service.socket() as client:
        await client.say(type="auth", token=service.token())
        code, reason = await client.end()
        assert code == 4000
        assert "retry_after_ms" in json.loads(reason)
    async with service.sse(Authorization=f"Bearer {service.token()}") as client:
        assert (await client.farewell())[0] == 4000


@with_service()
async def test_who_does_not_close_when_told_is_not_waited_for(service: Service) -> None:
    async with service.slow_socket() as client:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await service.hub.drain(0)
        assert loop.time() - began < hub_module.LAST_CALL + 1
        _, code, _ = await client.until_closed()
        assert code == 4000
        await until(lambda: service.hub.streams() == [])


@with_service()
async def test_what_was_missed_during_the_stop_is_there_afterwards(service: Service) -> None:
    async with service.listening("websocket") as client:
        await service.tell("ada", "one")
        last = (await client.next())["cursor"]
        await service.hub.drain(0)
    await service.tell("ada", "two")
    service.hub.draining = False
    async with service.listening("sse", last) as client:
        assert await client.titles(1) == ["two"]


@with_service()
async def test_readings_that_a_stop_cancels_are_no_errors(service: Service) -> None:
    errors: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    async with service.listening("websocket"):
        service.database.publish = None
        written = await service.tell("ada", "one", "two")
        service.readers.holding = True
        service.hub.publish(written[1:])
        opening = service.opening("sse", "nonsense", greeted=False)
        await until(lambda: service.readers.waiting == 2)
        service.readers.cancel()
        async with opening:
            await service.hub.drain(0)
    assert errors == []
