"""Where a token may come from, and what it may then do."""

import pytest

from handlers.auth import SESSION_COOKIE
from tests.handlers.serving import ADA, APP_ORIGIN, Answer, Serving

OWN = "own"
FOREIGN = "https://evil.example"


def with_cookie(serving: Serving, method: str, path: str, role: str = "user", **headers: str) -> Answer:
    told = {name.replace("_", "-"): serving.origin if value == OWN else value for name, value in headers.items()}
    told["Cookie"] = f"{SESSION_COOKIE}={serving.token(role=role)}"
    return serving.ask(method, path, None, told)


def test_without_a_token_there_is_no_entry(serving: Serving) -> None:
    answer = serving.ask("GET", "/api/connections")
    assert (answer.status, answer.error) == (401, "no_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "bearer x", "Bearer a.b.c", "token"])
def test_a_header_that_is_no_good_token_is_refused_whatever_else_is_there(serving: Serving, header: str) -> None:
    cookie = f"{SESSION_COOKIE}={serving.token()}"
    answer = serving.ask("GET", "/api/connections", None, {"Authorization": header, "Cookie": cookie})
    assert (answer.status, answer.error) == (401, "invalid_token")


def test_two_authorization_headers_are_no_choice(serving: Serving) -> None:
    with serving.raw() as connection:
        line = f"Authorization: Bearer {serving.token()}\r\n"
        connection.sendall(f"GET /api/connections HTTP/1.1\r\nHost: x\r\n{line}{line}\r\n".encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 401")


def test_the_scheme_is_bearer_in_any_letters(serving: Serving) -> None:
    assert serving.ask("GET", "/api/connections", None, {"Authorization": f"bEARER {serving.token()}"}).status == 200


def test_an_expired_token_says_so(serving: Serving) -> None:
    answer = serving.ask("GET", "/api/connections", user="ada", seconds=-1)
    assert (answer.status, answer.error) == (401, "token_expired")


def test_a_token_in_the_address_opens_nothing_but_streams(serving: Serving) -> None:
    assert serving.ask("GET", f"/api/connections?token={serving.token()}").status == 401


def test_a_cookie_reads(serving: Serving) -> None:
    assert with_cookie(serving, "GET", "/api/connections").status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": FOREIGN}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": APP_ORIGIN + ".evil.example"}, 403),
        ({"Origin": f"{APP_ORIGIN}, {FOREIGN}"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Origin": APP_ORIGIN}, 202),
        ({"Origin": OWN}, 202),
        ({"Sec_Fetch_Site": "same-origin"}, 202),
    ],
)
def test_a_cookie_changes_things_from_allowed_pages_only(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], status: int
) -> None:
    monkeypatch.setattr("handlers.orders.PATIENCE", 0.0)
    actor = serving.connect()
    answer = with_cookie(serving, "POST", "/api/connections/github/sync", **headers)
    assert answer.status == status
    assert len(actor.messages) == (status == 202)
    if status == 403:
        assert answer.error == "wrong_origin"


def test_a_header_needs_no_origin(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.orders.PATIENCE", 0.0)
    serving.connect()
    answer = serving.ask("POST", "/api/connections/github/sync", None, {"Origin": FOREIGN}, user="ada")
    assert answer.status == 202


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_role_service_is_never_taken_from_a_cookie(serving: Serving, method: str) -> None:
    answer = with_cookie(serving, method, "/api/connections", "service", Origin=OWN)
    assert (answer.status, answer.error) == (403, "forbidden")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"Sec_Fetch_Site": "none"}, 200),
        ({"Origin": OWN}, 200),
        ({"Origin": APP_ORIGIN}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": FOREIGN}, 403),
    ],
)
def test_an_administrators_cookie_reads_on_our_own_pages_only(
    serving: Serving, headers: dict[str, str], status: int
) -> None:
    assert with_cookie(serving, "GET", "/api/admin/supervisor", "admin", **headers).status == status


@pytest.mark.parametrize(("headers", "status"), [({}, 403), ({"Origin": APP_ORIGIN}, 403), ({"Origin": OWN}, 404)])
def test_an_administrators_cookie_changes_on_our_own_pages_only(
    serving: Serving, headers: dict[str, str], status: int
) -> None:
    assert with_cookie(serving, "POST", "/api/admin/deliveries/7/replay", "admin", **headers).status == status


@pytest.mark.parametrize("role", ["user", "service"])
@pytest.mark.parametrize(
    "path",
    ["/api/admin/actors", "/api/admin/actors/ada/github", "/api/admin/supervisor", "/api/admin/deliveries", "/metrics"],
)
def test_administration_is_for_administrators(serving: Serving, path: str, role: str) -> None:
    answer = serving.get(path, role=role)
    assert (answer.status, answer.error) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/api/admin/actors", "/api/admin/actors/ada/github", "/metrics", "/api/sse/stats"])
def test_an_administrator_of_one_organisation_sees_nothing_beyond_it(serving: Serving, path: str) -> None:
    serving.connect(ADA)
    answer = serving.ask("GET", path, user="root", role="admin", org="acme")
    assert (answer.status, answer.error) == (403, "organisation_only")


def test_nobody_sees_anothers_connections(serving: Serving) -> None:
    serving.connect(ADA)
    mine = {row["platform"]: row["status"] for row in serving.get("/api/connections", "grace").json["items"]}
    assert mine["github"] == "disconnected"
    assert serving.get("/api/connections?user=ada", "grace").json["items"][0]["account"] is None
    assert serving.ask("POST", "/api/connections/github/sync", user="grace").status == 404
