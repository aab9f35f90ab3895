"""A sandbox in the test's own process, a clock that is moved by hand, and somebody to push to."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tornado.httpclient import HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.testing import AsyncHTTPTestCase, bind_unused_port
from tornado.web import Application, RequestHandler

from deploy.sandbox.app import Sandbox
from deploy.sandbox.places import client, endpoints
from deploy.sandbox.settings import Settings

START = 1_795_200_000.0
SECRET = "a secret of the app, 32 bytes long"
SERVICE = "http://127.0.0.1:3001"
TOKEN_PATH = {slug: urlsplit(told["token"]).path for slug, told in endpoints(0).items()}


class SandboxCase(AsyncHTTPTestCase):
    people = 0
    service = ""

    def setUp(self) -> None:
        self.time = START
        self.directory = tempfile.TemporaryDirectory()
        super().setUp()

    def get_app(self) -> Application:
        told = Settings(
            frozenset({SERVICE}), people=self.people, jwt_secret=SECRET, jwt_audience="soulwire", service=self.service
        )
        self.sandbox = Sandbox(Path(self.directory.name), self.get_http_port(), told, lambda: self.time)
        return self.sandbox.app

    def tearDown(self) -> None:
        self.io_loop.run_sync(self.sandbox.close)
        super().tearDown()
        self.directory.cleanup()

    # -- orders --------------------------------------------------------------------------------------
    def order(self, path: str, body: Any = None, method: str = "POST", **headers: str) -> HTTPResponse:
        given = {"Content-Type": "application/json", **{name.replace("_", "-"): headers[name] for name in headers}}
        text = None if body is None else json.dumps(body)
        return self.fetch(f"/_control/{path}", method=method, body=text, headers=given, allow_nonstandard_methods=True)

    def ordered(self, path: str, body: Any) -> dict[str, Any]:
        return read(self.order(path, body), 200)

    def fault(self, platform: str, kind: str, **more: Any) -> None:
        self.ordered(f"{platform}/fault", {"kind": kind, **more})

    def calls(self, platform: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(self.order(f"{platform}/calls", method="GET").body)["items"]
        return items

    # -- tokens --------------------------------------------------------------------------------------
    def code(self, platform: str, user: str = "ada") -> str:
        return str(self.ordered(f"{platform}/code", {"user": user})["code"])

    def ask_token(self, platform: str, accept: str = "application/json", **form: str) -> HTTPResponse:
        given: dict[str, Any] = {"headers": {"Accept": accept}}
        name, secret = client(platform)
        if platform == "spotify":
            given |= {"auth_username": name, "auth_password": secret}
        else:
            form = {"client_id": name, "client_secret": secret, **form}
        return self.fetch(TOKEN_PATH[platform], method="POST", body=urlencode(form), **given)

    def connect(self, platform: str, user: str = "ada") -> dict[str, Any]:
        """What the token endpoint gives for this person's consent."""
        form = {"grant_type": "authorization_code", "code": self.code(platform, user), "redirect_uri": "http://x/cb"}
        given = read(self.ask_token(platform, **form), 200)
        return dict(given.get("authed_user", given))  # where Slack has a user's

    def refresh(self, platform: str, refresh_token: str) -> HTTPResponse:
        return self.ask_token(platform, grant_type="refresh_token", refresh_token=refresh_token)

    # -- calls ---------------------------------------------------------------------------------------
    def call(
        self, path: str, token: str | dict[str, Any], method: str = "GET", body: Any = None, **headers: str
    ) -> HTTPResponse:
        access = token if isinstance(token, str) else token["access_token"]
        given = {"Authorization": f"Bearer {access}", **{name.replace("_", "-"): headers[name] for name in headers}}
        text = None if body is None else json.dumps(body)
        return self.fetch(path, method=method, body=text, headers=given, allow_nonstandard_methods=True)

    def sent(self) -> None:
        """Until every webhook on its way has an outcome."""
        self.io_loop.run_sync(self.sandbox.outbox.idle)


class Receiver:
    """Takes webhooks, and answers as it is told."""

    def __init__(self) -> None:
        self.status = 202
        self.silent = False
        self.requests: list[HTTPServerRequest] = []
        socket, self.port = bind_unused_port()
        self._server = HTTPServer(Application([(r".*", _Take, {"receiver": self})]))
        self._server.add_sockets([socket])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def bodies(self, event: str) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.requests if request.headers["X-GitHub-Event"] == event]

    def close(self) -> None:
        self._server.stop()


class _Take(RequestHandler):
    def initialize(self, receiver: Receiver) -> None:
        self.receiver = receiver

    async def post(self) -> None:
        self.receiver.requests.append(self.request)
        if self.receiver.silent:
            await asyncio.Event().wait()
        self.set_status(self.receiver.status)


def read(response: HTTPResponse, status: int) -> dict[str, Any]:
    """The JSON of an answer that must have this status."""
    assert response.code == status, (response.code, response.body)
    told: dict[str, Any] = json.loads(response.body)
    return told
