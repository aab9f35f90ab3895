"""Bytes reach a socket whole and in order, however little of them it takes at a time."""

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.iostream import IOStream

from handlers.audience import give
from handlers.frames import Frame
from handlers.outbox import BUDGET, Outbox
from handlers.socket import SocketStream
from handlers.stream import Batch
from storage.records import Event
from tests.handlers.streaming import PATIENCE, until


class Pair:
    """An outbox, or a stream, which is one, and the other end of its socket."""

    def __init__(self, kind: Callable[[IOStream], Outbox] = Outbox, room: int = 4096) -> None:
        ours, self.theirs = socket.socketpair()
        for one in (ours, self.theirs):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        self.theirs.setblocking(False)
        self.outbox = kind(IOStream(ours))

    async def read(self, size: int) -> bytes:
        loop, got = asyncio.get_running_loop(), b""
        async with asyncio.timeout(PATIENCE):
            while len(got) < size:
                piece = await loop.sock_recv(self.theirs, min(1500, size - len(got)))
                assert piece, "closed too early"
                got += piece
        return got

    def available(self) -> bytes:
        with suppress(BlockingIOError):
            return self.theirs.recv(100_000)
        return b""

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


def test_what_is_still_on_its_way_when_it_begins_is_not_overtaken() -> None:
    async def story() -> None:
        handshake = b"H" * 50_000
        pair = Pair(lambda io: (io.write(handshake), Outbox(io))[1])
        taken = pair.available()  # there is room in the socket now, but it is the handshake's turn
        pair.outbox.write(b"first")
        pair.outbox.write(b"second")
        assert taken + await pair.read(len(handshake) + 11 - len(taken)) == handshake + b"firstsecond"
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


def live(io: IOStream) -> SocketStream:
    """A stream that stands at the beginning; nothing asks it for its handler here."""
    hub: Any = SimpleNamespace(slow=set(), now=float, wall=float)
    handler: Any = None
    stream = SocketStream(hub, io, handler)
    stream.position = 0
    return stream


def batch(offset: int, size: int) -> Batch:
    event = Event("ada", offset, "notification", 0.0, b'{"x":"%b"}' % (b"x" * size), "e")
    return Batch([Frame(event)], offset - 1, offset, "websocket")


def test_a_walk_does_not_overtake_what_waits() -> None:
    async def story() -> None:
        pair = Pair(live)
        first, second, third = (batch(offset, 30_000) for offset in (1, 2, 3))
        taken = b""
        give([pair.outbox], first)  # type: ignore[list-item]
        give([pair.outbox], second)  # type: ignore[list-item]
        while pair.outbox.io.writing():  # until Tornado has sent what it was given, and has not yet told us
            taken += pair.available()
            await asyncio.sleep(0)
        assert pair.outbox.queued == [second.data]
        give([pair.outbox], third)  # type: ignore[list-item]
        sent = first.data + second.data + third.data
        assert taken + await pair.read(len(sent) - len(taken)) == sent
        pair.close()

    asyncio.run(story())


def test_a_walk_goes_on_past_a_stream_whose_socket_is_gone() -> None:
    async def story() -> None:
        gone, there = Pair(live), Pair(live)
        gone.theirs.close()
        gone.outbox.io.socket.close()
        one = batch(1, 100)
        give([gone.outbox, there.outbox], one)  # type: ignore[list-item]
        assert await there.read(len(one.data)) == one.data
        assert gone.outbox.io.closed()
        there.close()

    asyncio.run(story())


def test_a_socket_without_any_room_is_given_its_bytes_later() -> None:
    async def story() -> None:
        pair, filling = Pair(live), 0
        with suppress(BlockingIOError):
            while True:
                filling += pair.outbox.send(b"f" * 1000)
        one = batch(1, 100)
        give([pair.outbox], one)  # type: ignore[list-item]
        assert await pair.read(filling + len(one.data)) == b"f" * filling + one.data
        assert not pair.outbox.io.closed()
        pair.close()

    asyncio.run(story())


def test_a_batch_with_nothing_that_a_stream_wants_moves_it_on_without_a_send() -> None:
    async def story() -> None:
        pair = Pair(live)
        pair.outbox.send = lambda data: pytest.fail("sent")  # type: ignore[method-assign]
        give([pair.outbox], Batch([], 0, 5, "websocket"))  # type: ignore[list-item]
        assert isinstance(pair.outbox, SocketStream)
        assert pair.outbox.position == 5
        pair.close()

    asyncio.run(story())
