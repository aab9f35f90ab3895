"""What stands between clients and a server on loopback, with a port of its own."""

import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable


class Between(ABC):
    def __init__(self, port: int) -> None:
        """Takes connections from here on: what a subclass needs for that comes first."""
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        _in_background(self._accept)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = self._reach()
            except OSError:
                client.close()
                continue
            for carry in self._carriers(client, server):
                _in_background(carry)

    def _reach(self) -> socket.socket:
        """A connection to the server. An OSError shuts the client out."""
        return socket.create_connection(self._target)

    @abstractmethod
    def _carriers(self, client: socket.socket, server: socket.socket) -> tuple[Callable[[], None], Callable[[], None]]:
        """What carries from the one to the other, and back, until either ends."""


def _in_background(do: Callable[[], None]) -> None:
    threading.Thread(target=do, daemon=True).start()
