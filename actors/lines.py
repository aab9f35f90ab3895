"""A thread's connection to one host, with a deadline for a whole call.

requests has time-outs for connecting and for each read only: an answer that drips a byte every few seconds goes
on for ever. So a `Line` knows the socket in use, and can be cut from another thread, which ends the read.
No session on top: there are no cookies to mix up between users, no proxies or netrc from the environment.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from actors.clock import Clock

_using = threading.local()
"""`line`: the one that this thread makes a call on."""


class Line(HTTPAdapter):
    """One call at a time, on the thread that it belongs to. Keeps its connection alive between calls."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.overdue = False
        """The deadline of the call passed, so that whatever came is not to be believed."""
        self._lock = threading.Lock()
        self._call = 0
        self._sock: socket.socket | None = None
        """Not the connection: that one lets go of it while the last of an answer is still being read."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    @contextlib.contextmanager
    def deadline(self, clock: Clock, seconds: float) -> Iterator[None]:
        """Cut the line when the block takes longer."""
        self._call += 1
        self.overdue = False
        _using.line = self
        timer = clock.call_later(seconds, partial(self._cut, self._call))
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:  # a cut that is under way comes first
                self._call += 1

    def connected(self, sock: socket.socket | None) -> None:
        with self._lock:
            self._sock = sock
            if self.overdue:  # while there was nothing to cut yet
                raise TimeoutError

    def _cut(self, call: int) -> None:
        with self._lock:
            if call == self._call:
                self.overdue = True
                if self._sock is not None:
                    with contextlib.suppress(OSError):  # closed meanwhile
                        # Not the method of an SSLSocket, which isn't for two threads.
                        socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


class _Plain(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _using.line.connected(self.sock)


class _Tls(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _using.line.connected(self.sock)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


Origin = tuple[str | None, str | None, int | None]


def origin(url: str) -> Origin:
    """Scheme, host and port, by the parser that decides where the connection goes."""
    parts = urllib3.util.parse_url(url)
    return parts.scheme, parts.host, parts.port or {"http": 80, "https": 443}.get(parts.scheme or "")
