"""A link with a ticket in it, in a browser without a session: whose account it connects to is asked first."""

from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from handlers.auth import SESSION_COOKIE
from handlers.oauth_begin import FLOW_COOKIE, LASTS
from tests.handlers.serving import APP_ORIGIN, Answer, Serving
from tests.handlers.test_oauth_flow import actor, come_back
from tests.handlers.test_pages import Outline

CONFIRM = "/api/oauth/github/confirm"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def opened(serving: Serving, user: str = "mallory", back: str = "/", **headers: str) -> Answer:
    """The page that a link shows, or where it leads."""
    ticket = serving.ask("POST", "/api/stream-ticket", user=user).json["ticket"]
    path = f"/api/oauth/github/connect?ticket={ticket}&return={quote(back)}"
    return serving.ask("GET", path, None, BROWSER | headers)


def cookie_of(page: Answer) -> str:
    return f"{FLOW_COOKIE}={SimpleCookie(page.headers['Set-Cookie'])[FLOW_COOKIE].value}"


def question_of(page: Answer) -> str:
    return next(
        str(attributes["value"])
        for _, attributes in Outline(page.body.decode()).tags
        if attributes.get("name") == "question"
    )


def answered(
    serving: Serving, page: Answer, headers: Mapping[str, str | None] | None = None, path: str = CONFIRM
) -> Answer:
    """What the page's button brings."""
    told = {"Origin": serving.origin, "Cookie": cookie_of(page), "Content-Type": "application/x-www-form-urlencoded"}
    sent = {name: value for name, value in {**told, **(headers or {})}.items() if value is not None}
    return serving.ask("POST", path, urlencode({"question": question_of(page)}).encode(), sent)


def flows_begun(serving: Serving) -> list[Any]:
    return [user for (user,) in serving.read(lambda tx: tx.all("SELECT user_id FROM connect_flows"))]


@pytest.mark.parametrize("session", [None, "expired", "nonsense"])
def test_without_a_session_of_that_user_a_page_asks_before_anything_begins(
    serving: Serving, session: str | None
) -> None:
    token = serving.token("ada", seconds=-1) if session == "expired" else session
    page = opened(serving, **{"Cookie": f"{SESSION_COOKIE}={token}"} if token else {})

    assert (page.status, page.headers["Location"]) == (200, None)
    text = page.body.decode()
    assert "Connect your GitHub account to mallory?" in text
    assert urlsplit(APP_ORIGIN).netloc in text
    assert flows_begun(serving) == []


def test_who_says_yes_goes_on_and_comes_back_to_the_app(serving: Serving) -> None:
    told = actor(serving)
    page = opened(serving, "ada", "/settings?tab=2")

    there = answered(serving, page)

    assert there.status == 302
    assert there.headers["Location"].startswith("https://github.com/login/oauth/authorize?")
    assert flows_begun(serving) == ["ada"]
    state = parse_qs(urlsplit(there.headers["Location"]).query)["state"][0]
    back = come_back(serving, state, cookie_of(page), code="the-code")
    assert back.headers["Location"] == f"{APP_ORIGIN}/settings?tab=2&platform=github&result=connected"
    assert told[0].code.reveal() == "the-code"


def test_who_goes_back_and_says_yes_again_goes_on_again(serving: Serving) -> None:
    page = opened(serving)

    assert [answered(serving, page).status for _ in range(2)] == [302, 302]


def test_the_browsers_own_session_and_a_program_go_on_directly(serving: Serving) -> None:
    assert opened(serving, Cookie=f"{SESSION_COOKIE}={serving.token('mallory')}").status == 302
    assert opened(serving, Accept="*/*").status == 302
    assert serving.get("/api/oauth/github/connect", **BROWSER).status == 302


def test_what_a_page_embeds_is_a_browser_too(serving: Serving) -> None:
    assert opened(serving, Accept="image/*", **{"Sec-Fetch-Mode": "no-cors"}).status == 200


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", APP_ORIGIN])
def test_no_other_page_says_yes_for_its_user(serving: Serving, origin: str | None) -> None:
    page = opened(serving)

    refused = answered(serving, page, {"Origin": origin})

    assert (refused.status, refused.error) == (403, "wrong_origin")
    assert flows_begun(serving) == []


def test_a_question_is_answered_in_the_browser_that_it_was_shown_to(serving: Serving) -> None:
    shown_to_mallory, shown_to_ada = opened(serving), opened(serving, "ada")

    for cookie in (None, cookie_of(shown_to_ada), f"{FLOW_COOKIE}={'g' * 43}"):
        assert answered(serving, shown_to_mallory, {"Cookie": cookie}).status == 400

    assert flows_begun(serving) == []


def test_a_question_is_about_one_platform_and_can_not_be_made_up(serving: Serving) -> None:
    page = opened(serving)

    assert answered(serving, page, path="/api/oauth/spotify/confirm").status == 400
    for question in ("", "v1.made.up", question_of(page)[:-4] + "AAAA"):
        sent = {"Origin": serving.origin, "Cookie": cookie_of(page)}
        refused = serving.ask("POST", CONFIRM, urlencode({"question": question}).encode(), sent)
        assert (refused.status, refused.headers["Content-Type"]) == (400, "text/html; charset=utf-8")

    assert flows_begun(serving) == []


def test_a_question_is_over_after_ten_minutes(serving: Serving) -> None:
    page = opened(serving)
    serving.clock.advance(LASTS + 1)

    late = answered(serving, page)

    assert late.status == 400
    assert "is over" in late.body.decode()


def test_who_signed_in_meanwhile_as_somebody_else_connects_nothing(serving: Serving) -> None:
    page = opened(serving)

    refused = answered(serving, page, {"Cookie": f"{cookie_of(page)}; {SESSION_COOKIE}={serving.token('ada')}"})

    assert (refused.status, flows_begun(serving)) == (403, [])


def test_the_page_can_not_be_framed_and_its_form_says_where_it_comes_from(serving: Serving) -> None:
    page = opened(serving)

    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in page.headers["Set-Cookie"]


@pytest.mark.parametrize("sign", ["", "?ticket=used", "?return=/settings"])
def test_whoever_is_not_signed_in_is_told_so_on_a_page(serving: Serving, sign: str) -> None:
    page = serving.ask("GET", f"/api/oauth/github/connect{sign}", None, BROWSER)
    assert page.status == 401
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    assert "You are not signed in here" in text
    assert f'href="{APP_ORIGIN}/"' in text
    assert flows_begun(serving) == []


def test_a_program_that_is_not_signed_in_is_told_so_in_json(serving: Serving) -> None:
    assert serving.ask("GET", "/api/oauth/github/connect", None, {"Accept": "*/*"}).error == "no_token"
    wrong = {**BROWSER, "Authorization": "Bearer nonsense"}
    assert serving.ask("GET", "/api/oauth/github/connect", None, wrong).error == "invalid_token"
