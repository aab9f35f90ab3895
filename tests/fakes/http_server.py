"""A small HTTP server on loopback that can misbehave in every way a platform's may."""

import contextlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from typing import BinaryIO, NamedTuple, Self


class Seen(NamedTuple):
    """One request as it came. Header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Counts from 1: requests with the same number came over the same connection."""


Behaviour = Callable[["Wire", Seen], None]


class Wire:
    """What a behaviour sees of the connection."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self._sock = sock
        self.closing = closing

    def write(self, data: bytes) -> None:
        self._sock.sendall(data)

    def pause(self, seconds: float) -> bool:
        """False when the server is being closed."""
        return not self.closing.wait(seconds)

    def reset(self) -> None:
        """Close with RST."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self._sock.detach())

    def close(self) -> None:
        self._sock.shutdown(socket.SHUT_RDWR)


class HttpServer:
    """`server.on("/path", behaviour)`; as a context manager it is closed with all its connections."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.broken = threading.Semaphore(0)
        """Released each time that a client goes away while it is written to."""
        self._tls = tls
        self._behaviours: dict[str, Behaviour] = {}
        self._closing = threading.Event()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._begin(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def on(self, path: str, behaviour: Behaviour) -> str:
        """The path's address."""
        self._behaviours[path] = behaviour
        return self.url + path

    def close(self) -> None:
        self._closing.set()
        for sock in (self._listener, *self._connections):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _begin(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._connections.append(sock)
                self._begin(self._serve, sock, len(self._connections))

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._connections.append(sock)
            with sock.makefile("rb") as reader:
                while (seen := _read_request(reader, number)) is not None:
                    self.seen.append(seen)
                    self._behaviours[seen.path.partition("?")[0]](Wire(sock, self._closing), seen)
        except OSError:
            self.broken.release()
        except ValueError:
            pass  # what came is no HTTP
        finally:
            sock.close()


def _read_request(reader: BinaryIO, number: int) -> Seen | None:
    first = reader.readline()
    if not first:
        return None
    method, path, _ = first.decode("latin-1").split()
    headers = {}
    while (line := reader.readline().decode("latin-1").strip()) != "":
        name, _, text = line.partition(":")
        headers[name.lower()] = text.strip()
    return Seen(method, path, headers, reader.read(int(headers.get("content-length", 0))), number)


def head(status: int, headers: Mapping[str, str] = {}) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def reply(status: int = 200, body: bytes = b"", headers: Mapping[str, str] = {}) -> Behaviour:
    return lambda wire, _: wire.write(head(status, {"Content-Length": str(len(body)), **headers}) + body)


def hang(wire: Wire, _: Seen) -> None:
    """Takes the request and says nothing."""
    wire.closing.wait()


def reset(wire: Wire, _: Seen) -> None:
    wire.reset()


def raw(data: bytes) -> Behaviour:
    """Says exactly this, and closes."""

    def behave(wire: Wire, _: Seen) -> None:
        wire.write(data)
        wire.close()

    return behave


def drip(data: bytes, every: float, first: bytes = b"") -> Behaviour:
    """Says `first` at once and the rest byte by byte."""

    def behave(wire: Wire, _: Seen) -> None:
        wire.write(first)
        for byte in data:
            if not wire.pause(every):
                return
            wire.write(bytes([byte]))

    return behave


def flood(total: int, headers: Mapping[str, str] = {}) -> Behaviour:
    """A body of so many bytes, in pieces."""

    def behave(wire: Wire, _: Seen) -> None:
        wire.write(head(200, headers))
        piece = b"x" * 65_536
        for start in range(0, total, len(piece)):
            wire.write(piece[: total - start])
        wire.close()

    return behave
