"""What clients may say on a WebSocket, and what they get for saying anything else."""

import json

from tests.handlers.streaming import Service, with_service


@with_service()
async def test_a_ping_is_answered(service: Service) -> None:
    async with service.joined() as client:
        await client.say(type="ping")
        assert await client.next() == {"type": "pong"}


@with_service()
async def test_an_unknown_type_is_an_error_and_no_more(service: Service) -> None:
    async with service.joined() as client:
        await client.say(type="dance")
        assert await client.next() == {
            "type": "error",
            "code": "unknown_type",
            "message": "There is no such type of message.",
        }
        await client.say(type="ping")
        assert await client.next() == {"type": "pong"}


@with_service()
async def test_what_cannot_be_read_ends_the_socket_for_good(service: Service) -> None:
    deep = "[" * 20_000
    for message in ("{", "[]", '"auth"', "{}", '{"type":1}', deep, b'{"type":"ping"}', '{"type":"auth"}'):
        async with service.joined() as client:
            await client.connection.send(message)
            assert (await client.end())[0] == 4502, message[:20]
    assert service.hub.standing().cut == {4502: 8}


@with_service()
async def test_a_message_of_64_kib_is_read(service: Service) -> None:
    message = json.dumps({"type": "ping", "padding": ""})
    async with service.joined() as client:
        await client.connection.send(message.replace('""', f'"{"x" * (64 * 1024 - len(message))}"'))
        assert await client.next() == {"type": "pong"}


@with_service()
async def test_a_longer_message_is_refused_before_it_is_read(service: Service) -> None:
    async with service.slow_socket() as client:
        client.send(bytes([0x81, 0xFF]) + (64 * 1024 + 1).to_bytes(8) + b"mask")
        messages, code, _ = await client.until_closed()
    assert (messages, code) == ([], 4502)


@with_service()
async def test_a_message_that_grows_too_long_in_pieces_is_refused(service: Service) -> None:
    async with service.slow_socket() as client:
        piece = bytes(40 * 1024)
        client.send(bytes([0x01, 0xFE]) + len(piece).to_bytes(2) + bytes(4) + piece)
        client.send(bytes([0x80, 0xFE]) + len(piece).to_bytes(2) + bytes(4))
        _, code, _ = await client.until_closed()
    assert code == 4502


@with_service()
async def test_two_hundred_messages_at_once_are_heard_and_more_are_too_many(service: Service) -> None:
    async with service.joined() as client:
        for _ in range(199):  # the auth was one
            await client.say(type="ping")
        for _ in range(199):
            assert await client.next() == {"type": "pong"}
        await client.say(type="ping")
        code, reason = await client.end()
    assert code == 4013
    assert 10_000 <= json.loads(reason)["retry_after_ms"] <= 30_000


@with_service()
async def test_twenty_messages_a_second_can_go_on_for_ever(service: Service) -> None:
    async with service.joined() as client:
        for _ in range(30):
            for _ in range(20):
                await client.say(type="ping")
            for _ in range(20):
                assert await client.next() == {"type": "pong"}
            service.pass_time(1)


@with_service()
async def test_a_long_silence_saves_up_no_more_than_two_hundred(service: Service) -> None:
    async with service.joined() as client:
        service.pass_time(60)
        for _ in range(202):
            await client.say(type="ping")
        assert (await client.end())[0] == 4013


@with_service()
async def test_pings_of_the_protocol_count_too(service: Service) -> None:
    async with service.slow_socket() as client:
        client.send(bytes([0x89, 0x80, 0, 0, 0, 0]) * 300)
        opcode, payload = await client.frame()
        while opcode == 10:
            opcode, payload = await client.frame()
        assert (opcode, payload[:2]) == (8, (4013).to_bytes(2))
