"""From any thread to the loop, and what the hub makes of events that come twice, too early or too late."""

import asyncio
import threading

import pytest

from storage.records import Event
from tests.handlers.streaming import Service, until, with_service

KINDS = ["websocket", "sse"]


def untold(service: Service) -> None:
    """What is committed from here on is published by the test, as it likes."""
    service.database.publish = None


@pytest.mark.parametrize("kind", KINDS)
@with_service()
async def test_an_event_that_is_published_twice_is_sent_once(service: Service, kind: str) -> None:
    async with service.listening(kind) as client:
        written = await service.tell("ada", "one", "two")
        service.hub.publish(written)
        service.hub.publish(written[:1])
        await service.tell("ada", "three")
        assert await client.titles(3) == ["one", "two", "three"]


@pytest.mark.parametrize("kind", KINDS)
@with_service()
async def test_what_is_missing_before_an_event_is_read_from_the_log(service: Service, kind: str) -> None:
    async with service.listening(kind) as client:
        untold(service)
        written = await service.tell("ada", "one", "two", "three", "four")
        service.hub.publish(written[2:3])
        assert await client.titles(4) == ["one", "two", "three", "four"], "all that the log has by then"
        service.hub.publish(written)
        (five,) = await service.tell("ada", "five")
        service.hub.publish([five])
        assert await client.titles(1) == ["five"]


@with_service()
async def test_a_gap_is_filled_by_one_reading_for_all_streams(service: Service) -> None:
    async with service.listening("websocket") as one, service.listening("sse") as other:
        untold(service)
        service.readers.holding = True
        written = await service.tell("ada", "one", "two", "three")
        service.hub.publish(written[2:])
        await until(lambda: service.readers.waiting == 1)
        (four,) = await service.tell("ada", "four")
        service.hub.publish([four])
        await asyncio.sleep(0)
        assert service.readers.waiting == 1
        service.readers.release()
        for client in (one, other):
            assert await client.titles(4) == ["one", "two", "three", "four"]


@with_service()
async def test_events_that_overtook_each_other_are_sent_in_order(service: Service) -> None:
    async with service.listening("websocket") as client:
        untold(service)
        written = await service.tell("ada", *map(str, range(10)))
        for event in reversed(written):
            service.hub.publish([event])
        assert await client.titles(10) == [str(number) for number in range(10)]


@pytest.mark.parametrize("kind", KINDS)
@with_service()
async def test_a_gap_that_the_log_cannot_fill_sends_the_streams_away_to_resume(service: Service, kind: str) -> None:
    async with service.listening(kind) as client:
        service.hub.publish([Event("ada", 7, "notification", 0.0, b'{"title":"seven"}', service.database.epoch)])
        code, retry_ms = await client.farewell()
    assert code == 4020
    assert retry_ms is not None


@pytest.mark.parametrize("kind", KINDS)
@with_service()
async def test_an_unreadable_log_in_a_gap_sends_the_streams_away_to_resume(service: Service, kind: str) -> None:
    async with service.listening(kind) as client:
        untold(service)
        written = await service.tell("ada", "one", "two")
        service.readers.holding = True
        service.hub.publish(written[1:])
        await until(lambda: service.readers.waiting == 1)
        service.readers.fail(OSError("the disk is gone"))
        assert (await client.farewell())[0] == 4020


@with_service()
async def test_many_threads_wake_the_loop_once_while_it_is_busy(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service.listening("websocket") as client:
        untold(service)
        written = await service.tell("ada", *map(str, range(400)))
        loop = asyncio.get_running_loop()
        wakes: list[object] = []
        wake = loop.call_soon_threadsafe

        def counted(do: object, *args: object) -> object:
            wakes.append(do)
            return wake(do, *args)  # type: ignore[arg-type]

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        threads = [
            threading.Thread(target=lambda part=part: [service.hub.publish([event]) for event in part])
            for part in (written[start::4] for start in range(4))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()  # the loop stands still meanwhile
        assert len(wakes) == 1
        monkeypatch.undo()
        assert await client.titles(400) == [str(number) for number in range(400)]


@with_service()
async def test_nobody_is_woken_for_people_without_streams(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async with service.listening("websocket", user="ada"):
        loop = asyncio.get_running_loop()
        untold(service)
        written = await service.tell("grace", "one")
        monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *_: pytest.fail("woken"))
        service.hub.publish(written)


@with_service()
async def test_what_queues_up_goes_out_in_one_send(service: Service) -> None:
    async with service.listening("websocket") as one, service.listening("sse") as other:
        await service.tell("ada", *map(str, range(100)))
        for client in (one, other):
            assert await client.titles(100) == [str(number) for number in range(100)]
        standing = service.hub.standing()
        assert (standing.events, standing.sent, standing.joined, standing.waiting) == (100, 200, 198, 0)


@with_service()
async def test_more_than_may_queue_up_is_read_from_the_log(service: Service) -> None:
    async with service.listening("sse") as client:
        expected = [str(number) for number in range(6000)]
        before = service.readers.asked
        await service.tell("ada", *expected)
        assert await client.titles(6000) == expected
        assert service.readers.asked > before


def test_publishing_to_a_loop_that_is_closed_does_no_harm(tmp_path: object) -> None:
    kept: list[Service] = []

    @with_service()
    async def story(service: Service) -> None:
        async with service.listening("websocket"):
            kept.append(service)

    story(tmp_path=tmp_path)
    hub = kept[0].hub
    event = Event("ada", 1, "notification", 0.0, b"{}", "e")
    hub._audiences["ada"] = None  # type: ignore[assignment]  # as if a stream had been left over
    hub.publish([event])
