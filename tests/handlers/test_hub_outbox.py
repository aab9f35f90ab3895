"""Bytes reach a socket whole and in order, however little of them it takes at a time."""

import asyncio
import random
import socket

from tornado.iostream import IOStream

from handlers.outbox import BUDGET, Outbox
from tests.handlers.streaming import PATIENCE, until


class Pair:
    """An outbox, and the other end of its socket."""

    def __init__(self, room: int = 4096) -> None:
        ours, self.theirs = socket.socketpair()
        for one in (ours, self.theirs):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        self.theirs.setblocking(False)
        self.outbox = Outbox(IOStream(ours))

    async def read(self, size: int) -> bytes:
        loop, got = asyncio.get_running_loop(), b""
        async with asyncio.timeout(PATIENCE):
            while len(got) < size:
                got += await loop.sock_recv(self.theirs, min(1500, size - len(got)))
        return got

    def close(self) -> None:
        self.outbox.io.close()
        self.theirs.close()


def test_pieces_of_all_sizes_arrive_as_one_stream_of_bytes() -> None:
    async def story() -> None:
        pair, chance = Pair(), random.Random(11)
        pieces = [chance.randbytes(chance.choice([1, 100, 2047, 2048, 2049, 5000, 70_000])) for _ in range(40)]
        for piece in pieces:
            pair.outbox.write(piece)
        sent = b"".join(pieces)
        assert pair.outbox.queued, "the socket took only a part"
        assert await pair.read(len(sent)) == sent
        await until(lambda: pair.outbox.queued is None)
        assert pair.outbox.unsent == 0
        pair.close()

    asyncio.run(story())


def test_what_tornado_writes_by_itself_is_neither_overtaken_nor_cut_in_two() -> None:
    async def story() -> None:
        pair = Pair()
        own = b"P" * 50_000  # such as the answer to a ping, stuck half way
        pair.outbox.io.write(own)
        assert pair.outbox.io.writing()
        assert pair.outbox.queued is None
        pair.outbox.write(b"first")
        pair.outbox.write(b"second")
        assert await pair.read(len(own) + 11) == own + b"firstsecond"
        pair.close()

    asyncio.run(story())


def test_a_socket_that_takes_everything_costs_no_queue() -> None:
    async def story() -> None:
        pair = Pair()
        for _ in range(10):
            pair.outbox.write(b"x" * 100)
            assert pair.outbox.queued is None
        assert not pair.outbox.io.writing()
        assert await pair.read(1000) == b"x" * 1000
        pair.close()

    asyncio.run(story())


def test_over_the_budget_it_says_so() -> None:
    async def story() -> None:
        pair = Pair()
        count = 0
        while not pair.outbox.io.closed():  # what an outbox does about it unless told otherwise
            pair.outbox.write(b"x" * 10_000)
            count += 1
        assert BUDGET < count * 10_000 < BUDGET + 40_000
        pair.close()

    asyncio.run(story())


def test_a_forgotten_queue_ends_where_a_piece_ends() -> None:
    async def story() -> None:
        pair = Pair()
        first = b"a" * 30_000
        pair.outbox.write(first)
        pair.outbox.write(b"b" * 30_000)
        pair.outbox.forget_queue()
        pair.outbox.write(b"the end")
        assert await pair.read(len(first) + 7) == first + b"the end"
        pair.close()

    asyncio.run(story())


def test_writing_to_a_socket_that_is_gone_closes_it_and_raises_nothing() -> None:
    async def story() -> None:
        pair = Pair()
        pair.theirs.close()
        for _ in range(3):
            pair.outbox.write(b"x" * 100_000)
        assert pair.outbox.io.closed()

    asyncio.run(story())
