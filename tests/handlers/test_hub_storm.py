"""Two thousand clients that lose their connection at once come back spread out, and miss nothing."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

from handlers.codes import RETURNS_PER_SECOND
from tests.handlers.streaming import Service, with_service

CLIENTS = 2_000


def busiest(times_ms: list[int], window_ms: int) -> int:
    """The most returns that fall into one window."""
    return max(Counter(time // window_ms for time in times_ms).values())


@with_service()
async def test_a_stop_sends_them_away_over_seconds_and_all_resume(service: Service) -> None:
    users = [f"user-{number:03}" for number in range(100)]
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(service.listening("sse", user=users[number % len(users)]))
            for number in range(CLIENTS)
        ]
        draining = asyncio.create_task(service.hub.drain(0))
        farewells = [await client.farewell() for client in clients]
        await draining
    assert {code for code, _ in farewells} == {4000}
    times = [retry_ms for _, retry_ms in farewells if retry_ms is not None]
    assert len(times) == CLIENTS
    assert busiest(times, 1_000) <= RETURNS_PER_SECOND
    assert min(times) >= 500, "a restart takes a moment"

    for user in users:
        await service.tell(user, "missed")
    service.hub.draining = False
    async with AsyncExitStack() as stack:
        for number, client in enumerate(clients):
            again = await stack.enter_async_context(
                service.listening("sse", client.greeting["cursor"], users[number % len(users)])
            )
            assert again.greeting["recovered"] is True
            assert await again.titles(1) == ["missed"]


@with_service()
async def test_after_a_kill_each_event_source_waits_a_time_of_its_own(service: Service) -> None:
    times = []
    for _ in range(500):
        async with service.sse(Authorization=f"Bearer {service.token()}") as client:
            await client.next()
            times.append(client.retry_ms or 0)
    assert all(1_000 <= time <= 3_000 for time in times)
    assert busiest(times, 100) <= len(times) / 8
