"""What comes back: any answer at all is an `Answer`, whatever its status."""

import gzip
from collections.abc import Iterator

import pytest

from actors.clock import Clock
from actors.outbound import Outbound
from actors.platforms.base import Answer, Call
from actors.platforms.failures import CallFailed
from tests.fakes.http_server import HttpServer, raw, reply


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


def get(url: str) -> Answer:
    return Outbound(Clock(), "1").send(Call("GET", url, auth="none"), None, None)


@pytest.mark.parametrize("status", [200, 201, 304, 400, 401, 403, 404, 410, 429, 500, 503])
def test_every_status_is_an_answer(server: HttpServer, status: int) -> None:
    body = b"" if status == 304 else b'{"a": 1}'
    answer = get(server.on("/", reply(status, body, {"Retry-After": "7"})))
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (status, body, "7")


def test_header_names_are_in_lower_case_and_repeated_ones_joined(server: HttpServer) -> None:
    answer = get(server.on("/", raw(b"HTTP/1.1 204 No\r\nLink: <a>\r\nLINK: <b>\r\nX-Poll-Interval: 60\r\n\r\n")))
    assert answer.headers == {"link": "<a>, <b>", "x-poll-interval": "60"}
    assert answer.body == b""


def test_a_gzipped_body_is_unpacked(server: HttpServer) -> None:
    answer = get(server.on("/", reply(200, gzip.compress(b'{"a": 1}'), {"Content-Encoding": "gzip"})))
    assert answer.json() == {"a": 1}
    assert server.seen[0].headers["accept-encoding"] == "gzip"


def test_a_chunked_body_is_joined(server: HttpServer) -> None:
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[1, \r\n2\r\n2]\r\n0\r\n\r\n"
    assert get(server.on("/", raw(wire))).json() == [1, 2]


def test_a_body_that_ends_with_the_connection_is_taken(server: HttpServer) -> None:
    assert get(server.on("/", raw(b"HTTP/1.0 200 OK\r\n\r\nall of it"))).body == b"all of it"


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", id="cut short"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nonly this", id="cut in a chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", id="no chunk size"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", id="not gzip"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="not http"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", id="an endless header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", id="too many headers"),
    ],
)
def test_half_an_answer_or_none_at_all_is_a_failure_of_the_network(server: HttpServer, wire: bytes) -> None:
    with pytest.raises(CallFailed) as failed:
        get(server.on("/", raw(wire)))
    assert failed.value.kind == "network"
