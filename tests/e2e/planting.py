"""Secrets as users, apps, browsers and platforms send them, wherever they may stand, for a test that then looks for
them. What is made up here matches `CANARY`."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import product
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from handlers.app import ROUTES
from handlers.base import Handler
from tests.e2e.service import PATIENCE, Service, eventually
from tests.fakes.http_server import HttpServer
from tests.fakes.push_service import Device

CANARY = re.compile(rb"canary-[a-z0-9-]+")
SENT = ("code", "code_verifier", "refresh_token", "client_secret", "token")
ODD: Mapping[str, Any] = {
    "token": "canary-token-in-a-body",
    "user": "canary/user",
    "event": {"type": "Canary", "token": "canary-token-in-an-event"},
    "client": ["canary-client"],
    "page": "canary-page",
    "endpoint": "https://canary-host.example/canary-endpoint",
    "keys": {"p256dh": "canary-p256dh", "auth": "canary-auth"},
    "before": "canary-before",
    "jti": ["canary-jti"],
    "question": "canary-question",
}
"""A body that is wrong for every path, in what each reads of it."""
BODIES = (
    ("application/json", json.dumps(ODD).encode()),
    ("application/json", b'{"token": "canary-half-a-body'),
    ("application/json", b'"canary-no-object"'),
    ("application/json", b'{"before": "canary-before"}'),
    ("application/json", b'{"jti": "canary-jti", "before": 1}'),
    ("application/x-www-form-urlencoded", b"question=canary-question&token=canary-token"),
)
SIGNATURES = {
    "X-Hub-Signature-256": "sha256=canary-signature",
    "X-GitHub-Event": "push",
    "X-GitHub-Delivery": "canary-delivery",
    "X-Slack-Signature": "v0=canary-signature",
    "X-Slack-Request-Timestamp": "canary-time",
    "X-Goog-Channel-Token": "canary-channel-token",
    "X-Signature-Ed25519": "canary-signature",
}
CHANGES = ("POST", "PUT", "PATCH", "DELETE")


def ways_to_sign_in(service: Service) -> Iterator[tuple[str, dict[str, str]]]:
    for role in ("service", "admin", "user"):
        yield role, {"Authorization": f"Bearer {service.token('mary', role)}"}
    yield "a wrong bearer", {"Authorization": "Bearer canary-bearer"}
    yield "no scheme", {"Authorization": "canary-of-no-scheme"}
    yield (
        "a wrong cookie",
        {"Cookie": "soulwire_session=canary-session; soulwire_flow=canary-flow-cookie-of-some-length"},
    )


def said_everywhere(service: Service) -> Iterator[tuple[str, bytes]]:
    """What each path answers to whatever changes something, with a body that it can't take."""
    own = {"Origin": service.url, **SIGNATURES}
    with requests.Session() as asking:
        asking.trust_env = False
        for route, (who, bearer) in product(ROUTES, ways_to_sign_in(service)):
            path = re.sub(r"\{(\w+)\*?\}", lambda name: {"platform": "spotify"}.get(name[1], "nobody"), route.path)
            methods = route.handler.methods() if issubclass(route.handler, Handler) else ()
            for method, (kind, body) in product([one for one in CHANGES if one in methods], BODIES):
                headers = own | bearer | {"Content-Type": kind}
                got = asking.request(method, service.url + path, data=body, headers=headers, timeout=PATIENCE)
                yield f"{who} {method} {path}", f"{got.headers}".encode() + got.content


def said_on_sockets(service: Service) -> Iterator[tuple[str, bytes]]:
    """First messages, and what comes after a good one."""
    good = {"type": "auth", "token": service.token("ada"), "cursor": "canary-cursor"}
    ill: list[list[Any]] = [
        [{"type": "auth", "token": "canary-first-message"}],
        [{"type": "auth", "token": ["canary-first-message"]}],
        [{"type": "auth", "token": service.token("ada", ttl=-60)}],
        [{"type": "canary-type", "token": "canary-first-message"}, "canary-no-object"],
        [
            good,
            {"type": "subscribe", "id": "canary-id", "table": "canary-table"},
            {"type": "presence", "page": ["canary"]},
        ],
        [good, {"type": "auth", "token": service.token("grace")}],
    ]
    for messages in ill:
        yield f"/ws {str(messages)[:60]}", spoken(service, messages)


def spoken(service: Service, messages: list[Any]) -> bytes:
    """All that is heard until the socket is closed, or has answered a ping."""
    heard = []
    with connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as opened, suppress(ConnectionClosed):
        for message in [*messages, {"type": "ping"}]:
            opened.send(json.dumps(message))
        while not heard or "pong" not in heard[-1]:
            heard.append(str(opened.recv(PATIENCE)))
    return f"{heard} {opened.close_reason}".encode()


def connected_by_code(service: Service, user: str, code: str) -> tuple[str, set[str]]:
    """How a sign-in in a browser ended, and what of it is nobody's but the browser's and the platform's."""
    with requests.Session() as browser:
        browser.trust_env = False
        session = {"Cookie": f"soulwire_session={service.token(user)}"}
        asked = browser.get(f"{service.url}/api/oauth/spotify/connect", headers=session, allow_redirects=False)
        state = parse_qs(urlsplit(asked.headers["Location"]).query)["state"][0]
        flow = asked.cookies["soulwire_flow"]
        back = f"{service.url}/api/oauth/spotify/callback?code={code}&state={state}"
        came = browser.get(back, headers={"Cookie": f"soulwire_flow={flow}"}, timeout=PATIENCE, allow_redirects=False)
    return parse_qs(urlsplit(came.headers["Location"]).query)["result"][0], {state, flow, code}


def pushed_to(service: Service, server: HttpServer, user: str) -> set[str | bytes]:
    """A device was subscribed and pushed to; its secrets, and who pushed as they show it."""
    device = Device(f"{server.url}/push/canary-endpoint")
    said = device.subscription()
    assert service.call("POST", "/api/push/subscribe", user, "user", json=said).status_code == 201
    event = {"type": "notification", "title": "Look", "body": "here"}
    told = service.call("POST", f"/api/users/{user}/send", "app", "service", json={"event": event})
    assert told.status_code == 202
    came = eventually(lambda: [one for one in server.seen if one.path.startswith("/push/")], what="the push")
    return {device.auth, said["keys"]["auth"], device.endpoint, came[0].headers["authorization"].split("t=")[1][:40]}


def sent_to(server: HttpServer) -> Iterator[str]:
    """All that is secret in what a platform was sent."""
    for seen in server.seen:
        yield from (value for name, value in parse_qsl(seen.body.decode("latin-1")) if name in SENT)
        scheme, _, given = seen.headers.get("authorization", "").partition(" ")
        if scheme in ("Bearer", "Basic"):
            yield given


def in_other_forms(key: str) -> Iterator[bytes]:
    """A key of 32 bytes as it may be written."""
    with suppress(ValueError):
        raw = bytes.fromhex(key) if re.fullmatch("[0-9a-f]{64}", key) else base64.urlsafe_b64decode(key + "=" * 3)
        if len(raw) >= 16:
            yield from (raw, raw.hex().encode(), base64.b64encode(raw), base64.urlsafe_b64encode(raw).rstrip(b"="))
