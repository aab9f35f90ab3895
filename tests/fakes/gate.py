"""The way between a browser and the service: it can be shut, can swallow everything without a word, and can let
through some kinds of requests only, as proxies do."""

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from tests.fakes.between import Between


class _Wire:
    """Both ends of one connection."""

    def __init__(self, client: socket.socket, server: socket.socket, muted: bool) -> None:
        self.ends = (client, server)
        self.muted = muted

    def cut(self) -> None:
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Gate(Between):
    def __init__(self, port: int) -> None:
        self._open = True
        self._silent = False
        self._refused: tuple[bytes, ...] = ()
        self._wires: list[_Wire] = []
        super().__init__(port)

    def shut(self) -> None:
        """What is open is cut, and nothing new gets through."""
        self._open = False
        self._cut_all()

    def silence(self) -> None:
        """Nothing gets through any more, and nobody is told: a cable pulled, a laptop asleep."""
        self._silent = True
        for wire in self._wires:
            wire.muted = True

    def refuse(self, *words: bytes) -> None:
        """From now on, requests that say one of these are cut; what is open is cut once."""
        self._refused = words
        self._cut_all()

    def allow_all(self) -> None:
        """New connections get through; those that were silenced stay so."""
        self._open, self._silent, self._refused = True, False, ()

    def close(self) -> None:
        super().close()
        self._cut_all()

    def _cut_all(self) -> None:
        wires, self._wires = self._wires, []
        for wire in wires:
            wire.cut()

    def _reach(self) -> socket.socket:
        if not self._open:
            raise ConnectionRefusedError
        return super()._reach()

    def _carriers(self, client: socket.socket, server: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
        wire = _Wire(client, server, self._silent)
        self._wires.append(wire)
        return partial(self._pass_on, wire, client, server), partial(self._pass_on, wire, server, client)

    def _pass_on(self, wire: _Wire, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                if wire.muted:
                    continue
                if any(word in data for word in self._refused):
                    break
                other.sendall(data)
        if not wire.muted:
            wire.cut()
