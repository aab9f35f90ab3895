"""Redirects are followed on the same host only: credentials go nowhere else."""

from collections.abc import Iterator

import pytest

from actors.clock import Clock
from actors.outbound import REDIRECTS, Outbound
from actors.platforms.base import Answer, Call
from actors.platforms.failures import CallFailed
from storage.records import Secret
from tests.fakes.http_server import Behaviour, HttpServer, reply

TOKEN = Secret("users-token")


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.on("/new", reply(200, b"here"))
        yield server


def to(where: str, status: int = 302) -> Behaviour:
    return reply(status, b"moved", {"Location": where})


def send(server: HttpServer, method: str = "GET", path: str = "/old") -> Answer:
    form = {"a": "b"} if method in ("POST", "PUT") else None
    return Outbound(Clock(), "1").send(Call(method, server.url + path, form=form), TOKEN, None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_on_the_same_host_they_are_followed_with_the_credentials(server: HttpServer, status: int) -> None:
    server.on("/old", to("/new?x=1", status))
    assert send(server).body == b"here"
    assert [seen.path for seen in server.seen] == ["/old", "/new?x=1"]
    assert server.seen[1].headers["authorization"] == "Bearer users-token"


def test_the_parameters_of_the_call_are_not_added_again(server: HttpServer) -> None:
    server.on("/old", to("/new"))
    Outbound(Clock(), "1").send(Call("GET", f"{server.url}/old", params={"page": 1}), TOKEN, None)
    assert [seen.path for seen in server.seen] == ["/old?page=1", "/new"]


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (303, "PUT", "GET"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
    ],
)
def test_the_method_and_body_follow_the_rules(server: HttpServer, status: int, method: str, then: str) -> None:
    server.on("/old", to("/new", status))
    send(server, method)
    seen = server.seen[1]
    assert seen.method == then
    if then == "GET":
        assert seen.body == b""
        assert "content-type" not in seen.headers
        assert "content-length" not in seen.headers
        assert "transfer-encoding" not in seen.headers
    elif method != "DELETE":
        assert seen.body == b"a=b"


@pytest.mark.parametrize(
    "where",
    [
        "http://localhost:{port}/new",
        "http://127.0.0.1:{other}/new",
        "//127.0.0.1:{other}/new",
        "https://127.0.0.1:{port}/new",
        "http://someone:else@127.0.0.1:{port}/new",
        "http://127.0.0.1:{port}@127.0.0.1:{other}/new",
        "http://127.0.0.1:{other}\\@127.0.0.1:{port}/new",
    ],
)
def test_to_anywhere_else_they_are_refused_and_nothing_is_sent(server: HttpServer, where: str) -> None:
    with HttpServer() as elsewhere:
        elsewhere.on("/new", reply(200, b"thanks for the token"))
        server.on("/old", to(where.format(port=server.port, other=elsewhere.port)))
        with pytest.raises(CallFailed) as failed:
            send(server)
        assert failed.value.kind == "redirect"
        assert elsewhere.seen == []
        assert len(server.seen) == 1


@pytest.mark.parametrize("where", ["http://[::1", "http://", "http://127.0.0.1:99999/new"])
def test_to_what_is_no_address_they_are_refused(server: HttpServer, where: str) -> None:
    server.on("/old", to(where))
    with pytest.raises(CallFailed) as failed:
        send(server)
    assert failed.value.kind == "redirect"


def test_in_a_circle_they_end(server: HttpServer) -> None:
    server.on("/old", to("/old"))
    with pytest.raises(CallFailed, match="more than 5 redirects"):
        send(server)
    assert len(server.seen) == REDIRECTS + 1


def test_without_a_location_they_are_an_answer(server: HttpServer) -> None:
    server.on("/old", reply(302, b"where?"))
    assert send(server).status == 302


def test_not_modified_is_no_redirect(server: HttpServer) -> None:
    server.on("/old", reply(304, b"", {"Location": "/new"}))
    assert send(server).status == 304
