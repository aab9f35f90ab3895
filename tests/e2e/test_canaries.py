"""Every token, code and secret that the platforms gave or were given, looked for wherever it must not be."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from handlers.app import ROUTES
from tests.e2e.hooks import headers, post, push
from tests.e2e.planting import (
    CANARY,
    connected_by_code,
    in_other_forms,
    pushed_to,
    said_everywhere,
    said_on_sockets,
    sent_to,
)
from tests.e2e.service import HOOK_SECRET, SIGNING, Service, eventually
from tests.fakes.http_server import HttpServer, Seen, Wire, head

CLIENT_SECRET = "canary-client-secret-of-spotify"
SLACK_SECRET = "canary-signing-secret-of-slack"
METRICS = "canary-metrics-token"
OWN = {"JWT_SECRET": SIGNING, "GITHUB_WEBHOOK_SECRET": HOOK_SECRET}


class Echo:
    """A platform that quotes in its answers whatever it was sent: token, refresh token, code, the app's secret."""

    def __init__(self, server: HttpServer) -> None:
        self.server = server
        self.well = True
        self.given = 0
        server.on("/token", self.token)
        server.on("/push/canary-endpoint", lambda wire, seen: self.quote(wire, seen, 500))
        for path in ("/v1/me", "/v1/me/player/recently-played", "/v1/me/player/currently-playing"):
            server.on(path, self.api)

    def token(self, wire: Wire, seen: Seen) -> None:
        if not self.well:
            self.quote(wire, seen, 400)
            return
        self.given += 1
        said = f'"access_token":"canary-access-{self.given}","refresh_token":"canary-refresh-{self.given}"'
        answer(wire, 200, f'{{{said},"token_type":"Bearer","expires_in":3600}}')

    def api(self, wire: Wire, seen: Seen) -> None:
        if not self.well:
            self.quote(wire, seen, 500 if seen.path.endswith("currently-playing") else 403)
        elif seen.path == "/v1/me":
            answer(wire, 200, '{"id":"echo","display_name":"Echo","account_id":"echo-1"}')
        else:
            answer(wire, 200, '{"items":[],"cursors":null,"next":null}')

    def quote(self, wire: Wire, seen: Seen, status: int) -> None:
        what = f"{seen.headers.get('authorization', '')} {seen.body.decode('latin-1')}".replace('"', "'")
        answer(wire, status, f'{{"error":"invalid_request","error_description":"{what}","message":"{what}"}}')


def answer(wire: Wire, status: int, body: str) -> None:
    told = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    wire.write(head(status, told) + body.encode())


@pytest.fixture
def echo() -> Iterator[Echo]:
    with HttpServer() as server:
        yield Echo(server)


@pytest.fixture
def service(make_service: Callable[..., Service], echo: Echo) -> Service:
    one = make_service(
        LOG_LEVEL="debug",
        SPOTIFY_TOKEN_URL=f"{echo.server.url}/token",
        SPOTIFY_API_URL=echo.server.url,
        SPOTIFY_CLIENT_ID="app-of-echo",
        SPOTIFY_CLIENT_SECRET=CLIENT_SECRET,
        SLACK_SIGNING_SECRET=SLACK_SECRET,
        METRICS_TOKEN=METRICS,
        CRON_SECRET="canary-cron-secret",
        API_RATE_LIMIT="10000/m",
        PUSH_HOSTS=echo.server.url,
    )
    one.start()
    one.wait_until_connected()
    return one


def test_nothing_secret_shows_anywhere_through_a_life_with_troubles(service: Service, echo: Echo) -> None:
    live_through_everything(service, echo)
    session = service.token("ada")
    more = be_connected_by_code(service, echo) | pushed_to(service, echo.server, "ada")
    shown = list(everything_that_is_answered(service, session))
    pages = {path.name: path.read_bytes() for path in service.folder.glob("soulwire.db*")}
    assert pages["soulwire.db-wal"], "the write-ahead log too, while there is one"
    service.stop()

    secrets = planted(service, session) | {one.encode() if isinstance(one, str) else one for one in more}
    secrets |= {one.encode() for one in sent_to(echo.server)}
    secrets |= {form for one in keys(service) for form in in_other_forms(one)}
    secrets |= {one.rpartition(".")[2].encode() for one in service.given}
    assert len(secrets) > 100
    places = pages | {f"{path.name} at the end": path.read_bytes() for path in service.folder.glob("soulwire.db*")}
    places["log"] = service.log.read_bytes()
    places |= dict(shown)
    found = {(secret[:16], place) for place, text in places.items() for secret in secrets if secret in text}
    assert not found
    canaries = {(canary, place) for place, text in places.items() for canary in CANARY.findall(text)}
    assert not canaries


def live_through_everything(service: Service, echo: Echo) -> None:
    for platform in service.sandbox.platforms():
        service.order("ada", platform, "poll")
        service.order("ada", platform, "refresh")
    for kind in ("push", "issues", "star"):
        service.sandbox.activity("github", "ada", kind)
    body = push("canary")
    assert post(service, "ada", body, headers(body, "guid-1")).status_code == 202
    assert post(service, "ada", body, headers(body, "guid-2", secret="another")).status_code == 401
    echo.well = False
    for order in ("poll", "refresh", "poll"):
        assert service.order("ada", "spotify", order).status_code >= 400
    service.call("GET", "/api/users/grace/proxy/spotify/v1/me", by="app", role="service")
    for kind in ("truncated", "html_403", "down"):
        service.sandbox.fault("github", kind, user="grace", seconds=4)
        service.order("grace", "github", "refresh")
        service.sandbox.heal("github")
    service.sandbox.fault("github", "revoke", user="alan")
    service.order("alan", "github", "poll")
    service.kill()
    service.start()
    eventually(lambda: all(row["state"] == "running" for row in service.actors()), what="every actor")
    for platform in ("github", "spotify", "gmail"):
        service.call("DELETE", f"/api/connections/{platform}?purge=true", by="ada", role="user")
    assert echo.given >= 3


def be_connected_by_code(service: Service, echo: Echo) -> set[str | bytes]:
    """First refused, with all that was sent quoted, then not."""
    refused, secrets = connected_by_code(service, "mary", "canary-code-refused")
    echo.well = True
    taken, others = connected_by_code(service, "mary", "canary-code-taken")
    echo.well = False
    assert (refused, taken) == ("failed", "connected")
    assert any(b"code_verifier=" in seen.body for seen in echo.server.seen)
    return {*secrets, *others}


def everything_that_is_answered(service: Service, session: str) -> Iterator[tuple[str, bytes]]:
    """Each path as everybody may ask for it, the open streams apart."""
    bearers = {role: {"Authorization": f"Bearer {service.token('root', role)}"} for role in ("admin", "service")}
    bearers["user"] = {"Cookie": f"soulwire_session={session}"}
    bearers["nobody"] = {}
    bearers["metrics"] = {"Authorization": f"Bearer {METRICS}"}
    with requests.Session() as asking:
        asking.trust_env = False
        for route in ROUTES:
            path = filled(route.path)
            if path in ("/ws", "/api/sse/stream"):
                continue
            for role, given in bearers.items():
                answered = asking.get(service.url + path, headers=given, timeout=20, allow_redirects=False)
                # The consent page's address has a state and a challenge in it; neither is among the planted.
                yield f"{role} {path}", f"{answered.headers}".encode() + answered.content
    yield from said_everywhere(service)
    yield from said_on_sockets(service)
    for user in ("ada", "grace", "alan", "mary"):
        yield f"events of {user}", repr(service.events(user)).encode()


def filled(path: str) -> str:
    given = {"user": "grace", "platform": "spotify", "path*": "v1/me", "id": "1", "order": "poll", "file": "page.js"}
    return re.sub(r"\{([a-z*]+)\}", lambda name: given.get(name[1], "x"), path)


def planted(service: Service, session: str) -> set[bytes]:
    """All that the sandbox gave out or was given, what the echo gave, and the service's own."""
    found = {*OWN.values(), CLIENT_SECRET, SLACK_SECRET, METRICS, session}
    with closing(sqlite3.connect(service.folder / "sandbox.db")) as book:
        for sql in ("SELECT token FROM tokens", "SELECT code FROM codes", "SELECT secret FROM hooks"):
            found |= {row[0] for row in book.execute(sql) if row[0]}
    return {one.encode() for one in [*found, *keys(service)]}


def keys(service: Service) -> list[str]:
    return [path.read_text().strip() for path in Path(service.folder).glob("*") if is_key(path)]


def is_key(path: Path) -> bool:
    return path.is_file() and "key" in path.name and path.stat().st_size < 200
