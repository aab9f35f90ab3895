"""The way in: Tornado's server, with as many connections as the process has room for."""

from collections.abc import Iterable
from socket import IPPROTO_TCP, TCP_NOTSENT_LOWAT, socket
from typing import TYPE_CHECKING, Any, cast

import structlog
from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPMessageDelegate
from tornado.iostream import IOStream

if TYPE_CHECKING:
    from handlers.app import App

log = structlog.get_logger()

MOST_HEADERS = 32 * 1024
UNSENT = 1 << 18
"""Bytes that the kernel takes for one connection before it can send them. Left alone it takes megabytes for a peer that
doesn't read, and nothing here knows of it. What is on its way isn't counted, so that long ways stay fast."""
FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def _stays(_value: bool) -> None:
    """What is written here may leave at once, always. Tornado would say so anew for each answer, and take it back:
    two system calls."""


class Front(HTTPServer):
    """Without a bound, a process that has no descriptors left can't even accept a connection to refuse it."""

    def initialize(self, app: "App", most: int) -> None:  # type: ignore[override]
        """`App` gives up headers without an end, connections without a request and bodies that don't come."""
        super().initialize(app, max_header_size=MOST_HEADERS)
        self.conn_params.header_timeout = None
        self._app = app
        self._most = most
        self._full = False
        self._finishing = False

    def add_sockets(self, sockets: Iterable[socket]) -> None:
        listeners = [*sockets]
        for listener in listeners:
            listener.setsockopt(IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT)  # of those it accepts, too
        super().add_sockets(listeners)

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        is_full = len(self._connections) + self._app.parts.hub.size >= self._most
        if is_full != self._full:
            self._full = is_full
            log.warning("connections_refused" if is_full else "connections_taken", most=self._most)
        if is_full:
            stream.write(FULL)
            stream.close()
            return
        stream.set_nodelay(True)
        stream.set_nodelay = _stays  # type: ignore[assignment]
        self._app.newcomers.begins(stream)
        super().handle_stream(stream, address)

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """A connection is new, or its last answer has left."""
        io = cast(HTTP1ServerConnection, server_conn).stream
        self._app.under_way.ended(io)
        if self._finishing:
            io.close()
        elif io not in self._app.newcomers:
            self._app.resting.begins(io)
        return super().start_request(server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        self._app.gone(cast(HTTP1ServerConnection, server_conn).stream)
        super().on_close(server_conn)

    async def finish(self, seconds: float) -> None:
        """After `stop`: no more requests, and so long at most for the answers to those under way."""
        self._finishing = True
        for connection in list(self._connections):
            if connection.stream not in self._app.under_way:
                connection.stream.close()
        await self._app.under_way.all_ended(seconds)
        await self.close_all_connections()
