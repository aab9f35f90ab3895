"""Google's three platforms, and the service's door that they push to."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from tornado.httpclient import HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from deploy.sandbox.places import endpoints, google_places
from tests.deploy.sandbox.scene import SandboxCase, read

DAY = 86_400.0
BACK = "http://127.0.0.1:3001/api/oauth/callback"


class Door:
    """Takes whatever is pushed, answers with `status`, and says yes to a hub, or not."""

    def __init__(self) -> None:
        self.status = 204
        self.confirms = True
        self.says: str | None = None
        """In place of the challenge."""
        self.requests: list[HTTPServerRequest] = []
        socket, port = bind_unused_port()
        self.url = f"http://127.0.0.1:{port}"
        self._server = HTTPServer(Application([(r".*", _Take, {"door": self})]))
        self._server.add_sockets([socket])

    def close(self) -> None:
        self._server.stop()


class _Take(RequestHandler):
    def initialize(self, door: Door) -> None:
        self.door = door

    def post(self) -> None:
        self.door.requests.append(self.request)
        self.set_status(self.door.status)

    def get(self) -> None:
        self.door.requests.append(self.request)
        if self.door.confirms:
            self.write(self.door.says or self.get_argument("hub.challenge", ""))
        else:
            self.set_status(404)


class GoogleCase(SandboxCase):
    slug = ""
    root = ""
    """Of the API's paths."""
    elsewhere = ""
    """Where the service is, when it isn't at the door."""

    def get_app(self) -> Application:
        self.door = Door()
        self.service = self.elsewhere or self.door.url
        return super().get_app()

    def setUp(self) -> None:
        super().setUp()
        self.token = self.connect(self.slug) if self.slug else {}

    def tearDown(self) -> None:
        self.door.close()
        super().tearDown()

    # -- calls ---------------------------------------------------------------------------------------
    def ask(self, path: str, token: dict[str, Any] | None = None, **params: Any) -> HTTPResponse:
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        return self.call(f"{self.root}{path}{query}", token or self.token)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return read(self.ask(path, **params), 200)

    def post(self, path: str, body: Any, token: dict[str, Any] | None = None) -> HTTPResponse:
        return self.call(f"{self.root}{path}", token or self.token, "POST", body, Content_Type="application/json")

    def happens(self, kind: str | None = None, user: str = "ada", **more: str) -> str:
        """Something, and all that it sends is there."""
        told = self.ordered(f"{self.slug}/activity", {"user": user, "kind": kind, **more})
        self.sent()
        return str(told["id"])

    def later(self, seconds: float) -> None:
        """Time passes, and what has waited for it is sent."""
        self.time += seconds
        self.due()
        self.sent()

    def due(self) -> None:
        async def send_due() -> None:
            self.sandbox.outbox.send_due()

        self.io_loop.run_sync(send_due)

    # -- consent -------------------------------------------------------------------------------------
    def consent(self, user: str = "ada", form: dict[str, Any] | None = None, **asked: str) -> dict[str, Any]:
        """What the consent page sends back with."""
        given = {"client_id": "sandbox-google", "redirect_uri": BACK, "response_type": "code", **asked}
        path = urlsplit(endpoints(0)[self.slug]["authorize"]).path
        fields = urlencode({**given, "user": user, **(form or {})}, doseq=True)
        answer = self.fetch(path, method="POST", body=fields, follow_redirects=False)
        assert answer.code == 302, answer.body
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def exchange(self, code: str, **form: str) -> HTTPResponse:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **form}
        return self.ask_token(self.slug, **given)

    # -- what Google signs ---------------------------------------------------------------------------
    def verified(self, token: str, audience: str) -> dict[str, Any]:
        """The claims of a token that the published keys have signed."""
        published = jwt.PyJWKSet.from_dict(json.loads(self.fetch(urlsplit(google_places(0, "")["certs"]).path).body))
        key = published[jwt.get_unverified_header(token)["kid"]]
        options: Any = {"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "iss", "aud"]}
        issuer = "https://accounts.google.com"
        return jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=issuer, options=options)


def unpacked(request: HTTPServerRequest) -> dict[str, Any]:
    """A Pub/Sub push's data, in whichever alphabet it came."""
    data = json.loads(request.body)["message"]["data"]
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(data.rstrip("=") + "=" * (-len(data.rstrip("=")) % 4)))
    return told


def refusal(response: HTTPResponse) -> tuple[int, str]:
    return response.code, json.loads(response.body)["error"]["errors"][0]["reason"]
