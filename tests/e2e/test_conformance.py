"""The conformance suite passes on the service, and finds each way in which a deployment can be spoilt."""

import asyncio
import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from deploy.conformance.checks import CHECKS
from deploy.conformance.deployment import Deployment, Terms
from deploy.conformance.run import Outcome, run
from deploy.probing.address import parse_address
from deploy.probing.parsing import CLOSE, PING
from deploy.probing.streams import KINDS
from deploy.probing.tokens import Signer, bearer, in_query
from storage.records import Secret
from tests.e2e.service import PROJECT, SIGNING, Service
from tests.e2e.spoiling import Messages, Spoiler, instead, without


def deployment(url: str, origin: str | None = None, terms: Terms | None = None) -> Deployment:
    signer = Signer(Secret(SIGNING))
    return Deployment(
        parse_address(url),
        signer.person("one-user"),
        signer.person("the-app", "service"),
        other=signer.person("another-user"),
        signer=signer,
        origin=origin,
        broadcast=True,
        terms=terms,
    )


def outcomes(one: Deployment, names: set[str] | None = None) -> dict[str, Outcome]:
    chosen = [check for check in CHECKS if names is None or check.name in names]
    assert names is None or names == {check.name for check in chosen}
    done = asyncio.run(run(one, chosen, lambda outcome: None))
    return {outcome.check.name: outcome for outcome in done}


def failed(found: dict[str, Outcome]) -> dict[str, str | None]:
    return {name: outcome.seen for name, outcome in found.items() if outcome.result == "failed"}


# -- as an operator ------------------------------------------------------------------------------------


def begun(seen: Service, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(PROJECT / "run.py"), "conformance", *arguments]
    return subprocess.Popen(
        command, cwd=seen.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


class Done(NamedTuple):
    code: int
    said: str
    complaint: str


@pytest.fixture(scope="module")
def done(seen: Service) -> dict[str, Done]:
    """By secret and by tokens, at the same time, for half of it is waiting."""
    secret = seen.folder / "secret"
    secret.write_text(SIGNING)
    tokens = ("--token", seen.token("ada"), "--service-token", seen.token("app", "service"))
    running = {
        "secret": begun(seen, seen.url, "--jwt-secret-file", str(secret), "--broadcast", "--json"),
        "tokens": begun(seen, seen.url, *tokens),
        "nothing": begun(seen, seen.url),
    }
    said = {name: process.communicate(timeout=180) for name, process in running.items()}
    return {name: Done(process.returncode, *said[name]) for name, process in running.items()}


def test_the_service_keeps_every_promise(done: dict[str, Done]) -> None:
    told = json.loads(done["secret"].said)
    wrong = {check["name"]: check for check in told["checks"] if check["result"] != "passed"}
    assert (wrong, done["secret"].code) == ({}, 0)
    assert told["passed"] == len(CHECKS)


def test_with_tokens_only_it_says_what_it_left_out_and_why(done: dict[str, Done]) -> None:
    code, said, _ = done["tokens"]
    left = dict(re.findall(r"^left out +(\S+).*\n +because +(.*)$", said, re.MULTILINE))
    needy = {check.name for check in CHECKS if check.needs}
    assert left.keys() == needy
    assert all("--" in why for why in left.values())
    assert f"{len(CHECKS) - len(needy)} passed, 0 failed, {len(needy)} left out" in said, said
    assert code == 0


def test_without_tokens_it_shows_the_usage(done: dict[str, Done]) -> None:
    assert done["nothing"].code == 2
    assert "--jwt-secret-file" in done["nothing"].complaint


def test_what_else_happens_to_the_user_meanwhile_is_no_fault(seen: Service) -> None:
    """Who tries a deployment that is in use has events of their own."""
    told, done = 0, threading.Event()

    def live() -> None:
        nonlocal told
        while not done.wait(0.002):
            body = {"user": "one-user", "event": {"type": "conformance", "number": 1}}
            told += seen.call("POST", "/api/sse/send", "app", "service", json=body).status_code == 202

    chosen = _named(
        "everywhere order-* prompt-* types isolation resume-* last-event-id resume-by-message read never-a-part-* "
        "read-never-a-part send idempotent messages"
    )
    life = threading.Thread(target=live)
    life.start()
    try:
        found = outcomes(deployment(seen.url), chosen)
    finally:
        done.set()
        life.join()
    assert failed(found) == {}
    assert told > 20


# -- that each check can fail --------------------------------------------------------------------------


class Says200(BaseHTTPRequestHandler):
    """To everything."""

    def do_GET(self) -> None:
        body = b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


def test_a_server_that_says_200_to_everything_passes_no_check_at_all() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Says200) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        one = deployment(f"http://127.0.0.1:{server.server_port}", terms=Terms(patience=2, admission=2, beat=2))
        found = outcomes(one)
        server.shutdown()
    assert {name for name, outcome in found.items() if outcome.result != "failed"} == set()
    assert all(outcome.expected and outcome.seen and outcome.check.look for outcome in found.values())


def test_an_address_where_nothing_listens_fails_them_all() -> None:
    found = outcomes(deployment("http://127.0.0.1:9", terms=Terms(patience=2, admission=2, beat=2)))
    assert len(failed(found)) == len(CHECKS)


def told_as_it_is(opcode: int, payload: bytes) -> list[bytes]:
    return [payload]


def test_a_wire_that_spoils_nothing_is_no_fault(seen: Service) -> None:
    spoiler = Spoiler(seen.port, messages=told_as_it_is)
    chosen = {check.name for check in CHECKS if not check.name.startswith("heartbeat")}
    found = outcomes(deployment(spoiler.url, seen.url), chosen)
    spoiler.close()
    assert failed(found) == {}


class Fault(NamedTuple):
    what: str
    found_by: str
    """Names of checks; `*` stands for both kinds of stream."""
    how: dict[str, Any]
    patience: float = 2.0
    """Where something is missing, that is soon found."""


def dropped(words: bytes) -> Messages:
    return lambda opcode, payload: [] if words in payload else [payload]


def repeated(opcode: int, payload: bytes) -> list[bytes]:
    return [payload, payload] if b'"conformance' in payload else [payload]


def changed(old: bytes, new: bytes) -> Messages:
    return lambda opcode, payload: [payload.replace(old, new)]


def silenced(opcode: int, payload: bytes) -> list[bytes]:
    return [] if opcode == PING or payload.startswith(b":") else [payload]


def closed_without_reason(opcode: int, payload: bytes) -> list[bytes]:
    if opcode == CLOSE:
        return [(1000).to_bytes(2)]
    return [] if payload.startswith(b"event: close") else [payload]


SIGNER = Signer(Secret(SIGNING))
USER, APP = (bearer(SIGNER.person(*who).token)["Authorization"].encode() for who in (("one-user",), ("app", "service")))
IN_QUERY = in_query(SIGNER.person("one-user").token).encode()
JWT = rb"Bearer [\w-]+\.[\w-]+\.[\w-]*"

FAULTS = [
    Fault("ill", "health", {"answered": instead(b'"status":"ok"', b'"status":"no"')}),
    Fault("errors without id", "errors", {"answered": instead(b'"request_id"', b'"request_no"')}),
    Fault("cached", "no-store sse-headers", {"answered": without(b"Cache-Control")}),
    Fault("no CORS", "cors", {"answered": without(b"Access-Control-Allow-Origin")}),
    Fault(
        "CORS for all",
        "cors cors-strangers",
        {"answered": instead(b"Vary: Origin\r\n", b"Vary: Origin\r\nAccess-Control-Allow-Origin: *\r\n")},
    ),
    Fault("no Retry-After", "limits", {"answered": without(b"Retry-After")}),
    Fault("no retry", "sse-greeting", {"messages": changed(b"retry: ", b"later: ")}),
    Fault("text that is changed", "everywhere", {"messages": changed("☂".encode(), b"?")}),
    Fault(
        "an event that is lost",
        "order-* resume-* resume-by-message last-event-id",
        {"messages": dropped(b'"number":1')},
    ),
    Fault("events twice", "order-* resume-* last-event-id", {"messages": repeated}),
    Fault("late", "prompt-*", {"late": 0.6}, patience=10.0),
    Fault("buffered", "prompt-* sse-greeting header-*", {"hold": 16_384}),
    Fault("types forgotten", "types", {"asked": instead(b"types=", b"sepyt=")}),
    Fault("one for another", "isolation", {"asked": instead(JWT, USER)}),
    Fault(
        "cursors forgotten",
        "resume-* last-event-id resume-by-message never-a-part-* read read-never-a-part",
        {"asked": lambda data: re.sub(rb'cursor=|Last-Event-ID(?=:)|(?<=")cursor(?=")', _backwards, data)},
    ),
    Fault("parts for all", "never-a-part-*", {"messages": changed(b'"recovered":false', b'"recovered":true')}),
    Fault("signatures not looked at", "forged expired", {"asked": instead(JWT, USER)}),
    Fault("users as services", "role refused", {"asked": instead(rb"(?s)(?<=POST )(.*?)" + JWT, rb"\1" + APP)}),
    Fault("services in the address", "query-service-*", {"asked": instead(rb"token=[\w.-]+", IN_QUERY)}),
    Fault("tickets for ever", "ticket-*", {"asked": instead(rb"ticket=[\w.-]+", IN_QUERY)}),
    Fault("no tokens in the address", "query-*", {"asked": instead(rb"\?token=", b"?nekot=")}),
    Fault("no header", "header-*", {"asked": without(b"Authorization")}),
    Fault("cookies for scripts", "cookie-session", {"answered": instead(b"HttpOnly; ", b"")}),
    Fault(
        "cookies from anywhere",
        "cookie-origin",
        {"asked": lambda data: re.sub(rb"Cookie: soulwire_session=", b"Authorization: Bearer ", _no_origin(data))},
    ),
    Fault("userId forgotten", "user-id-*", {"asked": instead(b"userId", b"dIresu")}),
    Fault("no first messages", "first-message renewal", {"asked": instead(b'"type": "auth"', b'"type": "thua"')}),
    Fault(
        "no words at the end",
        "bad-message too-fast admission expiry-* revoked-* forged user-id-websocket",
        {"messages": closed_without_reason},
    ),
    Fault("no warning", "expiry-*", {"messages": dropped(b"token_expiring")}),
    Fault("no pongs", "messages", {"messages": dropped(b'"pong"')}),
    Fault("nobody forgotten", "forgotten", {"asked": instead(b"DELETE /api/users", b"DELETE /api/sers")}),
    Fault("nothing revoked", "revoked-*", {"asked": instead(rb"/revoke HTTP", b"/send HTTP")}),
    Fault(
        "no such paths",
        "send idempotent key-reused refused broadcast",
        {"asked": instead(b"/api/sse/([sb])", rb"/x/\1")},
    ),
    Fault("keys dropped", "idempotent key-reused", {"asked": without(b"Idempotency-Key")}),
    Fault("silent", "heartbeat-*", {"messages": silenced}),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what.replace(" ", "-"))
def test_a_fault_is_found(seen: Service, fault: Fault) -> None:
    spoiler = Spoiler(seen.port, **fault.how)
    names = _named(fault.found_by)
    found = outcomes(deployment(spoiler.url, seen.url, Terms(fault.patience, beat=27.0, admission=6.0)), names)
    spoiler.close()
    assert failed(found).keys() == names, failed(found)


def test_every_check_has_a_fault_that_it_finds() -> None:
    assert set().union(*(_named(fault.found_by) for fault in FAULTS)) == {check.name for check in CHECKS}


def _named(text: str) -> set[str]:
    return {word.replace("*", kind) for word in text.split() for kind in KINDS}


def _backwards(found: "re.Match[bytes]") -> bytes:
    return found[0][::-1] if not found[0].endswith(b"=") else b"rosruc="


def _no_origin(data: bytes) -> bytes:
    return without(b"Origin")(data)
