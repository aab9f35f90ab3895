"""A wire to a server that can be cut at a chosen moment."""

import socket
import threading
from collections.abc import Callable
from functools import partial

from tests.fakes.between import Between


class Relay(Between):
    """Passes bytes on between its own port and a server's."""

    def __init__(self, port: int) -> None:
        self._cut_at: bytes | None = None
        self._let_through = False
        self.cut = threading.Event()
        super().__init__(port)

    def cut_at(self, words: bytes, *, let_through: bool) -> None:
        """Cut the wire once when a client says this: after the server has answered it, or before it hears it."""
        self._let_through = let_through
        self.cut.clear()
        self._cut_at = words

    def _carriers(self, client: socket.socket, server: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
        muted = threading.Event()
        return partial(self._forward, client, server, muted), partial(self._answer, server, client, muted)

    def _forward(self, client: socket.socket, server: socket.socket, muted: threading.Event) -> None:
        while data := _receive(client):
            if self._cut_at is not None and self._cut_at in data:
                self._cut_at = None
                muted.set()
                if self._let_through:
                    server.sendall(data)
                    return  # the answer comes to the other thread, which cuts the wire instead of passing it on
                _cut(client, server)
                self.cut.set()
                return
            server.sendall(data)
        _cut(client, server)

    def _answer(self, server: socket.socket, client: socket.socket, muted: threading.Event) -> None:
        while data := _receive(server):
            if muted.is_set():
                self.cut.set()
                break
            client.sendall(data)
        _cut(client, server)


def _receive(one: socket.socket) -> bytes:
    try:
        return one.recv(65_536)
    except OSError:
        return b""


def _cut(*ends: socket.socket) -> None:
    for end in ends:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue  # the other side was faster
        end.close()
