"""What a token endpoint may answer instead of a token, over real sockets, and where the connection then ends."""

import gzip
import json
import ssl
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from actors.clock import Clock
from actors.messages import Poll, Refresh
from actors.outbound import Outbound
from actors.platforms.base import Answer, Call, Client, Endpoints, Grant, Platform
from storage.records import Secret, Token
from tests.actors.world import ADA, GRACE, World
from tests.fakes import certificates
from tests.fakes.http_server import Behaviour, HttpServer, Seen, Wire, drip, flood, hang, head, raw, reply, reset
from tests.fakes.platform import HOST, FarEnd, Tiny

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
PAGE = b"<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center></body></html>"
DAY = 86_400.0


class Standard(Tiny):
    """Tiny, with tokens as RFC 6749 has them: what all real platforms share."""

    def exchange(
        self, code: Secret, redirect_uri: str, verifier: Secret | None = None
    ) -> Generator[Call, Answer, Grant]:
        return Platform.exchange(self, code, redirect_uri, verifier)

    def refresh(self, token: Token) -> Generator[Call, Answer, Grant]:
        return Platform.refresh(self, token)


class HalfReal(FarEnd):
    """Calls to the token endpoint go over the network, those to the API are Tiny's. One access token serves all."""

    def __init__(self, outbound: Outbound) -> None:
        super().__init__()
        self._outbound = outbound
        self.token_calls: list[float] = []
        self.now: Callable[[], float] = lambda: 0.0

    def send(self, call: Call, bearer: Secret | None, client: Client | None) -> Answer:
        if call.url.startswith(HOST):
            return super().send(call, bearer, client)
        self.token_calls.append(self.now())
        return self._outbound.send(call, bearer, client)


def said(status: int, body: Any, headers: dict[str, str] = JSON) -> Behaviour:
    return reply(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)


def cut_off(wire: Wire, _: Seen) -> None:
    wire.write(head(200, JSON | {"Content-Length": "500"}) + b'{"access_token":')
    wire.reset()


GRANT = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 3600, "scope": "all"}
BOMB = gzip.compress(b"x" * 50_000_000)
GONE = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}

PERMANENT: dict[str, tuple[Behaviour, str]] = {
    "400-invalid_grant": (said(400, GONE), "user_revoked"),
    "401-invalid_grant": (said(401, GONE), "user_revoked"),
    "200-bad_refresh_token-of-github": (said(200, {"error": "bad_refresh_token"}), "user_revoked"),
    "200-invalid_refresh_token-of-slack": (
        said(200, {"ok": False, "error": "invalid_refresh_token"}),
        "rotated_elsewhere",
    ),
    "200-token_revoked-of-slack": (said(200, {"ok": False, "error": "token_revoked"}), "user_revoked"),
    "200-account_inactive-of-slack": (said(200, {"ok": False, "error": "account_inactive"}), "account_inactive"),
    "401-unauthorized_client": (said(401, {"error": "unauthorized_client"}), "app_secret_changed"),
}
TRANSIENT: dict[str, Behaviour] = {
    "403-html-of-a-proxy": said(403, PAGE, HTML),
    "429-without-retry-after": said(429, {"error": "invalid_grant"}),
    "429-with-retry-after": said(429, b"", {"Retry-After": "90"}),
    "500-with-invalid_grant": said(500, GONE),
    "503": said(503, b""),
    "503-with-bad_refresh_token": said(503, {"error": "bad_refresh_token"}),
    "200-unknown-error-of-slack": said(200, {"ok": False, "error": "fatal_error"}),
    "200-truncated-json": said(200, b'{"access_token":"gho_16C7'),
    "400-truncated-json": said(400, b'{"error":"invalid_gra'),
    "200-html": said(200, PAGE, HTML),
    "400-invalid_grant-as-html": said(400, json.dumps(GONE).encode(), HTML),
    "400-invalid_grant-as-text": said(400, json.dumps(GONE).encode(), {"Content-Type": "text/plain"}),
    "400-without-json": said(400, b"Bad Request"),
    "200-empty": said(200, b""),
    "200-array": said(200, [GRANT]),
    "200-without-a-token": said(200, {"token_type": "Bearer"}),
    "200-wrong-charset": said(200, b'{"access_token":"\xe4\xf6"}'),
    "401-invalid_client": said(401, {"error": "invalid_client"}),
    "302-to-a-sign-in-page": said(302, b"", {"Location": "https://login.example/"}),
    "302-round-and-round": said(302, b"", {"Location": "/token"}),
    "hang": hang,
    "slow-drip": drip(json.dumps(GRANT).encode(), 0.1, head(200, JSON | {"Content-Length": "200"})),
    "50-mb-announced": said(200, b"", {"Content-Length": "50000000"}),
    "50-mb": flood(50_000_000, JSON),
    "gzip-bomb": said(200, BOMB, JSON | {"Content-Encoding": "gzip"}),
    "not-gzip-at-all": said(200, json.dumps(GRANT).encode(), JSON | {"Content-Encoding": "gzip"}),
    "reset": reset,
    "reset-mid-body": cut_off,
    "no-http": raw(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "closed-without-a-word": raw(b""),
}


class Scene:
    """Ada and Grace, connected, with tokens of an hour."""

    def __init__(self, folder: Path, server: HttpServer, clock: Clock) -> None:
        self.world = World(folder)
        self.world.crash()
        self.server = server
        self.far = HalfReal(Outbound(clock, "1", connect=0.4, read=0.4, total=0.6))
        self.point_to(f"{server.url}/token")
        self.far.hooks = True
        self.server.on("/token", said(200, GRANT))
        self.world.connect(ADA)
        self.world.connect(GRACE)
        self.far.token_calls.clear()

    def point_to(self, token_url: str) -> None:
        world = self.world
        world.database.close()
        world.far = self.far
        platform = Standard(Client("id", Secret("client-secret")), Endpoints(f"{HOST}/a", token_url, f"{HOST}/api"))
        world.platform = platform
        world.platforms = {"tiny": platform}
        world.start()
        self.far.now = world.clock.elapsed

    def order(self, order: Callable[["Future[Any]"], Any], key: Any = ADA) -> "Future[Any]":
        return self.world.order(key, order)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def scene(tmp_path: Path, server: HttpServer) -> Iterator[Scene]:
    clock = Clock()
    clock.start()
    scene = Scene(tmp_path, server, clock)
    yield scene
    clock.stop()
    assert scene.world.status(ADA).restarts == 0, "nothing that a platform says ends an actor"
    assert not scene.world.fatal
    scene.world.close()


@pytest.mark.parametrize(("shape", "reason"), PERMANENT.values(), ids=PERMANENT)
def test_a_grant_that_is_gone_is_said_once_and_asked_for_no_more(scene: Scene, shape: Behaviour, reason: str) -> None:
    world = scene.world
    scene.server.on("/token", shape)

    refused = scene.order(Refresh)
    calls = len(scene.far.calls)
    world.pass_time(2900.0)  # Grace's renewal is not due yet

    assert refused.exception() is not None
    row = world.row(ADA)
    assert (row.status, row.reason) == ("needs_reauth", reason)
    assert row.error_message
    told = world.events("ada", "needs_reauth")
    assert [event["reason"] for event in told] == [reason]
    assert told[0]["hint"]
    assert told[0]["reconnect_url"].endswith("/api/oauth/tiny/connect")
    assert len(scene.far.token_calls) == 1
    assert len(scene.far.calls) - calls <= 2, "of Ada's connection there are no more calls; Grace's polls go on"
    assert world.row(GRACE).status == "connected"


@pytest.mark.parametrize("shape", TRANSIENT.values(), ids=TRANSIENT)
def test_anything_else_is_tried_again_and_the_old_token_serves_meanwhile(scene: Scene, shape: Behaviour) -> None:
    scene.server.on("/token", shape)
    check_transient(scene, lambda: scene.server.on("/token", said(200, GRANT)))


def test_a_certificate_that_nobody_vouches_for_is_trouble_and_no_refusal(scene: Scene, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.make(tmp_path))
    with HttpServer(tls=context) as secure:
        secure.on("/token", said(200, GRANT))
        scene.point_to(f"{secure.url}/token")
        check_transient(scene, lambda: scene.point_to(f"{scene.server.url}/token"))


@pytest.mark.parametrize("url", ["http://token.invalid/token", "http://127.0.0.1:9/token"], ids=["dns", "refused"])
def test_a_platform_that_is_not_to_be_found_is_trouble_and_no_refusal(scene: Scene, url: str) -> None:
    scene.point_to(url)
    check_transient(scene, lambda: scene.point_to(f"{scene.server.url}/token"))


def check_transient(scene: Scene, heal: Callable[[], object]) -> None:
    world = scene.world
    first = scene.order(Refresh)
    assert first.exception() is not None
    for _ in range(6):
        world.pass_time(60.0)
    waits = [later - before for before, later in pairwise(scene.far.token_calls)]

    assert scene.order(Poll).exception() is None, "by the token that is still good"
    assert scene.order(Poll, GRACE).exception() is None
    assert world.row(ADA).status == "connected"
    assert not world.events("ada", "needs_reauth")
    assert 2 <= len(scene.far.token_calls) <= 6
    assert all(wait >= 25 for wait in waits)
    grows = [later >= before * 0.9 for before, later in pairwise(waits)]
    assert all(grows), "no wait is shorter than the one before, but for the jitter"
    heal()
    world.pass_time(2000.0)
    assert world.row(ADA).status == "connected"
    assert scene.order(Refresh).exception() is None
    assert world.row(ADA).token_expires_at == pytest.approx(world.clock.now() + 3600, abs=5)
