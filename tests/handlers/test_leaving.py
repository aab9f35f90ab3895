"""Answers that nobody takes fill no memory."""

import http.client
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from socket import SO_RCVBUF, SOL_SOCKET, socket
from typing import Any

import pytest
from tornado.iostream import IOStream

from handlers.leaving import Leaving
from storage import data
from storage.records import ConnectionKey, Item
from tests.handlers.serving import PATIENCE, Serving, read_answer

SIZE = 12_000_000
"""More than the system takes for a socket that isn't read."""


class Counted(Leaving):
    added = 0

    def add(self, io: IOStream, size: int) -> None:
        super().add(io, size)
        self.added += 1


@pytest.fixture
def full(serving: Serving) -> Serving:
    item = Item("events", "1", "x" * SIZE)
    serving.write(lambda tx: data.add(tx, ConnectionKey("ada", "github"), [item], serving.clock.now()))
    return serving


def counted(serving: Serving, **bounds: Any) -> Counted:
    leaving = serving.server._app.leaving = Counted(**bounds)
    return leaving


def asks(serving: Serving, connection: socket, leaving: Counted) -> None:
    """Until the answer is on its way, and waits."""
    before = leaving.added
    connection.setsockopt(SOL_SOCKET, SO_RCVBUF, 65_536)
    bearer = f"Authorization: Bearer {serving.token('ada')}"
    connection.sendall(f"GET /api/data HTTP/1.1\r\nHost: x\r\n{bearer}\r\n\r\n".encode())
    wait_until(lambda: leaving.added > before)


def is_whole(connection: socket) -> bool:
    """Whether the answer comes to its end."""
    with suppress(ConnectionResetError, http.client.IncompleteRead):
        return len(read_answer(connection).body) > SIZE
    return False


def wait_until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < ends
        threading.Event().wait(0.02)


def test_who_reads_nothing_is_hung_up_on(full: Serving) -> None:
    leaving = counted(full, patience=0.4)
    with full.raw() as connection:
        asks(full, connection, leaving)
        wait_until(lambda: len(leaving) == 0)
        assert not is_whole(connection)


def test_when_more_wait_than_there_is_room_for_the_oldest_goes(full: Serving) -> None:
    leaving = counted(full, most=2 * SIZE)
    with full.raw() as first, full.raw() as second:
        asks(full, first, leaving)
        asks(full, second, leaving)
        assert len(leaving) == 1
        assert is_whole(second)
        assert not is_whole(first)


def test_who_reads_has_it_all_and_may_ask_again(full: Serving) -> None:
    leaving = counted(full, patience=8)
    with full.raw() as connection:
        for _ in range(2):
            asks(full, connection, leaving)
            assert is_whole(connection)
        wait_until(lambda: len(leaving) == 0)
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(connection).status == 200


def test_what_the_socket_takes_at_once_is_not_looked_after(serving: Serving) -> None:
    leaving = counted(serving)
    for _ in range(5):
        assert serving.get("/api/connections").status == 200
    assert leaving.added == 0
