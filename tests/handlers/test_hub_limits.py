"""How many streams one user may have."""

from contextlib import AsyncExitStack

import pytest

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
