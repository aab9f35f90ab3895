"""Whatever goes wrong, the answer is JSON, says what fits, and nothing else."""

import http.client

import pytest
from structlog.testing import capture_logs

from tests.handlers.serving import PATIENCE, Serving, read_answer

PATHS = ["/api", "/api/nothing", "/api/connections/", "/API/connections", "//health", "/health/", "/./health"]
TRICKS = ["/api/connections/../admin/actors", "/%2e%2e/etc/passwd", "/static/..%2f..%2frun.py", "/static/%2e%2e"]
SYMBOLS = ["/static/%c0%ae%c0%ae", "/static/a%00.js", "/api/connections/%ff", "/api/connections/git%2Fhub"]


@pytest.mark.parametrize("path", [*PATHS, *TRICKS])
def test_a_path_that_is_none_is_404(serving: Serving, path: str) -> None:
    answer = serving.get(path)
    assert (answer.status, answer.error) == (404, "not_found")


@pytest.mark.parametrize("path", SYMBOLS)
def test_a_path_of_odd_bytes_finds_nothing(serving: Serving, path: str) -> None:
    answer = serving.get(path)
    assert answer.status in (400, 404)
    assert answer.error in ("not_found", "no_such_platform", "bad_request")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/health", "GET, OPTIONS"),
        ("PUT", "/api/session", "GET, POST, DELETE, OPTIONS"),
        ("GET", "/api/webhooks/github/ada", "POST, OPTIONS"),
        ("TRACE", "/ready", "GET, OPTIONS"),
        ("FROB", "/ready", "GET, OPTIONS"),
    ],
)
def test_a_method_that_a_path_has_not_is_405(serving: Serving, method: str, path: str, allowed: str) -> None:
    answer = serving.ask(method, path)
    assert (answer.status, answer.error) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


def test_a_failure_of_ours_tells_nothing_and_is_logged(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(serving.parts.hub, "standing", fail)
    with capture_logs() as lines:
        answer = serving.get("/health")
    assert (answer.status, answer.error) == (500, "internal_error")
    assert b"swordfish" not in answer.body
    failed = next(line for line in lines if line["event"] == "request_failed")
    assert failed["request"] == answer.headers["X-Request-Id"]
    assert isinstance(failed["exc_info"], RuntimeError)


def test_every_answer_has_a_request_id_of_its_own(serving: Serving) -> None:
    ids = {serving.get(path).headers["X-Request-Id"] for path in ("/health", "/health", "/nothing")}
    assert len(ids) == 3


def test_a_request_id_is_not_taken_from_outside(serving: Serving) -> None:
    assert serving.get("/health", X_Request_Id="mine").headers["X-Request-Id"] != "mine"


@pytest.mark.parametrize("path", ["/health", "/nothing", "/api/connections", "/api/webhooks/github/ada", "/"])
def test_every_answer_has_the_headers_that_keep_browsers_careful(serving: Serving, path: str) -> None:
    headers = serving.ask("GET", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] in ("no-store", "no-cache")
    assert "Server" not in headers


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit=", "limit=%ff", "limit=1e3"])
def test_a_limit_that_is_none_is_400(serving: Serving, query: str) -> None:
    answer = serving.get(f"/api/events?{query}")
    assert answer.status == 400
    assert answer.error in ("bad_limit", "bad_request")


def test_a_header_cannot_be_smuggled_into_an_answer(serving: Serving) -> None:
    for path in ("/api/connections/a%0d%0aSet-Cookie:%20x=y", "/api/data?platform=a%0d%0aX-Evil:%20y"):
        answer = serving.get(path, Origin=f"{serving.origin}")
        assert answer.status in (400, 404)
        assert "Set-Cookie" not in answer.headers
        assert "X-Evil" not in answer.headers


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /health HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET  /health\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello",
        b"POST /api/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_not_http_is_ended_and_the_service_goes_on(serving: Serving, request_line: bytes) -> None:
    with serving.raw() as connection:
        connection.sendall(request_line)
        assert connection.recv(4096).startswith((b"HTTP/1.1 400", b"HTTP/1.1 415")) or connection.recv(1) == b""
    assert serving.get("/health").status == 200


def test_head_is_get_without_the_body(serving: Serving) -> None:
    answer = serving.ask("HEAD", "/health")
    assert answer.status == 200
    assert answer.body == b""
    assert int(answer.headers["Content-Length"]) > 0


def test_several_requests_share_a_connection(serving: Serving) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=PATIENCE)
    for path, status in (("/health", 200), ("/nothing", 404), ("/ready", 200)):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == status
        answer.read()
    connection.close()


def test_a_body_where_none_belongs_is_ignored(serving: Serving) -> None:
    with serving.raw() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        assert read_answer(connection).status == 200
