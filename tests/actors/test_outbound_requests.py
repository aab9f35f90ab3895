"""What goes out: credentials where the call names them, and nothing that the machine's environment would add."""

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.clock import Clock
from actors.outbound import Outbound
from actors.platforms.base import Call, Client
from actors.platforms.failures import CallFailed
from storage.records import Secret
from tests.fakes.http_server import HttpServer, Seen, Wire, reply

CLIENT = Client("our-app", Secret("app-secret"))
TOKEN = Secret("users-token")


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.on("/", reply(200, b"{}"))
        yield server


def sent(server: HttpServer, call: Call, bearer: Secret | None = TOKEN) -> Seen:
    Outbound(Clock(), "1.2.3").send(call, bearer, CLIENT)
    return server.seen[-1]


def test_it_says_who_it_is(server: HttpServer) -> None:
    assert sent(server, Call("GET", f"{server.url}/")).headers["user-agent"] == "Soulwire/1.2.3"


def test_a_bearer_call_carries_the_access_token(server: HttpServer) -> None:
    assert sent(server, Call("GET", f"{server.url}/")).headers["authorization"] == "Bearer users-token"


def test_a_basic_call_carries_the_apps_id_and_secret(server: HttpServer) -> None:
    seen = sent(server, Call("POST", f"{server.url}/", auth="basic"))
    assert base64.b64decode(seen.headers["authorization"].removeprefix("Basic ")) == b"our-app:app-secret"


def test_a_call_without_auth_carries_no_credentials(server: HttpServer) -> None:
    assert "authorization" not in sent(server, Call("GET", f"{server.url}/", auth="none")).headers


@pytest.mark.parametrize("auth", ["bearer", "basic"])
def test_a_call_whose_credentials_are_missing_is_not_made(server: HttpServer, auth: str) -> None:
    with pytest.raises(CallFailed, match="no credentials") as failed:
        Outbound(Clock(), "1").send(Call("GET", f"{server.url}/", auth=auth), None, None)  # type: ignore[arg-type]
    assert failed.value.kind == "bad_call"
    assert server.seen == []


def test_a_form_is_sent_with_its_secrets_unwrapped(server: HttpServer) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": Secret("r&e=f")}
    seen = sent(server, Call("POST", f"{server.url}/", form=form, auth="none"))
    assert seen.body == b"grant_type=refresh_token&refresh_token=r%26e%3Df"
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"


def test_json_parameters_and_headers_are_sent(server: HttpServer) -> None:
    call = Call("PUT", f"{server.url}/", params={"page": 2, "q": "a b"}, headers={"If-None-Match": '"tag"'}, json={})
    seen = sent(server, call)
    assert (seen.method, seen.path, seen.body) == ("PUT", "/?page=2&q=a+b", b"{}")
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["if-none-match"] == '"tag"'


def test_a_calls_own_accept_header_replaces_the_usual_one(server: HttpServer) -> None:
    assert sent(server, Call("GET", f"{server.url}/", headers={"Accept": "text/x"})).headers["accept"] == "text/x"


def test_proxies_and_netrc_of_the_environment_are_ignored(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert "authorization" not in sent(server, Call("GET", f"{server.url}/", auth="none")).headers


def test_a_cookie_given_to_one_user_is_not_sent_for_the_next(server: HttpServer) -> None:
    server.on("/login", reply(200, b"", {"Set-Cookie": "session=adas; Path=/"}))
    outbound = Outbound(Clock(), "1")
    outbound.send(Call("GET", f"{server.url}/login"), Secret("ada"), None)
    outbound.send(Call("GET", f"{server.url}/"), Secret("grace"), None)
    assert "cookie" not in server.seen[-1].headers


def test_a_thread_keeps_its_connection_for_the_next_call(server: HttpServer) -> None:
    outbound = Outbound(Clock(), "1")
    for _ in range(3):
        outbound.send(Call("GET", f"{server.url}/"), TOKEN, None)
    other = threading.Thread(target=outbound.send, args=(Call("GET", f"{server.url}/"), TOKEN, None))
    other.start()
    other.join()
    assert [seen.connection for seen in server.seen] == [1, 1, 1, 2]


def test_a_connection_that_the_platform_closed_meanwhile_is_made_anew(server: HttpServer) -> None:
    closed = threading.Event()

    def bye(wire: Wire, seen: Seen) -> None:
        reply(200)(wire, seen)
        wire.close()
        closed.set()

    outbound = Outbound(Clock(), "1")
    outbound.send(Call("GET", server.on("/bye", bye)), TOKEN, None)
    assert closed.wait(5)
    assert outbound.send(Call("GET", f"{server.url}/"), TOKEN, None).status == 200
    assert [seen.connection for seen in server.seen] == [1, 2]


@pytest.mark.parametrize("token", ["two\nlines", "bad\r\nX-Injected: yes", "snow\u2603man"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(server: HttpServer, token: str) -> None:
    with pytest.raises(CallFailed) as failed:
        Outbound(Clock(), "1").send(Call("GET", f"{server.url}/"), Secret(token), None)
    assert failed.value.kind == "bad_call"
    assert token not in failed.value.detail
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    assert server.seen == []


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(CallFailed) as failed:
        Outbound(Clock(), "1").send(Call("GET", "not an address"), TOKEN, None)
    assert failed.value.kind == "bad_call"
