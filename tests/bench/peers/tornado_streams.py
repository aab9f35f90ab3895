"""What one writes with Tornado alone: `write_message` for each socket, `write` and `flush` for each SSE stream."""

import asyncio
import json
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from tests.bench.peers.driving import Server, payload_fields, serve
from tests.bench.peers.tornado_sockets import Socket, sockets

streams: set["Sse"] = set()


class Sse(RequestHandler):
    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self._gone = asyncio.Event()
        await self.flush()
        streams.add(self)
        await self._gone.wait()

    def on_connection_close(self) -> None:
        streams.discard(self)
        self._gone.set()


class Plain(Server):
    async def listen(self) -> dict[str, Any]:
        self._offset = 0
        listener, port = bind_unused_port()
        HTTPServer(Application([("/ws", Socket), ("/api/sse/stream", Sse)])).add_socket(listener)
        return {"port": port, "token": ""}

    async def publish(self, count: int) -> None:
        for _ in range(count):
            self._offset += 1
            cursor = f"0123456789abcdef-{self._offset}"
            event = {"type": "new_data", "offset": self._offset, "cursor": cursor, "at": "2026-11-20T12:00:00.123Z"}
            data = json.dumps({**event, **payload_fields()}, separators=(",", ":"))
            for socket in sockets:
                socket.write_message(data)
            if streams:
                block = f"id: {cursor}\nevent: new_data\ndata: {data}\n\n"
                for stream in streams:
                    stream.write(block)
                    stream.flush()

    async def handed_over(self) -> None:
        await asyncio.sleep(0)


if __name__ == "__main__":
    serve(Plain())
