"""What one writes with Starlette on uvicorn (uvloop, websockets): `send_text` for each socket, and for each event
stream a queue that sse-starlette reads. Pings are put off, as all servers' are: readers that only count answer none."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
import uvloop
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tornado.testing import bind_unused_port

from tests.bench.peers.driving import Server, payload_fields, serve

NEVER = 3600

sockets: set[WebSocket] = set()
queues: set["asyncio.Queue[dict[str, str]]"] = set()


async def socket(one: WebSocket) -> None:
    await one.accept()
    sockets.add(one)
    try:
        while True:
            await one.receive_text()
    except WebSocketDisconnect:
        sockets.discard(one)


async def stream(_: Request) -> EventSourceResponse:
    queue: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    queues.add(queue)

    async def events() -> AsyncIterator[dict[str, str]]:
        try:
            while True:
                yield await queue.get()
                queue.task_done()
        finally:
            queues.discard(queue)

    return EventSourceResponse(events(), ping=NEVER)


class Plain(Server):
    async def listen(self) -> dict[str, Any]:
        self._offset = 0
        listener, port = bind_unused_port()
        listener.listen(4096)
        app = Starlette(routes=[WebSocketRoute("/ws", socket), Route("/api/sse/stream", stream)])
        config = uvicorn.Config(
            app,
            loop="uvloop",
            ws="websockets-sansio",
            ws_ping_interval=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
        )
        self._serving = asyncio.create_task(uvicorn.Server(config).serve([listener]))
        return {"port": port, "token": ""}

    async def publish(self, count: int) -> None:
        for _ in range(count):
            self._offset += 1
            cursor = f"0123456789abcdef-{self._offset}"
            event = {"type": "new_data", "offset": self._offset, "cursor": cursor, "at": "2026-11-20T12:00:00.123Z"}
            data = json.dumps({**event, **payload_fields()}, separators=(",", ":"))
            for one in list(sockets):
                await one.send_text(data)
            for queue in queues:
                queue.put_nowait({"id": cursor, "event": "new_data", "data": data})

    async def handed_over(self) -> None:
        for queue in queues:
            await queue.join()


if __name__ == "__main__":
    serve(Plain(), uvloop.run)
