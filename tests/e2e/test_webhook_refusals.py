"""What isn't a good webhook gets its answer at once, and that is all it gets: no actor, no row, no one else's limit."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.e2e.hooks import headers, post, push
from tests.e2e.listeners import SocketListener
from tests.e2e.service import Service

MIB = 1024 * 1024
LIMIT = 40
"""Webhooks per minute in these tests; each connection has had its hooks' pings by then."""


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    one = make_service(WEBHOOK_RATE_LIMIT=f"{LIMIT}/h")
    one.start()
    one.wait_until_connected()
    return one


@pytest.fixture
def untouched(service: Service) -> Iterator[None]:
    """What arrives in the test reaches no actor and leaves no row."""
    before = traces(service)
    yield
    assert traces(service) == before


def traces(service: Service) -> tuple[Any, ...]:
    """What GitHub's webhooks leave where they are taken."""
    handled = {row["user"]: row["handled"] for row in service.actors() if row["platform"] == "github"}
    events = [event for event in service.events("ada") if event.get("platform") == "github"]
    return handled, service.deliveries(platform="github"), events


def answer_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.usefixtures("untouched")
def test_a_wrong_signature_is_401(service: Service) -> None:
    body = push("forged")

    assert answer_of(post(service, "ada", body, headers(body, "g", secret="guessed"))) == (401, "wrong_signature")
    assert answer_of(post(service, "ada", body + b" ", headers(body, "g"))) == (401, "wrong_signature")


@pytest.mark.usefixtures("untouched")
def test_a_missing_signature_is_401(service: Service) -> None:
    body = push("unsigned")
    bare = headers(body, "g")
    del bare["X-Hub-Signature-256"]

    assert answer_of(post(service, "ada", body, bare)) == (401, "missing_signature")


@pytest.mark.usefixtures("untouched")
def test_an_unknown_user_is_404(service: Service) -> None:
    body = push("nobody")

    assert answer_of(post(service, "nobody", body, headers(body, "g"))) == (404, "unknown_user")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("user", ["%00", "a%2Fb", "ada%20", "a" * 129, "%F0%9F%91%BB"])
def test_what_is_no_user_id_is_400(service: Service, user: str) -> None:
    body = push("odd")

    assert answer_of(post(service, user, body, headers(body, "g"))) == (400, "bad_user_id")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'{"a":' * 300 + b"1" + b"}" * 300])
def test_a_signed_body_that_is_broken_is_400(service: Service, body: bytes) -> None:
    assert answer_of(post(service, "ada", body, headers(body, "g"))) == (400, "malformed")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("missing", ["X-GitHub-Delivery", "X-GitHub-Event"])
def test_a_signed_body_without_its_headers_is_400(service: Service, missing: str) -> None:
    body = push("headless")
    most = headers(body, "g")
    del most[missing]

    assert answer_of(post(service, "ada", body, most)) == (400, "malformed")


@pytest.mark.usefixtures("untouched")
def test_26_mb_are_413(service: Service) -> None:
    body = b" " * (26 * MIB)

    assert answer_of(post(service, "ada", body, headers(body, "g"))) == (413, "too_large")


@pytest.mark.usefixtures("untouched")
def test_26_mb_in_chunks_are_413(service: Service) -> None:
    body = b" " * (26 * MIB)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    pieces = (body[start : start + 64 * 1024] for start in range(0, len(body), 64 * 1024))

    connection.request("POST", "/api/webhooks/github/ada", pieces, headers(body, "g"), encode_chunked=True)
    answer = connection.getresponse()

    assert answer.status == 413
    assert json.loads(answer.read())["error"]["code"] == "too_large"
    connection.close()


def test_just_under_25_mb_are_taken(service: Service, listen: Callable[..., Any]) -> None:
    screen = listen(SocketListener, service, "ada")
    body = push("large")
    body = body[:-1] + b" " * (25 * MIB - len(body)) + b"}"

    assert post(service, "ada", body, headers(body, "guid-large")).status_code == 202

    assert screen.wait_for_webhook("guid-large")["who"] == "octocat"


def test_one_too_many_in_the_window_is_429(service: Service) -> None:
    pings = len(service.deliveries(user="ada", platform="github"))
    for number in range(LIMIT - pings):
        body = push(f"in the window {number}")
        assert post(service, "ada", body, headers(body, f"guid-{number}")).status_code == 202
    rows = len(service.deliveries(user="ada", platform="github"))
    body = push("one too many")

    answer = post(service, "ada", body, headers(body, "guid-too-many"))

    assert answer_of(answer) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert len(service.deliveries(user="ada", platform="github")) == rows == LIMIT
    assert post(service, "grace", body, headers(body, "guid-grace")).status_code == 202, "grace's limit is her own"
    assert post(service, "ada", body, headers(body, "g", secret="guessed")).status_code == 401, "a forgery still is one"


def test_a_strangers_flood_uses_up_nobodys_limit_and_no_disk(service: Service, listen: Callable[..., Any]) -> None:
    screen = listen(SocketListener, service, "ada")
    before, size, log = traces(service), disk(service), len(service.lines())
    began = time.monotonic()
    statuses = flood(service, 1000)
    seconds = time.monotonic() - began
    logged = service.lines()[log:]

    assert traces(service) == before
    assert disk(service) - size < 256 * 1024, "a thousand bodies would be 7 MiB"
    heard = statuses.index(429)
    assert LIMIT - 10 < heard <= LIMIT, "the sandbox's other platforms may have had one refused before"
    assert statuses == [401] * heard + [429] * (1000 - heard)
    assert len(logged) < 25 + 15 * seconds, "a flood fills no log either"
    for number in range(10):
        body = push(f"genuine {number}")
        assert post(service, "ada", body, headers(body, f"guid-{number}")).status_code == 202, "from the same address"
    screen.wait_for_webhook("guid-9")


def test_refused_ones_are_shown_to_administrators(service: Service) -> None:
    body = push("forged")
    post(service, "ada", body, headers(body, "g", secret="guessed"))

    newest = service.deliveries(state="refused")[0]

    assert newest["user"] == "ada"
    assert newest["platform"] == "github"
    assert newest["reason"] == "wrong_signature"


def flood(service: Service, count: int) -> list[int]:
    """Statuses of so many forged ones."""
    body = push("flood")
    with requests.Session() as session:
        session.trust_env = False
        return [
            post(service, "ada", body, headers(body, f"flood-{number}", secret="guessed"), session).status_code
            for number in range(count)
        ]


def disk(service: Service) -> int:
    """Bytes that the database takes."""
    return sum(path.stat().st_size for path in service.folder.glob("soulwire.db*"))
