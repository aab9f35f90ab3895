"""The WebSockets of a server written with Tornado alone."""

from tornado.websocket import WebSocketHandler

sockets: set["Socket"] = set()


class Socket(WebSocketHandler):
    def open(self) -> None:
        self.set_nodelay(True)
        sockets.add(self)

    def on_message(self, message: str | bytes) -> None:
        """Nothing is expected."""

    def on_close(self) -> None:
        sockets.discard(self)
