"""Pings find the dead."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from tests.handlers.streaming import Service, until, with_service

PING, PONG = (9, b""), bytes([0x8A, 0x80, 0, 0, 0, 0])


@with_service()
async def test_a_socket_is_pinged_every_25_seconds(service: Service) -> None:
    async with service.slow_socket() as client:
        service.pass_time(25)  # the first one comes earlier, so that streams that came together don't beat together
        assert await client.frame() == PING
        (stream,) = service.hub.streams()
        for _ in range(3):
            client.send(PONG)
            await until(lambda: stream.next_beat > service.clock.elapsed() + 10)
            beat = stream.next_beat
            service.pass_time(beat - service.clock.elapsed() - 0.5)
            assert beat - service.clock.elapsed() == 0.5
            service.pass_time(0.75)
            assert await client.frame() == PING
            assert service.clock.elapsed() - beat < 0.5


@with_service()
async def test_who_does_not_answer_within_ten_seconds_is_asked_to_come_back(service: Service) -> None:
    async with service.slow_socket() as client:
        service.pass_time(25)
        assert await client.frame() == PING
        service.pass_time(9)
        assert service.hub.standing().cut == {}
        service.pass_time(1.5)
        messages, code, reason = await client.until_closed()
    assert (messages, code) == ([], 4010)
    assert "retry_after_ms" in json.loads(reason)


@with_service()
async def test_who_answers_stays(service: Service) -> None:
    async with service.joined() as client:
        for _ in range(100):
            service.pass_time(5)
            await client.say(type="ping")
            assert await client.next() == {"type": "pong"}
        assert service.hub.standing().cut == {}


@with_service(send_buffer=8192)
async def test_who_takes_bytes_is_alive_though_the_ping_lies_behind_them(service: Service) -> None:
    async with service.slow_socket() as client:
        await service.tell("ada", *(f"{number} " + "x" * 10_000 for number in range(60)))
        (stream,) = service.hub.streams()
        await until(lambda: stream.queued is not None)
        service.pass_time(25)
        for number in range(60):
            assert (await client.next())["title"].startswith(f"{number} ")
            service.pass_time(0.5)
        assert service.hub.standing().cut == {}


@with_service(send_buffer=8192)
async def test_the_answer_to_a_clients_ping_waits_its_turn_and_cuts_nothing_in_two(service: Service) -> None:
    async with service.slow_socket() as client:
        texts = [f"{number} " + "x" * 10_000 for number in range(60)]
        await service.tell("ada", *texts)
        (stream,) = service.hub.streams()
        await service.settled()
        client.send(bytes([0x89, 0x82, 0, 0, 0, 0]) + b"hi")
        await until(lambda: stream.queued is not None and stream.queued[-1:] == [b"\x8a\x02hi"])
        for text in texts:
            opcode, payload = await client.frame()
            assert opcode == 1
            assert json.loads(payload)["title"] == text
        assert await client.frame() == (10, b"hi")


@with_service()
async def test_a_client_that_is_gone_is_forgotten(service: Service) -> None:
    async with service.joined():
        assert service.hub.standing().users["websocket"] == 1
    await until(lambda: service.hub.standing().connections["websocket"] == 0)
    assert service.hub.standing().users["websocket"] == 0


@with_service()
async def test_one_failure_does_not_end_the_pings_of_all(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    tick, failed = service.hub.tick, asyncio.Event()

    def fail_once() -> None:
        monkeypatch.setattr(service.hub, "tick", tick)
        failed.set()
        raise RuntimeError("a bug")

    async with service.slow_socket() as client:
        with capture_logs() as logs:
            monkeypatch.setattr(service.hub, "tick", fail_once)
            await failed.wait()
            service.clock.advance(25)
            assert await client.frame() == PING
    assert "tick_failed" in {entry["event"] for entry in logs}
