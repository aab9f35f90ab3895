"""To a platform's consent page and back: bound to this user and this browser, once, for ten minutes."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from actors.messages import ChildNeeded, Connect
from actors.operations.connect import OtherAccount
from actors.platforms.failures import GrantRefused
from handlers.auth import SESSION_COOKIE
from storage import connections
from storage.records import ConnectionKey
from storage.vault import Vault
from tests.handlers.serving import APP_ORIGIN, Answer, Serving

CALLBACK = "/api/oauth/github/callback"


def begin(serving: Serving, query: str = "", user: str = "ada", **headers: str) -> tuple[Mapping[str, str], str]:
    """What the platform is asked, and the flow cookie."""
    answer = serving.get(f"/api/oauth/github/connect{query}", user=user, **headers)
    assert answer.status == 302
    address = urlsplit(answer.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://github.com/login/oauth/authorize"
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    return asked, answer.headers["Set-Cookie"].partition(";")[0]


def come_back(serving: Serving, state: str, cookie: str, **said: str) -> Answer:
    query = "&".join(f"{name}={value}" for name, value in {"state": state, **said}.items())
    return serving.ask("GET", f"{CALLBACK}?{query}", headers={"Cookie": cookie})


def actor(serving: Serving, outcome: Any = None) -> list[Connect]:
    """Stands where the supervisor makes the new connection's actor; what it was told to exchange."""
    told: list[Connect] = []

    def tell(message: Any) -> None:
        assert isinstance(message, ChildNeeded)
        told.append(message.message)
        reply: Future[Any] = message.message.reply
        if isinstance(outcome, Exception):
            reply.set_exception(outcome)
        else:
            reply.set_result(outcome)

    serving.supervisor.tell = tell  # type: ignore[method-assign]
    return told


def session(serving: Serving, user: str) -> str:
    return f"{SESSION_COOKIE}={serving.token(user)}"


def problems(serving: Serving, user: str = "ada") -> list[str]:
    items = serving.get("/api/events", user=user).json["items"]
    return [event["code"] for event in items if event["type"] == "problem"]


def test_the_users_code_goes_to_the_connections_own_actor_with_the_proof_key(serving: Serving) -> None:
    told = actor(serving)
    asked, cookie = begin(serving, "?return=/settings?tab=2")
    assert asked["redirect_uri"] == f"{serving.origin}{CALLBACK}"
    assert asked["code_challenge_method"] == "S256"

    answer = come_back(serving, asked["state"], cookie, code="the-code")

    assert answer.status == 302
    assert answer.headers["Location"] == f"{APP_ORIGIN}/settings?tab=2&platform=github&result=connected"
    assert told[0].code.reveal() == "the-code"
    assert told[0].verifier is not None
    assert told[0].redirect_uri == asked["redirect_uri"]


def test_nobody_can_be_led_to_connect_their_account_to_another_user(serving: Serving) -> None:
    """The address that an attacker began, opened in somebody else's browser."""
    told = actor(serving)
    asked, _ = begin(serving, user="mallory")
    _, own_cookie = begin(serving, user="ada")

    for cookie in ("", own_cookie, "soulwire_flow=guessed"):
        asked, _ = begin(serving, user="mallory")
        answer = come_back(serving, asked["state"], cookie, code="victims-code")
        assert answer.status == 403
        assert "another browser" in answer.body.decode()

    assert told == []
    assert set(problems(serving, "mallory")) == {"connect_refused"}


def test_a_strangers_ticket_connects_nothing_in_the_browser_of_somebody_signed_in(serving: Serving) -> None:
    def opened(**headers: str) -> Answer:
        ticket = serving.ask("POST", "/api/stream-ticket", user="mallory").json["ticket"]
        return serving.ask("GET", f"/api/oauth/github/connect?ticket={ticket}", None, headers)

    refused = opened(Cookie=session(serving, "ada"))
    assert (refused.status, refused.headers["Set-Cookie"], refused.headers["Location"]) == (403, None, None)
    assert "somebody else" in refused.body.decode()
    assert serving.read(lambda tx: tx.one("SELECT count(*) FROM connect_flows")) == (0,)

    assert opened(Cookie=session(serving, "mallory")).status == 302


def test_a_flow_that_comes_back_to_another_user_connects_nothing(serving: Serving) -> None:
    """Begun by one user, who signed out; another one signed in meanwhile, in the same browser."""
    told = actor(serving)
    asked, cookie = begin(serving, user="mallory")

    answer = come_back(serving, asked["state"], f"{cookie}; {session(serving, 'ada')}", code="adas-code")

    assert (answer.status, told, problems(serving, "mallory")) == (403, [], ["connect_refused"])
    assert "somebody else" in answer.body.decode()
    assert come_back(serving, asked["state"], cookie, code="again").status == 400

    asked, cookie = begin(serving)
    own = come_back(serving, asked["state"], f"{cookie}; {session(serving, 'ada')}", code="own-code")
    assert own.headers["Location"].endswith("result=connected")


def test_a_state_is_good_once(serving: Serving) -> None:
    actor(serving)
    asked, cookie = begin(serving)
    come_back(serving, asked["state"], cookie, code="one")

    again = come_back(serving, asked["state"], cookie, code="two")

    assert again.status == 400
    assert "is over" in again.body.decode()


def test_looking_at_the_address_uses_up_nothing(serving: Serving) -> None:
    told = actor(serving)
    asked, cookie = begin(serving)
    looked = serving.ask("HEAD", f"{CALLBACK}?state={asked['state']}&code=one", headers={"Cookie": cookie})
    assert looked.status == 200
    assert not told

    assert come_back(serving, asked["state"], cookie, code="one").headers["Location"].endswith("result=connected")


@pytest.mark.parametrize("state", ["", "invented", "x" * 5000])
def test_a_state_that_was_never_given_is_a_page_of_its_own(serving: Serving, state: str) -> None:
    answer = come_back(serving, state, "", code="one")

    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_state_of_another_platform_is_none(serving: Serving) -> None:
    asked, cookie = begin(serving)

    answer = serving.ask(
        "GET", f"/api/oauth/spotify/callback?state={asked['state']}&code=x", headers={"Cookie": cookie}
    )

    assert answer.status == 400


def test_after_ten_minutes_it_is_too_late_and_said(serving: Serving) -> None:
    told = actor(serving)
    asked, cookie = begin(serving)
    serving.clock.advance(601)

    answer = come_back(serving, asked["state"], cookie, code="one")

    assert answer.headers["Location"].endswith("result=expired")
    assert told == []
    assert problems(serving) == ["connect_expired"]


def test_whoever_says_no_comes_back_denied_and_nothing_is_stored(serving: Serving) -> None:
    asked, cookie = begin(serving)

    answer = come_back(serving, asked["state"], cookie, error="access_denied")

    assert answer.headers["Location"].endswith("platform=github&result=denied")
    assert problems(serving) == ["connect_denied"]
    assert serving.read(lambda tx: connections.get(tx, ConnectionKey("ada", "github"))) is None


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (OtherAccount("another one"), "other_account"),
        (GrantRefused("code_expired", "Please connect again."), "failed"),
    ],
)
def test_what_the_actor_could_not_do_is_told_to_the_app(serving: Serving, outcome: Exception, result: str) -> None:
    actor(serving, outcome)
    asked, cookie = begin(serving)

    answer = come_back(serving, asked["state"], cookie, code="one")

    assert answer.headers["Location"].endswith(f"result={result}")


@pytest.mark.parametrize(
    "back",
    [
        *("https://evil.example/", "//evil.example/", "https://app.example.evil.example/", "javascript:alert(1)"),
        *("\\\\e", "http://[::1", "http://a%E2%84%80b/", "https://app.example@evil.example/"),
        "/%09/evil.example",
    ],
)
def test_a_user_is_sent_back_to_an_allowed_origin_only(serving: Serving, back: str) -> None:
    answer = serving.get(f"/api/oauth/github/connect?return={back}")

    assert (answer.status, answer.error) == (400, "bad_return")


def test_two_flows_in_one_browser_both_come_back(serving: Serving) -> None:
    actor(serving)
    first, cookie = begin(serving)
    second, same = begin(serving, Cookie=cookie)
    assert same == cookie

    for asked in (second, first):
        assert come_back(serving, asked["state"], cookie, code="x").headers["Location"].endswith("result=connected")


def test_a_platform_that_is_not_set_up_has_a_page_that_says_so(serving: Serving) -> None:
    answer = serving.get("/api/oauth/gmail/connect")

    assert answer.status == 503
    assert "Gmail is not set up here" in answer.body.decode()


def test_without_a_sign_in_there_is_nobody_to_connect(serving: Serving) -> None:
    assert serving.ask("GET", "/api/oauth/github/connect").status == 401


def test_the_flow_cookie_is_for_this_path_alone_and_hidden_from_scripts(serving: Serving) -> None:
    cookie = serving.get("/api/oauth/github/connect").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "Path=/api/oauth" in cookie
    assert "SameSite=Lax" in cookie


def test_a_flow_begun_under_a_key_that_is_gone_is_to_be_started_again(serving: Serving) -> None:
    told = actor(serving)
    asked, cookie = begin(serving)
    serving.vault._ciphers = Vault([b"n" * 32])._ciphers  # as after a restart with another key alone

    answer = come_back(serving, asked["state"], cookie, code="one")

    assert answer.status == 400
    assert "start again" in answer.body.decode()
    assert told == []
