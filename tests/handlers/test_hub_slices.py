"""Long walks let the loop see to everything else, and the order of each stream is kept all the same."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

from handlers.slices import Slices
from tests.handlers.streaming import Service, in_small_slices, until, with_service


def test_between_two_slices_the_loop_goes_round() -> None:
    done: list[str] = []

    def work(name: str, steps: int) -> Iterator[None]:
        for step in range(steps):
            done.append(f"{name}{step}")
            yield

    async def story() -> None:
        slices = Slices(0)
        slices.add(work("a", 3))
        slices.add(work("b", 2))
        slices.run()
        assert done == ["a0"]
        asyncio.get_running_loop().call_soon(done.append, "the loop")
        await until(lambda: len(done) == 6)

    asyncio.run(story())
    assert done == ["a0", "b0", "the loop", "a1", "b1", "a2"]


def test_short_work_is_done_at_once_and_together() -> None:
    done: list[int] = []

    def work(number: int) -> Iterator[None]:
        done.append(number)
        yield

    async def story() -> None:
        slices = Slices(60)
        for number in range(3):
            slices.add(work(number))
        slices.run()

    asyncio.run(story())
    assert done == [0, 1, 2]


def test_work_that_comes_up_meanwhile_waits_until_the_loop_has_been_round() -> None:
    done: list[str] = []

    async def story() -> None:
        slices = Slices(60)

        def first() -> Iterator[None]:
            done.append("first")
            slices.add(second())
            yield

        def second() -> Iterator[None]:
            done.append("second")
            yield

        slices.add(first())
        slices.run()
        assert done == ["first"]
        await until(lambda: done == ["first", "second"])

    asyncio.run(story())


def test_a_work_that_fails_ends_alone() -> None:
    done: list[str] = []

    def broken() -> Iterator[None]:
        yield
        raise ValueError("broken")

    def sound() -> Iterator[None]:
        yield
        done.append("sound")

    async def story() -> None:
        slices = Slices(0)
        slices.add(broken())
        slices.add(sound())
        slices.run()
        await until(lambda: bool(done))

    asyncio.run(story())


@with_service(slices=in_small_slices())
async def test_streams_that_come_and_go_in_the_middle_of_a_walk_change_nothing_for_the_others(
    service: Service,
) -> None:
    expected = [str(number) for number in range(60)]
    async with AsyncExitStack() as stack:
        kinds = ["websocket", "sse"] * 100
        early = [await stack.enter_async_context(service.listening(kind)) for kind in kinds]
        leaving = [await stack.enter_async_context(AsyncExitStack()) for _ in range(40)]
        for number, one in enumerate(leaving):
            await one.enter_async_context(service.listening(kinds[number]))

        late, under_way = [], 0
        for number in range(0, 60, 3):
            await service.tell("ada", *expected[number : number + 3])
            await asyncio.sleep(0)
            under_way += service.hub.standing().waiting > 0
            late.append(await stack.enter_async_context(service.listening("sse", f"{service.database.epoch}-0")))
            await leaving.pop().aclose()
            await leaving.pop(0).aclose()

        assert under_way > 5, "streams came and went in the middle of walks"
        for client in (*early, *late):
            assert await client.titles(60) == expected


@with_service()
async def test_one_users_walk_does_not_wait_for_anothers(service: Service) -> None:
    async with AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(service.listening("sse", user="crowd")) for _ in range(200)]
        single = await stack.enter_async_context(service.listening("websocket", user="single"))
        await service.tell("crowd", "to many")
        await service.tell("single", "to one")
        assert await single.titles(1) == ["to one"]
        for client in crowd:
            assert await client.titles(1) == ["to many"]
