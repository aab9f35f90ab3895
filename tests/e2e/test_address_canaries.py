"""What opens a stream or a connect from within an address is in no line of the log and in no error, at any level."""

import re
import socket
from collections.abc import Callable, Iterator
from itertools import product

import jwt
import pytest

from tests.e2e.service import SIGNING, Service

PATHS = ("/ws", "/api/sse/stream", "/api/oauth/github/connect", "/api/connections", "/api/events", "/no/such/path")
UPGRADE = "\r\n".join(
    (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: c2l4dGVlbiBieXRlcyEh",
    )
)
QUERIES = ("{name}={secret}", "{name}={secret}%ff", "userId=x&{name}={secret}")
LATER, LONG_AGO = 4_000_000_000, 1_000_000_000


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    one = make_service(LOG_LEVEL="debug")
    one.start()
    one.wait_until_connected()
    return one


def test_no_token_and_no_ticket_of_an_address_is_logged_or_told_back(service: Service) -> None:
    planted = [*tokens(), *tickets(service)]
    told = list(everything_answered(service, planted))
    assert {int(answer[9:12]) for _, answer in told} >= {101, 200, 302, 400, 401, 403, 404, 405, 426}
    service.stop()

    log = service.log.read_bytes()
    assert b'"level":"debug"' in log
    places = [("the log", log), *told]
    found = {(secret[-12:], place) for place, text in places for secret in planted if secret.encode() in text}
    assert not found


def tokens() -> list[str]:
    def token(sub: str, role: str, exp: int) -> str:
        return jwt.encode({"sub": sub, "role": role, "exp": exp}, SIGNING, algorithm="HS256")

    good, admin, back_end = (token("ada", role, LATER) for role in ("user", "admin", "service"))
    return [good, admin, back_end, token("ada", "user", LONG_AGO), good[:-6] + "forged", "canary-of-no-shape"]


def tickets(service: Service) -> Iterator[str]:
    """One for each path and way of asking that may use it up, and one that never was."""
    for _ in range(8):
        yield service.call("POST", "/api/stream-ticket", by="ada", role="user").json()["ticket"]
    yield "canary-ticket-that-never-was"


def everything_answered(service: Service, planted: list[str]) -> Iterator[tuple[str, bytes]]:
    for name, (number, secret) in product(("token", "ticket"), enumerate(planted)):
        first = number % len(PATHS)  # where a ticket is still good
        for path, query, more in product(PATHS[first:] + PATHS[:first], QUERIES, (UPGRADE, "Accept: */*")):
            line = f"GET {path}?{query.format(name=name, secret=secret)} HTTP/1.1"
            yield f"{line[:32]} {more[:7]}", asked(service, line, more)
    for name, secret in product(("token", "ticket"), planted[:2]):
        for line in (f"POST /ws?{name}={secret} HTTP/1.1", f"DELETE /api/sse/stream?{name}={secret} HTTP/1.1"):
            yield line[:20], asked(service, line, "Content-Length: 0")
        for line in (f"GET /ws?{name}={secret} x HTTP/1.1", f"GET /ws?{name}={secret} HTTP/9"):  # no request at all
            yield line[:20], asked(service, line, UPGRADE)
        for header in (f"Authorization: Bearer {secret}\x01", f"Authorization {secret}", f"Cookie: a={secret}\x01"):
            yield header[:16], asked(service, "GET /ws HTTP/1.1", f"{UPGRADE}\r\n{header}")


def asked(service: Service, line: str, headers: str) -> bytes:
    """All of an answer that says how long it is, of a stream its beginning."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as connection:
        connection.sendall(f"{line}\r\nHost: 127.0.0.1:{service.port}\r\n{headers}\r\n\r\n".encode("latin-1"))
        answer = b""
        while part := connection.recv(65_536):
            answer += part
            head, _, body = answer.partition(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            if b"\r\n\r\n" in answer and (length is None or len(body) >= int(length[1])):
                break
        return answer
