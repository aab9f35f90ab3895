"""History, then live: nothing missed, nothing twice, and never a part."""

from pathlib import Path

import pytest

from storage import events
from tests.handlers.streaming import Service, until, with_service

KINDS = ["websocket", "sse"]
both = pytest.mark.parametrize("kind", KINDS)


@both
@with_service()
async def test_a_client_that_comes_back_gets_what_it_missed_and_then_what_happens(service: Service, kind: str) -> None:
    first, *_ = await service.tell("ada", "one", "two", "three")
    async with service.listening(kind, first.cursor) as client:
        assert client.greeting["recovered"] is True
        assert client.greeting["cursor"] == first.cursor
        assert "reason" not in client.greeting
        await service.tell("ada", "four")
        assert await client.titles(3) == ["two", "three", "four"]


@both
@with_service()
async def test_who_asks_for_nothing_begins_with_now(service: Service, kind: str) -> None:
    await service.tell("ada", "one", "two")
    async with service.listening(kind) as client:
        assert client.greeting["cursor"] == f"{service.database.epoch}-2"
        assert "recovered" not in client.greeting
        await service.tell("ada", "three")
        assert await client.titles(1) == ["three"]


@both
@with_service()
async def test_who_missed_nothing_is_told_so(service: Service, kind: str) -> None:
    (event,) = await service.tell("ada", "one")
    async with service.listening(kind, event.cursor) as client:
        assert client.greeting["recovered"] is True
        await service.tell("ada", "two")
        assert await client.titles(1) == ["two"]


@both
@with_service()
async def test_a_cursor_that_is_no_good_recovers_nothing_and_says_why(service: Service, kind: str) -> None:
    written = await service.tell("ada", "one", "two", "three", "four")
    await _prune(service, keep=2)
    epoch = service.database.epoch
    for cursor, reason in {
        "nonsense": "malformed",
        f"{epoch}-": "malformed",
        f"{epoch}--1": "malformed",
        f"{'0' * len(epoch)}-2": "epoch",
        f"{epoch}-5": "ahead",
        f"{epoch}-1": "expired",
    }.items():
        async with service.listening(kind, cursor) as client:
            assert (client.greeting["recovered"], client.greeting["reason"]) == (False, reason), cursor
            assert client.greeting["cursor"] == written[-1].cursor
    async with service.listening(kind, f"{epoch}-2") as client:
        assert client.greeting["recovered"] is True, "everything after it is still there"
        assert await client.titles(2) == ["three", "four"]


@both
@with_service()
async def test_after_a_reset_the_stream_goes_on_live(service: Service, kind: str) -> None:
    await service.tell("ada", "one")
    async with service.listening(kind, "nonsense") as client:
        await service.tell("ada", "two")
        assert await client.titles(1) == ["two"]


@both
@with_service()
async def test_a_long_history_comes_in_pages(service: Service, kind: str) -> None:
    expected = [f"{number}" for number in range(1000)]
    await service.tell("ada", *expected)
    async with service.listening(kind, f"{service.database.epoch}-0") as client:
        assert await client.titles(1000) == expected
        await service.tell("ada", "live")
        assert await client.titles(1) == ["live"]


@both
@with_service()
async def test_what_happens_while_history_is_read_is_neither_lost_nor_doubled(service: Service, kind: str) -> None:
    first, *_ = await service.tell("ada", "one", "two")
    async with service.listening("websocket") as live:
        service.readers.holding = True
        opening = service.opening(kind, first.cursor)
        await until(lambda: service.readers.waiting == 1)
        await service.tell("ada", "before the reading")
        assert await live.titles(1) == ["before the reading"], "dispatched: so the new stream holds it"
        service.readers.release()
        await service.tell("ada", "after the reading")
        async with opening as client:
            assert client.greeting["recovered"] is True
            assert await client.titles(3) == ["two", "before the reading", "after the reading"]


@both
@with_service()
async def test_what_is_dispatched_after_the_reading_and_before_its_answer_is_held(service: Service, kind: str) -> None:
    first, *_ = await service.tell("ada", "one", "two")
    async with service.listening("websocket") as live:
        service.readers.holding = True
        opening = service.opening(kind, first.cursor)
        await until(lambda: service.readers.waiting == 1)
        answer = service.readers.read()
        await service.tell("ada", "three")
        assert await live.titles(1) == ["three"]
        answer()
        async with opening as client:
            assert await client.titles(2) == ["two", "three"]


@both
@with_service()
async def test_a_newcomer_who_read_ahead_of_the_dispatch_takes_nothing_from_the_others(
    service: Service, kind: str
) -> None:
    async with service.listening("websocket") as live:
        await service.tell("ada", "one")
        assert await live.titles(1) == ["one"]
        service.database.publish = None
        (two,) = await service.tell("ada", "two")
        async with service.listening(kind, f"{service.database.epoch}-0") as newcomer:
            assert await newcomer.titles(2) == ["one", "two"]
            service.hub.publish([two])
            assert await live.titles(1) == ["two"]
            (three,) = await service.tell("ada", "three")
            service.hub.publish([three])
            assert await live.titles(1) == await newcomer.titles(1) == ["three"]


@both
@with_service()
async def test_of_two_that_come_together_the_one_that_read_earlier_misses_nothing(service: Service, kind: str) -> None:
    await service.tell("ada", "one")
    service.database.publish = None
    service.readers.holding = True
    early = service.opening(kind)
    await until(lambda: service.readers.waiting == 1)
    answer_early = service.readers.read()
    late = service.opening(kind)
    await until(lambda: service.readers.waiting == 1)
    (two,) = await service.tell("ada", "two")
    service.readers.release()
    await until(lambda: len(service.hub.streams()) == 2)
    async with late as late_client:
        service.hub.publish([two])
        await service.settled()
        answer_early()
        async with early as early_client:
            assert await early_client.titles(1) == ["two"]
            (three,) = await service.tell("ada", "three")
            service.hub.publish([three])
            assert await early_client.titles(1) == await late_client.titles(1) == ["three"]


@both
@with_service()
async def test_a_newcomer_without_a_cursor_costs_no_reading_when_others_are_there(service: Service, kind: str) -> None:
    await service.tell("ada", "one")
    async with service.listening("websocket") as first:
        service.readers.holding = True
        async with service.listening(kind) as second, service.listening(kind, first.greeting["cursor"]) as third:
            assert "recovered" not in second.greeting
            assert third.greeting["recovered"] is True
            assert first.greeting["cursor"] == second.greeting["cursor"] == third.greeting["cursor"]
            await service.tell("ada", "two")
            for client in (first, second, third):
                assert await client.titles(1) == ["two"]


@both
@with_service()
async def test_a_stream_that_finds_itself_behind_reads_what_it_lacks(service: Service, kind: str) -> None:
    """As when another process has written: the first event that is dispatched here is not the next one."""
    async with service.listening(kind) as client, service.listening("websocket") as other:
        service.database.publish = None
        written = await service.tell("ada", "one", "two", "three")
        for stream in service.hub.streams():
            if stream.kind == kind:
                assert stream.audience is not None
                stream.audience.head = stream.audience.last = written[1].offset
        service.hub.publish(written[2:])
        assert await client.titles(3) == ["one", "two", "three"]
        assert await other.titles(3) == ["one", "two", "three"]


@both
@with_service()
async def test_more_than_is_held_is_read_from_the_log_instead(service: Service, kind: str) -> None:
    await service.tell("ada", "one", "two")
    expected = ["two"]
    async with service.listening("websocket") as live:
        service.readers.holding = True
        opening = service.opening(kind, f"{service.database.epoch}-1")
        await until(lambda: service.readers.waiting == 1)
        answer = service.readers.read()
        for number in range(20):  # 600 KB
            expected.append(f"{number} " + "x" * 30_000)
            await service.tell("ada", expected[-1])
            await live.titles(1)
        answer()
        await until(lambda: service.readers.waiting == 1)
        expected.append("while it reads again")
        await service.tell("ada", expected[-1])
        await live.titles(1)
        service.readers.holding = False
        service.readers.release()
        async with opening as client:
            assert await client.titles(22) == expected
            await until(lambda: all(stream.replay is None for stream in service.hub.streams()))


@both
@with_service()
async def test_who_comes_while_the_log_cannot_be_read_is_asked_to_come_back(service: Service, kind: str) -> None:
    service.readers.holding = True
    opening = service.opening(kind, "nonsense", greeted=False)
    await until(lambda: service.readers.waiting == 1)
    service.readers.fail(OSError("the disk is gone"))
    async with opening as client:
        code, retry_ms = await client.farewell()
    assert code == 4020
    assert retry_ms is not None


@both
@with_service()
async def test_history_that_is_pruned_under_its_reader_is_not_told_in_part(service: Service, kind: str) -> None:
    await service.tell("ada", *map(str, range(600)))
    service.readers.holding = True
    opening = service.opening(kind, f"{service.database.epoch}-0")
    await until(lambda: service.readers.waiting == 1)
    service.readers.release()
    await until(lambda: service.readers.waiting == 1)
    await _prune(service, keep=10)
    service.readers.release()
    async with opening as client:
        assert await client.titles(256) == [str(number) for number in range(256)]
        code, _ = await client.farewell()
    assert code == 4020


async def _prune(service: Service, keep: int) -> None:
    await service.write(lambda tx: events.prune(tx, 0.0, keep, 1000))


@pytest.mark.parametrize("kind", KINDS)
def test_a_cursor_is_good_after_a_restart(tmp_path: Path, kind: str) -> None:
    seen: list[str] = []

    @with_service()
    async def before(service: Service) -> None:
        (event,) = await service.tell("ada", "one")
        seen.append(event.cursor)
        await service.tell("ada", "two")

    @with_service()
    async def after(service: Service) -> None:
        await service.tell("ada", "three")
        async with service.listening(kind, seen[0]) as client:
            assert client.greeting["recovered"] is True
            assert await client.titles(2) == ["two", "three"]

    before(tmp_path=tmp_path)
    after(tmp_path=tmp_path)
