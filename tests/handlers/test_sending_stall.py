"""A broadcast to thousands of streams doesn't hold the loop: in between, it sees to everything else."""

import asyncio
import gc
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploy import descriptors
from tests.handlers.serving import Serving
from tests.handlers.test_sending import broadcast

USERS = 500
"""With a stream each."""
TABS = 4_500
"""Of one user more."""
AT_MOST = 0.015
"""Seconds of the processor's time in one turn of the loop; all turns together take many times that."""


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What each turn of a loop took of its thread, however busy the machine is."""
    taken: list[float] = []
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        taken.append(time.thread_time() - began)

    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    gc.collect()
    gc.freeze()  # as the service does: what is there already is not gone through again and again
    yield taken
    gc.unfreeze()


def opened(serving: Serving, user: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", serving.port), timeout=60)
    lines = ("GET /api/sse/stream HTTP/1.0", "Host: x", f"Authorization: Bearer {serving.token(user)}", "", "")
    connection.sendall("\r\n".join(lines).encode())
    return connection


def read_until(connection: socket.socket, mark: bytes) -> bytes:
    read = b""
    while mark not in read:
        piece = connection.recv(65_536)
        assert piece, read
        read += piece
    return read


def test_a_broadcast_to_five_thousand_streams_holds_the_loop_for_moments_only(
    serving: Serving, request: pytest.FixtureRequest
) -> None:
    descriptors.found()
    users = [f"user-{number}" for number in range(USERS)] + ["many-tabs"] * TABS
    with ExitStack() as stack:
        streams = [stack.enter_context(opened(serving, user)) for user in users]
        for stream in streams:
            read_until(stream, b"authenticated")
        turns: list[float] = request.getfixturevalue("turns")

        broadcast(serving)

        for stream in streams:
            assert read_until(stream, b"maintenance").count(b"event: news") == 1
    assert max(turns) < AT_MOST, sorted(turns)[-5:]
