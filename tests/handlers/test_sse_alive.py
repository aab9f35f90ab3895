"""Heartbeats keep an SSE stream open, and its cursor young."""

from tests.handlers.streaming import Service, with_service


def bearer(service: Service) -> str:
    return f"Bearer {service.token('ada')}"


@with_service()
async def test_a_comment_comes_every_twenty_seconds(service: Service) -> None:
    async with service.sse(Authorization=bearer(service)) as client:
        await client.next()
        service.pass_time(20)  # the first one comes earlier
        assert await client.block() == ":"
        (stream,) = service.hub.streams()
        for _ in range(3):
            beat = stream.next_beat
            service.pass_time(beat - service.clock.elapsed() - 0.5)
            assert stream.next_beat == beat
            service.pass_time(0.75)
            assert await client.block() == ":"
            assert 19.5 <= stream.next_beat - beat <= 20.5


@with_service()
async def test_with_a_filter_the_heartbeat_carries_the_cursor_past_what_was_held_back(service: Service) -> None:
    async with service.sse("?types=new_data", Authorization=bearer(service)) as client:
        await client.next()
        await service.tell("ada", "one", "two", type="notification")
        await service.tell("ada", "three", type="new_data")
        assert await client.titles(1) == ["three"]
        written = await service.tell("ada", "four", type="notification")
        await service.settled()
        service.pass_time(20)
        assert await client.block() == f":\nid: {written[-1].cursor}"
    resumed = {"Authorization": bearer(service), "Last_Event_ID": written[-1].cursor}
    async with service.sse("?types=new_data", **resumed) as client:
        assert (await client.next())["recovered"] is True
        await service.tell("ada", "five", type="new_data")
        assert await client.titles(1) == ["five"]


@with_service()
async def test_a_heartbeat_never_claims_what_has_not_been_sent(service: Service) -> None:
    await service.tell("ada", "one", type="new_data")
    service.readers.holding = True
    cursor = f"{service.database.epoch}-0"
    async with service.sse(f"?types=new_data&cursor={cursor}", Authorization=bearer(service)) as client:
        service.pass_time(20)
        assert await client.block() == ":", "its place isn't known yet"
        service.readers.release()
        await client.next()
        assert client.last_id == cursor
        assert await client.titles(1) == ["one"]


@with_service()
async def test_an_expired_token_ends_the_stream_in_words(service: Service) -> None:
    async with service.sse(Authorization=bearer(service)) as client:
        await client.next()
        service.pass_time(3600 - 59)
        while (block := await client.block()) == ":":
            pass
        assert block == 'event: token_expiring\ndata: {"type":"token_expiring","seconds":59}'
        service.pass_time(60)
        code, retry_ms = await client.farewell()
        assert code == 4001
        assert retry_ms == client.retry_ms
