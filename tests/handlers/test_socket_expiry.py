"""A stream ends with its token, unless a new one comes in time."""

import json

from tests.handlers.streaming import Service, with_service


@with_service()
async def test_a_minute_ahead_the_client_is_told(service: Service) -> None:
    async with service.joined() as client:
        service.pass_time(3600 - 61)
        await client.say(type="ping")
        assert await client.next() == {"type": "pong"}
        service.pass_time(1)
        assert await client.next() == {"type": "token_expiring", "seconds": 60}


@with_service()
async def test_an_expired_token_ends_the_stream_and_asks_to_come_back(service: Service) -> None:
    async with service.joined() as client:
        service.pass_time(3601)
        code, reason = await client.end()
    assert code == 4001
    assert 100 <= json.loads(reason)["retry_after_ms"] <= 1000


@with_service()
async def test_auth_again_extends_the_stream(service: Service) -> None:
    async with service.joined() as client:
        await service.tell("ada", "before")
        assert await client.titles(1) == ["before"]
        service.pass_time(3590)
        assert (await client.next())["type"] == "token_expiring"
        await client.say(type="auth", token=service.token("ada", seconds=3600))
        assert await client.next() == {
            "type": "authenticated",
            "user_id": "ada",
            "expires_at": "2027-01-15T09:59:50.000Z",
            "cursor": f"{service.database.epoch}-1",
        }
        service.pass_time(3000)
        await service.tell("ada", "after")
        assert await client.titles(1) == ["after"]
        service.pass_time(545)
        assert await client.next() == {"type": "token_expiring", "seconds": 55}


@with_service()
async def test_a_renewal_sends_nothing_again_whatever_cursor_it_brings(service: Service) -> None:
    await service.tell("ada", "one", "two")
    async with service.joined() as client:
        await client.say(type="auth", token=service.token("ada"), cursor=f"{service.database.epoch}-0")
        assert (await client.next())["cursor"] == f"{service.database.epoch}-2"
        await service.tell("ada", "three")
        assert await client.titles(1) == ["three"]


@with_service()
async def test_who_came_by_cookie_may_say_with_the_first_message_where_to_start(service: Service) -> None:
    await service.tell("ada", "one", "two")
    headers = {"Cookie": f"soulwire_session={service.token('ada')}", "Origin": service.origin}
    async with service.socket(additional_headers=headers) as client:
        assert (await client.next())["cursor"] == f"{service.database.epoch}-2"
        await client.say(type="auth", token=service.token("ada"), cursor=f"{service.database.epoch}-0")
        assert (await client.next())["recovered"] is True
        assert await client.titles(2) == ["one", "two"]


@with_service()
async def test_a_token_of_less_than_a_minute_is_warned_of_at_once(service: Service) -> None:
    async with service.socket() as client:
        await client.say(type="auth", token=service.token("ada", seconds=30))
        assert (await client.next())["type"] == "authenticated"
        service.pass_time(0.5)
        assert await client.next() == {"type": "token_expiring", "seconds": 30}


@with_service()
async def test_a_renewal_that_is_no_good_ends_the_stream(service: Service) -> None:
    async with service.joined() as client:
        await client.say(type="auth", token="nonsense")
        assert (await client.end())[0] == 4501
