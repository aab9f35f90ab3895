"""What other threads resolve reaches the loop: all of it, in groups, and never by blocking it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from handlers.bridge import MOST_WAITING, Bridge
from handlers.errors import Unavailable
from storage.database import Database
from storage.trouble import StorageUnavailable


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path}/test.db", durability="normal")
    yield database
    database.close()


def run(database: Database, story: Callable[[Bridge], Any]) -> Any:
    async def tell() -> Any:
        bridge = Bridge(database)
        try:
            return await story(bridge)
        finally:
            bridge.close()

    return asyncio.run(tell())


def test_results_and_failures_come_back(database: Database) -> None:
    async def story(bridge: Bridge) -> None:
        assert await bridge.write(lambda tx: tx.one("SELECT 7")[0]) == 7
        assert await bridge.read(lambda tx: tx.one("SELECT 8")[0]) == 8
        with pytest.raises(ZeroDivisionError):
            await bridge.write(lambda tx: 1 / 0)

    run(database, story)


def test_many_that_resolve_together_wake_the_loop_once(database: Database) -> None:
    async def story(bridge: Bridge) -> None:
        loop = asyncio.get_running_loop()
        wakes: list[Any] = []
        wake = loop.call_soon_threadsafe

        def counted(callback: Any, *args: Any, **more: Any) -> Any:
            wakes.append(callback)
            return wake(callback, *args, **more)

        loop.call_soon_threadsafe = counted  # type: ignore[method-assign]
        futures: list[Future[int]] = [Future() for _ in range(500)]
        waiters = [bridge.wait(future) for future in futures]
        thread = threading.Thread(target=lambda: [future.set_result(n) for n, future in enumerate(futures)])
        thread.start()
        thread.join()  # the loop is held meanwhile, as a busy one is
        assert await asyncio.gather(*waiters) == list(range(500))
        assert len(wakes) == 1

    run(database, story)


def test_nothing_is_left_lying_when_threads_and_loop_meet(database: Database) -> None:
    async def story(bridge: Bridge) -> None:
        for _ in range(300):
            futures: list[Future[int]] = [Future() for _ in range(8)]
            waiters = [bridge.wait(future) for future in futures]
            threads = [threading.Thread(target=future.set_result, args=(1,)) for future in futures]
            for thread in threads:
                thread.start()
            async with asyncio.timeout(10):
                assert sum(await asyncio.gather(*waiters)) == 8
            for thread in threads:
                thread.join()

    run(database, story)


def test_whoever_went_away_harms_nobody(database: Database) -> None:
    async def story(bridge: Bridge) -> None:
        first: Future[int] = Future()
        second: Future[int] = Future()
        gone, waiting = bridge.wait(first), bridge.wait(second)
        gone.cancel()
        first.set_exception(ValueError("nobody hears this"))
        second.set_result(2)
        assert await waiting == 2
        cancelled: Future[int] = Future()
        waiter = bridge.wait(cancelled)
        cancelled.cancel()
        cancelled.set_running_or_notify_cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter

    run(database, story)


def test_trouble_of_the_database_is_503(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_query: Any) -> Any:
        raise StorageUnavailable("locked")

    async def story(bridge: Bridge) -> None:
        monkeypatch.setattr(database, "read", unreadable)
        with pytest.raises(Unavailable) as refused:
            await bridge.read(lambda tx: None)
        assert (refused.value.status, refused.value.code) == (503, "storage_unavailable")
        assert "locked" in refused.value.message

    run(database, story)


def test_past_a_bound_readers_are_sent_away(database: Database) -> None:
    async def story(bridge: Bridge) -> None:
        held = threading.Event()
        reads = [asyncio.ensure_future(bridge.read(lambda _tx: held.wait(10))) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as refused:
            await bridge.read(lambda _tx: None)
        assert refused.value.code == "busy"
        held.set()
        assert all(await asyncio.gather(*reads))
        assert await bridge.read(lambda _tx: "welcome again") == "welcome again"

    run(database, story)


def test_a_future_that_resolves_after_the_loop_is_gone_is_nobodys(database: Database) -> None:
    late: Future[int] = Future()

    async def story(bridge: Bridge) -> None:
        bridge.wait(late)

    run(database, story)
    late.set_result(1)
