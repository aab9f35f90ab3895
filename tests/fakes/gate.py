"""The way between a browser and the service: it can be shut, can swallow everything without a word, and can let
through some kinds of requests only, as proxies do."""

import socket
import threading
from contextlib import suppress


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


class Gate:
    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open = True
        self._silent = False
        self._refused: tuple[bytes, ...] = ()
        self._wires: list[_Wire] = []
        threading.Thread(target=self._accept, daemon=True).start()

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
        self._listener.close()
        self._cut_all()

    def _cut_all(self) -> None:
        wires, self._wires = self._wires, []
        for wire in wires:
            wire.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                if not self._open:
                    raise ConnectionRefusedError
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            wire = _Wire(client, server, self._silent)
            self._wires.append(wire)
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(wire, *ends), daemon=True).start()

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
