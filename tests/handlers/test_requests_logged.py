"""One line for each request, without what must not be in it, and not more than a disk can take."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from handlers.requests import STRANGERS_LINES
from tests.handlers.serving import Serving


def lines_of(serving: Serving, do: Callable[[], Any]) -> list[dict[str, Any]]:
    with capture_logs() as lines:
        do()
        serving.on_loop(lambda: None)  # the line follows the answer
    return [dict(line) for line in lines if line["event"] in ("request_answered", "requests_unlogged")]


@pytest.mark.parametrize(
    ("path", "level", "status"),
    [("/api/connections", "info", 200), ("/health", "debug", 200), ("/api/admin/actors", "warning", 403)],
)
def test_a_line_says_who_asked_what_and_how_it_ended(serving: Serving, path: str, level: str, status: int) -> None:
    (line,) = lines_of(serving, lambda: serving.get(path))
    assert (line["log_level"], line["status"], line["path"], line["method"]) == (level, status, path, "GET")
    assert line["request"]
    assert line["ms"] >= 0


def test_no_query_and_no_token_is_in_it(serving: Serving) -> None:
    token = serving.token()
    (line,) = lines_of(serving, lambda: serving.ask("GET", f"/api/connections?token={token}&x=swordfish", user="ada"))
    assert token not in str(line)
    assert "swordfish" not in str(line)


def test_an_endless_path_is_cut(serving: Serving) -> None:
    (line,) = lines_of(serving, lambda: serving.ask("GET", "/" + "x" * 20_000))
    assert len(line["path"]) <= 256


def test_a_slow_request_shows(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.requests.SLOW", 0.0)
    (line,) = lines_of(serving, lambda: serving.get("/health"))
    assert (line["log_level"], line["slow"]) == ("warning", True)


def test_who_asks_past_a_limit_fills_no_log(serve: Callable[..., Serving]) -> None:
    serving = serve(api_rate=(3, 900))
    lines = lines_of(serving, lambda: [serving.get("/api/connections") for _ in range(40)])
    assert [line["status"] for line in lines] == [200] * 3 + [429] * STRANGERS_LINES
    serving.clock.advance(1)
    first, *_ = lines_of(serving, lambda: serving.get("/api/connections"))
    assert (first["event"], first["count"]) == ("requests_unlogged", 37 - STRANGERS_LINES)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/events"),
        ("GET", "/api/events?cursor=x&limit=x"),
        ("POST", "/api/presence"),
        ("POST", "/api/sse/x"),
    ],
)
def test_what_no_limit_counts_fills_no_log(serving: Serving, method: str, path: str) -> None:
    lines = lines_of(serving, lambda: [serving.ask(method, path, b"{}", user="ada") for _ in range(40)])
    assert len([line for line in lines if line["log_level"] != "debug"]) <= STRANGERS_LINES


def test_strangers_fill_no_log(serving: Serving) -> None:
    lines = lines_of(serving, lambda: [serving.ask("GET", "/api/connections") for _ in range(40)])
    assert len(lines) == STRANGERS_LINES
    assert len(lines_of(serving, lambda: serving.get("/api/admin/actors"))) == 1  # somebody we know
    serving.clock.advance(1)
    first, second = lines_of(serving, lambda: serving.ask("GET", "/api/connections"))
    assert (first["event"], first["count"]) == ("requests_unlogged", 40 - STRANGERS_LINES)
    assert second["status"] == 401
