"""A platform that can't be reached: each way has its kind, and is told without the call's secrets."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.clock import Clock
from actors.outbound import SICK, Outbound
from actors.platforms.base import Call, Client
from actors.platforms.failures import CallFailed
from storage.records import Secret
from tests.fakes import certificates
from tests.fakes.http_server import HttpServer, hang, reply, reset

CLIENT = Client("our-app", Secret("s3cret-of-app"))


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


def failure(url: str, **bounds: float) -> CallFailed:
    call = Call("POST", url, params={"key": "s3cret-in-query"}, form={"refresh_token": Secret("s3cret-of-user")})
    with pytest.raises(CallFailed) as failed:
        Outbound(Clock(), "1", **bounds).send(call, Secret("s3cret-token"), CLIENT)  # type: ignore[arg-type]
    assert "s3cret" not in repr(failed.value.args) + failed.value.detail
    assert failed.value.__suppress_context__, "a traceback would quote the libraries, and these the request"
    return failed.value


def test_nobody_listening_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}/")
    assert (error.kind, error.detail) == ("refused", "POST 127.0.0.1: the connection was refused")


def test_a_name_that_does_not_resolve_is_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure("http://api.example.org/")
    assert (error.kind, error.detail) == ("dns", "POST api.example.org: the name can't be resolved")


def test_a_listener_that_never_accepts_is_a_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        crowd = [socket.socket() for _ in range(8)]
        for sock in crowd:
            sock.setblocking(False)
            sock.connect_ex(address)
        error = failure(f"http://127.0.0.1:{address[1]}/", connect=0.2)
        for sock in crowd:
            sock.close()
    assert (error.kind, error.detail) == ("timeout", "POST 127.0.0.1: no connection within 0.2 s")


def test_silence_is_a_time_out(server: HttpServer) -> None:
    assert failure(server.on("/", hang), read=0.1).kind == "timeout"


def test_a_reset_is_the_network(server: HttpServer) -> None:
    assert failure(server.on("/", reset)).kind == "network"


def test_a_certificate_of_nobody_is_tls_and_says_why(tmp_path: Path) -> None:
    with HttpServer(tls=certificates.server_context(certificates.make(tmp_path))) as server:
        error = failure(server.on("/", reply(200, b"trust me")))
        assert error.kind == "tls"
        assert error.detail.startswith("POST 127.0.0.1: no secure connection: self-signed certificate")
        assert server.seen == []


def test_plain_http_where_tls_was_expected_is_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(1)
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                sock.recv(65_536)

        server = threading.Thread(target=answer)
        server.start()
        assert failure(f"https://127.0.0.1:{listener.getsockname()[1]}/").kind == "tls"
        server.join()


def test_what_speaks_of_the_platform_and_not_of_the_call_counts_for_its_circuit() -> None:
    assert sorted(SICK) == ["dns", "network", "refused", "timeout", "tls"]
