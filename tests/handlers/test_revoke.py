"""Tokens that are refused before their time, and what they opened."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from handlers.auth import SESSION_COOKIE, Authenticator
from handlers.revocations import FEW, Revocations
from storage import revocations
from storage.records import Secret, iso
from tests.handlers.serving import SECRET, Answer, Serving


def revoke(serving: Serving, user: str = "ada", role: str = "service", **body: Any) -> Answer:
    return serving.ask("POST", f"/api/users/{user}/revoke", body, user="app", role=role)


def status(serving: Serving, token: str, path: str = "/api/connections") -> int:
    return serving.ask("GET", path, None, {"Authorization": f"Bearer {token}"}).status


@contextmanager
def socket(serving: Serving, token: str) -> Iterator[ClientConnection]:
    address = f"ws://127.0.0.1:{serving.port}/ws?token={token}"
    with connect(address, proxy=None) as opened:
        yield opened


def farewell(opened: ClientConnection) -> tuple[int, str]:
    try:
        while True:
            opened.recv(10)
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return closed.rcvd.code, closed.rcvd.reason


def sse(serving: Serving, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=10)
    connection.request("GET", "/api/sse/stream", headers=headers)
    return connection.getresponse()


def test_tokens_issued_before_are_refused_and_later_ones_are_taken(serving: Serving) -> None:
    now = serving.clock.now()
    old, new = serving.token(iat=now - 60), serving.token(iat=now)
    answer = revoke(serving, before=iso(now))
    assert (answer.status, answer.json) == (200, {"user": "ada", "before": iso(now), "closed": 0})
    refused = serving.ask("GET", "/api/connections", None, {"Authorization": f"Bearer {old}"})
    assert (refused.status, refused.error) == (401, "token_revoked")
    assert status(serving, new) == 200
    assert status(serving, serving.token("grace", iat=now - 60)) == 200


def test_a_token_that_does_not_say_when_it_was_issued_counts_as_older(serving: Serving) -> None:
    token = serving.token()
    assert status(serving, token) == 200
    revoke(serving, before=iso(serving.clock.now() - 3600))
    assert status(serving, token) == 401


def test_one_token_is_refused_by_its_id_and_the_users_others_are_not(serving: Serving) -> None:
    one, other = serving.token(jti="one"), serving.token(jti="other")
    assert revoke(serving, jti="one").json == {"user": "ada", "jti": "one", "closed": 0}
    assert (status(serving, one), status(serving, other)) == (401, 200)
    assert status(serving, serving.token("grace", jti="one")) == 200


def test_an_administrators_and_a_back_ends_tokens_can_be_revoked_too(serving: Serving) -> None:
    for user, role in (("root", "admin"), ("app", "service")):
        token = serving.token(user, role, jti="x")
        assert revoke(serving, user, jti="x").status == 200
        assert status(serving, token, "/api/admin/actors") == 401


def test_open_streams_are_closed_at_once_and_only_those(serving: Serving) -> None:
    old, new = serving.token(iat=serving.clock.now() - 60), serving.token(iat=serving.clock.now())
    with (
        socket(serving, old) as socket_,
        socket(serving, new) as kept,
        socket(serving, serving.token("grace")) as other,
    ):
        events = sse(serving, {"Authorization": f"Bearer {old}"})
        for opened in (socket_, kept, other):
            opened.recv(10)
        began = time.monotonic()
        assert revoke(serving, before=iso(serving.clock.now())).json["closed"] == 2
        assert farewell(socket_) == (4505, "the token was revoked")
        last = events.read().decode()
        assert time.monotonic() - began < 1
        assert last.endswith('event: close\ndata: {"code":4505,"retry_after_ms":null}\n\n')
        for opened in (kept, other):
            opened.send('{"type":"ping"}')
            assert json.loads(opened.recv(10)) == {"type": "pong"}


def test_a_stream_that_was_renewed_lives_by_its_new_token(serving: Serving) -> None:
    with socket(serving, serving.token(jti="old")) as opened:
        opened.recv(10)
        opened.send(json.dumps({"type": "auth", "token": serving.token(jti="new")}))
        opened.recv(10)
        assert revoke(serving, jti="old").json["closed"] == 0
        assert revoke(serving, jti="new").json["closed"] == 1
        assert farewell(opened)[0] == 4505


def test_who_comes_back_with_a_revoked_token_is_told_not_to(serving: Serving) -> None:
    token = serving.token(jti="one")
    revoke(serving, jti="one")
    with socket(serving, token) as opened:
        assert farewell(opened)[0] == 4505
    with connect(f"ws://127.0.0.1:{serving.port}/ws", proxy=None) as opened:
        opened.send(json.dumps({"type": "auth", "token": token}))
        assert farewell(opened)[0] == 4505
    cookie = {"Cookie": f"{SESSION_COOKIE}={token}"}
    assert sse(serving, cookie).status == 401
    assert sse(serving, cookie | {"Last-Event-ID": "x-1"}).status == 204
    assert serving.ask("GET", "/api/session", None, cookie).json["user"] is None
    assert serving.ask("POST", "/api/session", {"token": token}).error == "token_revoked"


def test_a_ticket_that_was_made_from_it_is_refused(serving: Serving) -> None:
    ticket = serving.ask("POST", "/api/stream-ticket", user="ada", jti="one").json["ticket"]
    revoke(serving, jti="one")
    with connect(f"ws://127.0.0.1:{serving.port}/ws?ticket={ticket}", proxy=None) as opened:
        assert farewell(opened)[0] == 4505


def test_hundreds_of_streams_are_closed_within_a_second(serving: Serving) -> None:
    token = serving.token(jti="one")
    opened = [sse(serving, {"Authorization": f"Bearer {token}"}) for _ in range(300)]
    try:
        began = time.monotonic()
        assert revoke(serving, jti="one").json["closed"] == 300
        assert all(one.read().count(b"event: close") == 1 for one in opened)
        assert time.monotonic() - began < 1
    finally:
        for one in opened:
            one.close()


@pytest.mark.parametrize("role", ["user", "admin"])
def test_it_is_for_back_ends(serving: Serving, role: str) -> None:
    assert revoke(serving, role=role, jti="one").error == "forbidden"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"jti": "a", "before": "2026-01-01T00:00:00Z"},
        {"jti": ""},
        {"jti": "x" * 257},
        {"jti": 1},
        {"before": "yesterday"},
        {"before": "2026-01-01T00:00:00"},
        {"before": 1},
        {"before": "2027-01-15T08:05:01Z"},
        {"before": "0001-01-01T00:00:00+23:59"},
        {"jti": "\0"},
        {"token": "x"},
    ],
)
def test_anything_else_revokes_nothing(serving: Serving, body: dict[str, Any]) -> None:
    assert revoke(serving, **body).error in ("bad_body", "bad_before")
    assert status(serving, serving.token()) == 200


def test_it_is_stored_before_it_is_answered(serving: Serving) -> None:
    ends = serving.clock.now() + 60
    status(serving, serving.token(jti="seen", seconds=60))
    for jti in ("seen", "unseen"):
        revoke(serving, jti=jti)
    revoke(serving, before="2027-01-15T07:00:00.250Z")
    known = serving.read(revocations.everything)
    assert known.before == {"ada": serving.clock.now() - 3600 + 0.25}
    assert known.tokens == {("ada", "seen"): ends, ("ada", "unseen"): None}


def test_when_a_revoked_token_expires_is_learned_when_it_is_refused(serve: Callable[..., Serving]) -> None:
    serving = serve()
    serving.parts.authenticator.revocations._write = serving.database.write
    revoke(serving, jti="one")
    assert status(serving, serving.token(jti="one", seconds=60)) == 401
    serving.write(lambda tx: None)
    assert serving.read(revocations.everything).tokens == {("ada", "one"): serving.clock.now() + 60}


def test_what_storage_knows_is_refused_from_the_start(tmp_path: Path, serve: Callable[..., Serving]) -> None:
    known = revocations.Revoked({"ada": 2e9}, {("grace", "one"): None})
    serving = serve()
    authenticator = Authenticator(serving.clock.now, secret=Secret(SECRET), revocations=Revocations(known))
    for token in (serving.token(iat=1e9), serving.token("grace", jti="one")):
        with pytest.raises(Exception, match="revoked"):
            authenticator.check(token)


def test_tokens_that_have_expired_are_forgotten_while_it_runs() -> None:
    kept = Revocations()
    for number in range(FEW):
        kept.refuse_token("ada", f"t-{number}", 10.0 if number else 1e9, now=0.0)
    assert kept.cover("ada", "t-1", None, 10.0)
    kept.refuse_token("ada", "last", None, now=11.0)
    assert [kept.cover("ada", jti, None, 20.0) for jti in ("t-0", "t-1", "last")] == [True, False, True]
