"""How many streams one user may have, and all users together; how much may wait for them."""

from contextlib import AsyncExitStack

import pytest

from handlers import hub as hub_module
from handlers.errors import Unavailable
from tests.handlers.streaming import Service, until, with_service


@pytest.mark.parametrize("kind", ["websocket", "sse"])
@with_service(per_user=2)
async def test_one_socket_too_many_is_closed_for_good(service: Service, kind: str) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(service.listening(kind))
        async with service.socket() as client:
            await client.say(type="auth", token=service.token("ada"))
            assert await client.end() == (4504, "too many open streams of this user")


@with_service(per_user=1)
async def test_one_sse_stream_too_many_is_refused(service: Service) -> None:
    async with service.listening("websocket"), service.sse(Authorization=f"Bearer {service.token()}") as client:
        assert client.status == 429
        assert (await client.body())["error"]["code"] == "too_many_streams"


@with_service(per_user=1)
async def test_room_that_is_given_back_is_there_again_and_others_have_their_own(service: Service) -> None:
    async with service.listening("sse"), service.listening("sse", user="grace"):
        pass
    await until(lambda: service.hub.standing().connections["sse"] == 0)
    async with service.listening("websocket") as client:
        assert client.greeting["type"] == "authenticated"


@pytest.mark.parametrize("kind", ["websocket", "sse"])
@with_service(in_all=2)
async def test_a_stream_that_there_is_no_room_for_is_told_to_come_back(service: Service, kind: str) -> None:
    async with service.listening("sse"), service.listening("websocket", user="grace") as kept:
        async with service.listening(kind, user="alan", greeted=False) as client:
            code, retry_ms = await client.farewell()
            assert code == 4013
            assert retry_ms is not None
            assert 10_000 <= retry_ms <= 30_000
        await service.tell("grace", "still here")
        assert await kept.titles(1) == ["still here"]


@with_service(in_all=1)
async def test_room_that_one_left_is_anybodys(service: Service) -> None:
    async with service.listening("sse"):
        pass
    await until(lambda: service.hub.size == 0)
    async with service.listening("sse", user="grace") as client:
        assert client.greeting["user_id"] == "grace"


@with_service()
async def test_of_too_many_who_do_not_say_who_they_are_the_oldest_go(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "STRANGERS", 2)
    async with service.joined("ada") as known, service.socket() as first, service.socket() as second:
        async with service.socket() as third:
            assert (await first.farewell())[0] == 4013
            for client in (second, third):
                await client.say(type="auth", token=service.token("grace"))
                assert (await client.next())["user_id"] == "grace"
        await service.tell("ada", "still here")
        assert await known.titles(1) == ["still here"]


@with_service(most_waiting=300_000, send_buffer=4096)
async def test_past_what_may_wait_for_all_those_with_most_are_cut(service: Service) -> None:
    async with service.slow_socket("ada") as much, service.slow_socket("grace") as little:
        await service.tell("grace", "x" * 50_000)
        await service.tell("ada", *("x" * 50_000 for _ in range(7)))
        await until(lambda: len(service.hub.slow) == 2)
        await service.settled()
        assert service.hub.standing().cut == {}
        service.pass_time(0.25)
        assert service.hub.standing().cut == {4008: 1}
        assert (await much.until_closed())[1] == 4008
        assert len((await little.next())["title"]) == 50_000
        await until(lambda: not service.hub.slow)


@with_service()
async def test_while_nobody_can_tell_whose_a_token_is_an_event_source_is_asked_to_come_back(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_keys(_: str) -> None:
        raise Unavailable("keys_unavailable", "The keys can't be fetched now.")

    monkeypatch.setattr(service.authenticator, "verify", no_keys)
    for kind in ("websocket", "sse"):
        async with service.listening(kind, greeted=False) as client:
            code, retry_ms = await client.farewell()
            assert code == 4020
            assert retry_ms
