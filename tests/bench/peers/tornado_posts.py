"""What Tornado alone makes of the same requests: they are answered, and told to whoever has a WebSocket open.

Nothing is checked, nothing is kept. On uvloop, as the service is.
"""

import asyncio
import gc
import json

import uvloop
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from tests.bench.peers.tornado_sockets import Socket, sockets


class Hook(RequestHandler):
    def post(self, user: str) -> None:
        if sockets:
            delivery_id = self.request.headers["X-GitHub-Delivery"]
            event = {"type": "webhook_received", "delivery_id": delivery_id, "message": "x" * 150}
            told = json.dumps(event, separators=(",", ":"))
            for socket in sockets:
                socket.write_message(told)
        self.set_status(202)
        self.finish(b'{"result":"accepted"}')


async def serve() -> None:
    listener, port = bind_unused_port()
    HTTPServer(Application([("/api/webhooks/github/(.*)", Hook), ("/ws", Socket)])).add_socket(listener)
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    print(json.dumps({"port": port}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve())
