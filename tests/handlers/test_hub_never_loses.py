"""Everything at once: many writers, clients of both kinds that come and go as they like, walks in tiny slices."""

import asyncio
from random import Random

from tests.handlers.streaming import Service, in_small_slices, with_service

USERS = ("ada", "grace", "alan")
EVENTS = 300


@with_service(slices=in_small_slices())
async def test_every_client_gets_every_event_once_and_in_order(service: Service) -> None:
    chance = Random(5)

    async def write(user: str) -> None:
        told = 0
        while told < EVENTS:
            count = min(chance.choice([1, 1, 1, 2, 20]), EVENTS - told)
            await service.tell(user, *(f"{user} {number}" for number in range(told, told + count)))
            told += count
            await asyncio.sleep(chance.choice([0, 0, 0.002]))

    async def read(user: str, kind: str) -> list[str]:
        """Comes back again and again, each time after what it saw last, until it has seen all."""
        seen: list[str] = []
        cursor = f"{service.database.epoch}-0"
        while len(seen) < EVENTS:
            async with service.listening(kind, cursor, user) as client:
                assert client.greeting["recovered"] is True
                for _ in range(min(chance.randint(1, 60), EVENTS - len(seen))):
                    event = await client.next()
                    seen.append(event["title"])
                    cursor = event["cursor"]
        return seen

    readers = [read(user, kind) for user in USERS for kind in ("websocket", "sse") for _ in range(6)]
    writers = [write(user) for user in USERS for _ in range(1)]
    everything = await asyncio.gather(*readers, *writers)
    for number, user in enumerate(USERS):
        expected = [f"{user} {one}" for one in range(EVENTS)]
        for seen in everything[number * 12 : number * 12 + 12]:
            assert seen == expected
    assert service.hub.standing().cut == {}
