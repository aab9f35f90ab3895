"""Which pages of other origins may ask."""

import pytest

from handlers.origins import origin_of
from tests.handlers.serving import APP_ORIGIN, Serving


def test_the_apps_pages_may_read_with_their_cookie(serving: Serving) -> None:
    headers = serving.get("/api/connections", Origin=APP_ORIGIN).headers
    assert headers["Access-Control-Allow-Origin"] == APP_ORIGIN
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("path", ["/api/nothing", "/api/admin/actors", "/api/data?limit=0"])
def test_they_may_read_errors_too(serving: Serving, path: str) -> None:
    answer = serving.get(path, Origin=APP_ORIGIN)
    assert answer.status >= 400
    assert answer.headers["Access-Control-Allow-Origin"] == APP_ORIGIN


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", APP_ORIGIN + ":8443", "http://app.example"])
def test_nobody_elses_pages_may(serving: Serving, origin: str) -> None:
    headers = serving.get("/api/connections", Origin=origin).headers
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Vary"] == "Origin"


def test_a_browser_that_asks_first_is_told_without_a_token(serving: Serving) -> None:
    asked = {"Origin": APP_ORIGIN, "Access-Control-Request-Method": "DELETE"}
    answer = serving.ask("OPTIONS", "/api/connections/github", None, asked)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, DELETE"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    foreign = serving.ask("OPTIONS", "/api/connections/github", None, asked | {"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Methods" not in foreign.headers


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://App.Example/path?x=y", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("http://app.example:80/", "http://app.example"),
        ("http://127.0.0.1:3001", "http://127.0.0.1:3001"),
        ("http://[::1]:3001/", "http://[::1]:3001"),
        ("https://app.example:8443", "https://app.example:8443"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: str) -> None:
    assert origin_of(url) == origin
