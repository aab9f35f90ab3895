"""However a platform stalls or floods, a call ends in time and takes bounded memory."""

import gzip
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.clock import Clock, Timer
from actors.outbound import Outbound
from actors.platforms.base import Answer, Call
from actors.platforms.failures import CallFailed
from tests.fakes import certificates
from tests.fakes.http_server import Behaviour, HttpServer, drip, flood, hang, head, reply

READ, TOTAL = 0.4, 0.8
LARGEST = 1_000_000


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def outbound() -> Iterator[Outbound]:
    clock = Clock()
    clock.start()
    yield Outbound(clock, "1", connect=1.0, read=READ, total=TOTAL, largest=LARGEST)
    clock.stop()


def get(outbound: Outbound, url: str) -> Answer:
    return outbound.send(Call("GET", url, auth="none"), None, None)


def refused(outbound: Outbound, url: str) -> tuple[CallFailed, float]:
    began = time.perf_counter()
    with pytest.raises(CallFailed) as failed:
        get(outbound, url)
    return failed.value, time.perf_counter() - began


def test_a_silent_platform_is_left_after_the_read_time_out(server: HttpServer, outbound: Outbound) -> None:
    failure, seconds = refused(outbound, server.on("/", hang))
    assert (failure.kind, failure.detail) == ("timeout", "GET 127.0.0.1: silent for 0.4 s")
    assert READ <= seconds < TOTAL


CHUNKED = head(200, {"Transfer-Encoding": "chunked"})
DRIPS = {
    "headers": drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500, every=0.05),
    "one header after the other": drip(b"X-Slow: yes\r\n" * 500, every=0.02, first=b"HTTP/1.1 200 OK\r\n"),
    "interim answers": drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 500, every=0.01),
    "body of a known length": drip(b"x" * 500, every=0.05, first=head(200, {"Content-Length": "500"})),
    "body that ends with the connection": drip(b"x" * 500, every=0.05, first=head(200, {"Connection": "close"})),
    "chunks": drip(b"1\r\nx\r\n" * 500, every=0.02, first=CHUNKED),
    "gzip": drip(gzip.compress(b"x")[:10] * 50, every=0.05, first=head(200, {"Content-Encoding": "gzip"})),
}


@pytest.mark.parametrize("behaviour", DRIPS.values(), ids=DRIPS.keys())
def test_a_slow_drip_is_cut_off_at_the_total_deadline(
    server: HttpServer, outbound: Outbound, behaviour: Behaviour
) -> None:
    failure, seconds = refused(outbound, server.on("/", behaviour))
    assert (failure.kind, failure.detail) == ("timeout", "GET 127.0.0.1: no complete answer within 0.8 s")
    assert TOTAL <= seconds < 2 * TOTAL


def test_a_slow_drip_over_tls_is_cut_off_too(
    outbound: Outbound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificates.make(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(file))
    with HttpServer(tls=certificates.server_context(file)) as server:
        assert get(outbound, server.on("/well", reply(200, b"yes"))).body == b"yes"
        failure, seconds = refused(outbound, server.on("/", DRIPS["chunks"]))
        assert failure.kind == "timeout"
        assert TOTAL <= seconds < 2 * TOTAL


def test_redirects_share_one_deadline(server: HttpServer, outbound: Outbound) -> None:
    slow = drip(b"\r\n", every=0.2, first=b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n")
    failure, seconds = refused(outbound, server.on("/", slow))
    assert failure.kind == "timeout"
    assert seconds < 2 * TOTAL


def test_after_a_cut_the_thread_calls_on_a_new_connection(server: HttpServer, outbound: Outbound) -> None:
    refused(outbound, server.on("/", DRIPS["chunks"]))
    assert get(outbound, server.on("/well", reply(200, b"yes"))).body == b"yes"
    assert [seen.connection for seen in server.seen] == [1, 2]


class RememberingClock(Clock):
    """A clock of which a test can let a timer go off."""

    def call_later(self, seconds: float, do: Callable[[], object]) -> Timer:
        self.go_off = do
        return super().call_later(seconds, do)


def test_the_deadline_of_a_call_that_ended_is_cancelled_and_if_too_late_harmless(server: HttpServer) -> None:
    clock = RememberingClock()
    outbound, url = Outbound(clock, "1"), server.on("/", reply(200, b"yes"))
    assert get(outbound, url).body == b"yes"
    assert len(clock) == 0
    clock.go_off()
    assert get(outbound, url).body == b"yes"
    assert [seen.connection for seen in server.seen] == [1, 1]


def test_a_body_of_fifty_megabytes_is_stopped_at_the_cap(server: HttpServer, outbound: Outbound) -> None:
    failure, _ = refused(outbound, server.on("/", flood(50_000_000, {"Connection": "close"})))
    assert failure.kind == "too_large"
    assert server.broken.acquire(timeout=5), "the platform was let go on sending"


def test_a_body_that_announces_fifty_megabytes_is_not_read(server: HttpServer, outbound: Outbound) -> None:
    failure, seconds = refused(
        outbound, server.on("/", drip(b"x", every=0.3, first=head(200, {"Content-Length": "50000000"})))
    )
    assert (failure.kind, failure.detail) == ("too_large", "GET 127.0.0.1: an answer of 50000000 bytes")
    assert seconds < 0.3


def test_a_body_that_unpacks_to_more_than_the_cap_is_stopped_without_being_unpacked(
    server: HttpServer, outbound: Outbound
) -> None:
    bomb = gzip.compress(bytes(200_000_000))
    url = server.on("/", reply(200, bomb, {"Content-Encoding": "gzip"}))
    tracemalloc.start()
    try:
        failure, _ = refused(outbound, url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert failure.kind == "too_large"
    assert peak < 10 * LARGEST


def test_a_body_just_within_the_cap_is_taken(server: HttpServer, outbound: Outbound) -> None:
    assert len(get(outbound, server.on("/", reply(200, b"x" * LARGEST))).body) == LARGEST
    assert refused(outbound, server.on("/more", reply(200, b"x" * (LARGEST + 1))))[0].kind == "too_large"


def test_a_thread_keeps_lines_to_the_hosts_that_it_called_last(
    outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom pushes go to is the browsers' to say: there is no end to the hosts that they may name."""
    monkeypatch.setattr("actors.outbound.LINES", 2)
    with HttpServer() as first, HttpServer() as second, HttpServer() as third:
        for server in (first, second, first, third, first, second):
            get(outbound, server.on("/", reply()))

        connections = [[seen.connection for seen in server.seen] for server in (first, second, third)]
    assert connections == [[1, 1, 1], [1, 2], [1]]
