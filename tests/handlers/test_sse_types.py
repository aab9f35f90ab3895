"""`?types=`: only what one wants, with nothing missed of it."""

import pytest

from storage.records import Draft
from tests.handlers.streaming import Service, with_service


def bearer(service: Service) -> str:
    return f"Bearer {service.token('ada')}"


MIXED = [Draft("new_data", {"title": "a"}), Draft("problem", {"title": "b"}), Draft("notification", {"title": "c"})]


@with_service()
async def test_streams_with_different_filters_get_each_their_own(service: Service) -> None:
    who = bearer(service)
    async with (
        service.sse("?types=new_data", Authorization=who) as data,
        service.sse("?types=notification,new_data", Authorization=who) as two,
        service.sse(Authorization=who) as everything,
    ):
        for client in (data, two, everything):
            assert (await client.next())["event"] == "authenticated"
        for _ in range(3):
            await service.append("ada", *MIXED)
        assert await data.titles(3) == ["a"] * 3
        assert await two.titles(6) == ["a", "c"] * 3
        assert await everything.titles(9) == ["a", "b", "c"] * 3


@with_service()
async def test_history_is_filtered_too(service: Service) -> None:
    for _ in range(200):
        await service.append("ada", *MIXED)
    query = f"?types=problem&cursor={service.database.epoch}-0"
    async with service.sse(query, Authorization=bearer(service)) as client:
        assert (await client.next())["recovered"] is True
        assert await client.titles(200) == ["b"] * 200
        await service.append("ada", *MIXED)
        assert await client.titles(1) == ["b"]


@pytest.mark.parametrize("types", ["New", "a,,b", "a b", "x" * 65, ",".join(f"t{n}" for n in range(65)), "a%0Ab"])
@with_service()
async def test_what_is_no_type_is_refused(service: Service, types: str) -> None:
    async with service.sse(f"?types={types.replace(' ', '%20')}", Authorization=bearer(service)) as client:
        assert client.status == 400
        assert (await client.body())["error"]["code"] == "bad_types"


@with_service()
async def test_an_empty_filter_is_none(service: Service) -> None:
    async with service.sse("?types=", Authorization=bearer(service)) as client:
        await client.next()
        await service.append("ada", *MIXED)
        assert await client.titles(3) == ["a", "b", "c"]
