"""The app's address at the service, as far as the platforms know it: takes webhooks, and answers as it is told."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from tests.deploy.sandbox.scene import SandboxCase

Answer = tuple[int, str]
Answering = Callable[[HTTPServerRequest], Answer | None]
"""None: the request is never answered."""


class AppDoor:
    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.requests: list[HTTPServerRequest] = []
        self.content_type: str | None = "text/plain"
        socket, port = bind_unused_port()
        self.url = f"http://127.0.0.1:{port}"
        self._server = HTTPServer(Application([(r".*", _Take, {"door": self})]))
        self._server.add_sockets([socket])

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.requests]

    def close(self) -> None:
        self._server.stop()


class _Take(RequestHandler):
    def initialize(self, door: AppDoor) -> None:
        self.door = door

    async def post(self) -> None:
        self.door.requests.append(self.request)
        answer = self.door.answering(self.request)
        if answer is None:
            await asyncio.Event().wait()
            return
        self.set_status(answer[0])
        if answer[1]:
            self.write(answer[1])

    def flush(self, include_footers: bool = False) -> "asyncio.Future[None]":
        """Tornado leaves it out where there is no body."""
        if self.door.content_type is not None:
            self.set_header("Content-Type", self.door.content_type)
        return super().flush(include_footers)


class PushedCase(SandboxCase, ABC):
    """A sandbox whose platforms know where the service is."""

    def setUp(self) -> None:
        super().setUp()
        self.door = AppDoor(self.answering)
        self.sandbox.outbox.service = self.door.url

    def tearDown(self) -> None:
        self.door.close()
        super().tearDown()

    @abstractmethod
    def answering(self, request: HTTPServerRequest) -> Answer | None:
        """What the app says to this."""

    def happens(self, platform: str, kind: str, user: str = "ada", **more: str) -> dict[str, Any]:
        told = self.ordered(f"{platform}/activity", {"user": user, "kind": kind, **more})
        self.sent()
        return told

    def passes(self, seconds: float) -> None:
        """Time goes by, and what was due in it is sent."""
        self.time += seconds
        self.io_loop.run_sync(self._due)
        self.sent()

    async def _due(self) -> None:
        self.sandbox.outbox.send_due()
