"""Signing in by cookie."""

import pytest

from handlers.auth import SESSION_COOKIE
from tests.handlers.serving import APP_ORIGIN, Answer, Serving


def sign_in(serving: Serving, token: str, **headers: str) -> Answer:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return serving.ask("POST", "/api/session", {"token": token}, told)


def cookie_of(answer: Answer) -> str:
    return answer.headers["Set-Cookie"].partition(";")[0]


def test_a_token_becomes_a_cookie_that_scripts_cannot_read(serving: Serving) -> None:
    answer = sign_in(serving, serving.token(seconds=60), Origin=APP_ORIGIN)
    assert answer.status == 200
    assert answer.json == {"user": "ada", "role": "user", "expires_at": "2027-01-15T08:01:00.000Z"}
    attributes = answer.headers["Set-Cookie"]
    assert attributes.startswith(f"{SESSION_COOKIE}=ey")
    for one in ("HttpOnly", "SameSite=Lax", "Path=/", "expires=Fri, 15 Jan 2027 08:01:00 GMT"):
        assert one in attributes
    assert "Secure" not in attributes  # over http
    read = serving.ask("GET", "/api/connections", None, {"Cookie": cookie_of(answer)})
    assert read.status == 200


def test_behind_https_the_cookie_stays_there(serve) -> None:
    serving = serve(public_url="https://soulwire.example")
    assert "Secure" in sign_in(serving, serving.token()).headers["Set-Cookie"]


def test_who_is_signed_in_can_be_asked(serving: Serving) -> None:
    assert serving.ask("GET", "/api/session").json["user"] is None
    cookie = cookie_of(sign_in(serving, serving.token()))
    assert serving.ask("GET", "/api/session", None, {"Cookie": cookie}).json["user"] == "ada"
    assert serving.ask("GET", "/api/session", None, {"Cookie": f"{SESSION_COOKIE}=old"}).json["user"] is None


def test_a_bad_token_sets_nothing(serving: Serving) -> None:
    answer = sign_in(serving, "nonsense")
    assert (answer.status, answer.error) == (401, "invalid_token")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("role", ["user", "admin"])
def test_a_foreign_page_signs_nobody_in(serving: Serving, role: str) -> None:
    answer = sign_in(serving, serving.token(role=role), Origin="https://evil.example")
    assert (answer.status, answer.error) == (403, "wrong_origin")
    assert "Set-Cookie" not in answer.headers


def test_an_administrator_signs_in_on_our_own_pages_only(serving: Serving) -> None:
    token = serving.token(role="admin")
    assert sign_in(serving, token, Origin=APP_ORIGIN).error == "wrong_origin"
    assert sign_in(serving, token, Origin=serving.origin).status == 200


def test_a_back_end_has_no_session(serving: Serving) -> None:
    answer = sign_in(serving, serving.token(role="service"), Origin=serving.origin)
    assert (answer.status, answer.error) == (403, "forbidden")


def test_signing_out_ends_the_cookie(serving: Serving) -> None:
    cookie = cookie_of(sign_in(serving, serving.token()))
    refused = serving.ask("DELETE", "/api/session", None, {"Cookie": cookie})
    assert (refused.status, refused.error) == (403, "wrong_origin")
    answer = serving.ask("DELETE", "/api/session", None, {"Cookie": cookie, "Origin": serving.origin})
    assert answer.status == 204
    assert f'{SESSION_COOKIE}=""' in answer.headers["Set-Cookie"]
    assert "1970" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"token=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"token": "x"}', "text/plain", 415, "unsupported_media_type"),
        (b'{"token": "x"}', "", 415, "unsupported_media_type"),
        (b"", "application/json", 400, "bad_json"),
        (b"{", "application/json", 400, "bad_json"),
        (b"\xff\xfe", "application/json", 400, "bad_json"),
        (b'"token"', "application/json", 400, "bad_body"),
        (b"{}", "application/json", 400, "bad_body"),
        (b'{"token": 7}', "application/json", 400, "bad_body"),
        (b'{"token": "\\ud800"}', "application/json", 400, "bad_json"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json", 400, "bad_json"),
        (b'{"token": "' + b"x" * 9000 + b'"}', "application/json; charset=utf-8", 401, "invalid_token"),
    ],
)
def test_what_is_not_a_token_in_json_is_refused(
    serving: Serving, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = serving.ask("POST", "/api/session", body, {"Content-Type": content_type})
    assert (answer.status, answer.error) == (status, code)
