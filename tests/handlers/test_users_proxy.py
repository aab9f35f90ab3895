"""Calls to a platform with a user's token, for the app's own back end."""

from typing import Any

import pytest

from actors.messages import Forward, FreshToken, Refresh
from actors.platforms.base import Answer as PlatformAnswer
from actors.platforms.failures import CallFailed
from tests.handlers.serving import ADA, Serving

PROXY = "/api/users/ada/proxy/github"


def answering(serving: Serving, *answers: PlatformAnswer | Exception) -> list[Forward]:
    """An actor that makes the calls it is told to, and what it was told."""
    waiting, calls = list(answers), []

    def reply(message: object) -> object:
        if isinstance(message, FreshToken | Refresh):
            return None
        assert isinstance(message, Forward)
        calls.append(message)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    serving.connect().answer = reply
    return calls


def page(status: int = 200, body: bytes = b"{}", **headers: str) -> PlatformAnswer:
    return PlatformAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def test_a_call_goes_to_the_platforms_api_with_method_query_body_and_what_describes_it(serving: Serving) -> None:
    calls = answering(serving, page(201, b'{"number": 7}', content_type="application/json"))

    answer = serving.ask(
        "POST",
        f"{PROXY}/repos/ada/notes/issues?state=open&per%5Fpage=2",
        b'{"title": "x"}',
        {"Content-Type": "application/json", "Cookie": "a=b", "X-Evil": "1"},
        user="app",
        role="service",
    )

    assert (answer.status, answer.json) == (201, {"number": 7})
    call = calls[0].call
    assert (call.method, call.url) == (
        "POST",
        "https://api.github.com/repos/ada/notes/issues?state=open&per%5Fpage=2",
    )
    assert call.content == b'{"title": "x"}'
    assert dict(call.headers) == {"Content-Type": "application/json"}


def test_headers_that_no_answer_may_have_are_left_out(serving: Serving) -> None:
    answering(
        serving, page(201, b"{}", etag='"a"\r\n X: y', link="<a\x00b>", retry_after="5\x7f", content_type="text/a")
    )

    answer = serving.ask("POST", f"{PROXY}/user/keys", b"{}", user="app", role="service")

    assert (answer.status, answer.headers["Content-Type"]) == (201, "text/a")
    assert {answer.headers["Etag"], answer.headers["Link"], answer.headers["Retry-After"]} == {None}


@pytest.mark.parametrize("status", [103, 199, 600, 999])
def test_a_status_that_ends_nothing_is_the_platforms_trouble(serving: Serving, status: int) -> None:
    answering(serving, page(status, b"{}"))

    answer = serving.get(f"{PROXY}/user", user="app", role="service")

    assert (answer.status, answer.error) == (502, "bad_answer")


def test_the_answer_shows_nothing_but_content(serving: Serving) -> None:
    headers = {"content_type": "text/html", "set_cookie": "a=b", "x_ratelimit_remaining": "4", "server": "x"}
    answering(serving, page(200, b"<script>", **headers))

    answer = serving.get(f"{PROXY}/user", user="app", role="service")

    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-RateLimit-Remaining"] == "4"
    assert answer.headers["Set-Cookie"] is None
    assert answer.headers["Server"] is None


def test_a_token_that_is_refused_is_renewed_and_the_call_made_once_more(serving: Serving) -> None:
    """The actor is told what was said of the token: with the refusal of a refresh it tells what has happened."""
    calls = answering(serving, page(401), page(200, b"[]"))
    actor: Any = serving.directory.ref(ADA)

    answer = serving.get(f"{PROXY}/user/repos", user="app", role="service")

    assert (answer.status, len(calls)) == (200, 2)
    (order,) = [message for message in actor.messages if isinstance(message, Refresh)]
    assert order.rejection == page(401)


@pytest.mark.parametrize(
    "path",
    ["../apps/1/token", "a/../../b", "%2e%2e/x", "a/%2e%2e%2fb", "a//b", "/evil.example/x", "a\\..\\b", "a/./b"],
)
def test_no_path_leads_out_of_the_api(serving: Serving, path: str) -> None:
    calls = answering(serving, page())

    answer = serving.ask("GET", f"{PROXY}/{path}", user="app", role="service")

    assert answer.status in (400, 404)
    assert calls == []


def test_what_is_encoded_twice_stays_a_name(serving: Serving) -> None:
    calls = answering(serving, page())

    serving.get(f"{PROXY}/repos/%252e%252e/x", user="app", role="service")

    assert calls[0].call.url == "https://api.github.com/repos/%252e%252e/x"


@pytest.mark.parametrize("role", ["user", "admin"])
def test_it_is_for_the_service_role_alone(serving: Serving, role: str) -> None:
    answering(serving, page())

    assert serving.get(f"{PROXY}/user", user="ada", role=role).status == 403


def test_a_platform_that_does_not_answer_is_a_502(serving: Serving) -> None:
    answering(serving, CallFailed("timeout", "no complete answer within 20 s"))

    answer = serving.get(f"{PROXY}/user", user="app", role="service")

    assert (answer.status, answer.error) == (502, "timeout")
