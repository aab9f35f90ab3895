"""A platform that quotes in its answer what it was sent: the service never learns it back."""

import base64
from collections.abc import Iterator

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


@pytest.mark.parametrize("sent", ["s3cret-refresh-token", "s3cret/with 'signs'"])
@pytest.mark.parametrize("complaint", ["{}", "refresh_token={}", '\\"refresh_token\\":\\"{}\\"'])
def test_a_complaint_with_a_success_holds_nothing_of_what_was_sent(
    server: HttpServer, complaint: str, sent: str
) -> None:
    said = f'{{"error":"bad_verification_code","error_description":"{complaint.format(sent)}"}}'
    assert "s3cret" not in answered(server, said, sent)
    assert "s3cret" not in answered(server, said.replace("/", "\\/"), sent)


@pytest.mark.parametrize(
    "said",
    [
        '{"refresh_token":"s3cret-refresh", "note": "s3cret-refresh"}',
        '{"authed_user": {"refresh_token" : "s3cret-refresh"}, "note": "s3cret-refresh"}',
    ],
)
def test_what_is_given_again_stays_and_is_blotted_out_everywhere_else(server: HttpServer, said: str) -> None:
    assert answered(server, said) == said.replace('"note": "s3cret-refresh"', '"note": "***"')


def test_so_it_is_in_a_form(server: HttpServer) -> None:
    said = "error_description=refresh_token%3Ds3cret-refresh&refresh_token=s3cret-refresh"
    got = answered(server, said, type="application/x-www-form-urlencoded; charset=utf-8")
    assert got == "error_description=refresh_token%3D***&refresh_token=s3cret-refresh"


def answered(server: HttpServer, said: str, sent: str = "s3cret-refresh", *, type: str = "application/json") -> str:
    """What becomes of a token endpoint's success."""

    def say(wire: Wire, _seen: Seen) -> None:
        wire.write(head(200, {"Content-Length": str(len(said)), "Content-Type": type}) + said.encode())

    server.on("/token", say)
    call = Call("POST", f"{server.url}/token", form={"refresh_token": Secret(sent)}, auth="basic")
    return Outbound(Clock(), "1").send(call, None, CLIENT).body.decode()
