"""A platform that quotes in its answer what it was sent: the service never learns it back."""

import base64
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from actors.clock import Clock
from actors.outbound import Outbound
from actors.platforms.base import Answer, Call, Client
from storage.records import Secret
from tests.fakes.http_server import HttpServer, Seen, Wire, head

CLIENT = Client("our-app", Secret("s3cret/of-app"))
BEARER = Secret("s3cret-token")


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


def quoted(server: HttpServer, status: int, call: Call) -> Answer:
    def echo(wire: Wire, seen: Seen) -> None:
        body = seen.headers.get("authorization", "").encode() + b" " + seen.body
        told = {"Content-Length": str(len(body)), "X-Sent": seen.headers.get("authorization", "")}
        wire.write(head(status, told) + body)

    server.on("/", echo)
    return Outbound(Clock(), "1").send(call, BEARER, CLIENT)


@pytest.mark.parametrize("status", [200, 403, 500])
def test_an_access_token_is_in_no_answer_of_an_api(server: HttpServer, status: int) -> None:
    answer = quoted(server, status, Call("GET", f"{server.url}/"))
    assert answer.body.strip() == b"Bearer ***"
    assert answer.headers["x-sent"] == "Bearer ***"


def test_a_complaint_of_a_token_endpoint_holds_nothing_of_what_was_sent(server: HttpServer) -> None:
    form: dict[str, str | Secret] = {"refresh_token": Secret("s3cret+refresh"), "code": Secret("s3cret of code")}
    answer = quoted(server, 400, Call("POST", f"{server.url}/", form=form, auth="basic"))
    told = answer.body + repr(answer.headers).encode()
    assert b"s3cret" not in told
    assert base64.b64encode(b"our-app:s3cret/of-app") not in told


def test_secrets_in_json_are_taken_out_of_complaints_too(server: HttpServer) -> None:
    call = Call("POST", f"{server.url}/", json={"config": [{"secret": Secret('a "hook" s3cret')}]})
    assert b"s3cret" not in quoted(server, 422, call).body


def test_a_grant_that_holds_the_same_refresh_token_again_stays_as_it_is(server: HttpServer) -> None:
    call = Call("POST", f"{server.url}/", form={"refresh_token": Secret("s3cret-refresh")}, auth="none")
    assert quote("s3cret-refresh").encode() in quoted(server, 200, call).body
