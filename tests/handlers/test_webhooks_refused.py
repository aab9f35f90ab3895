"""A webhook that is not in order: answered at once by the contract's table, counted, and gone."""

import tracemalloc
from typing import Any

import pytest
from structlog.testing import capture_logs

from storage import deliveries, hooks
from storage.records import ConnectionKey, Hook, Secret
from tests.handlers.serving import ADA, HOOK_SECRET, Serving, signature

BODY = b'{"action": "opened"}'


def left_nothing(serving: Serving) -> bool:
    return serving.read(lambda tx: deliveries.page(tx, limit=10)) == []


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        signature(BODY, "another"),
        signature(b"another body"),
        signature(BODY).upper(),
        signature(BODY).removeprefix("sha256="),
        signature(BODY) + ", " + signature(BODY),
        "sha1=" + "0" * 40,
        "sha256=" + "ä" * 64,
    ],
)
def test_a_missing_or_wrong_signature_is_401(serving: Serving, given: str | None) -> None:
    actor = serving.connect()
    answer = serving.hook(BODY, X_Hub_Signature_256=given)
    assert answer.status == 401
    assert answer.error in ("missing_signature", "wrong_signature")
    assert not actor.messages
    assert left_nothing(serving)


def test_two_signatures_are_none(serving: Serving) -> None:
    serving.connect()
    with serving.raw() as connection:
        lines = [
            "POST /api/webhooks/github/ada HTTP/1.1",
            "Host: x",
            "X-GitHub-Event: push",
            "X-GitHub-Delivery: d",
            f"X-Hub-Signature-256: {signature(BODY)}",
            "X-Hub-Signature-256: sha256=00",
            f"Content-Length: {len(BODY)}",
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + BODY)
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_an_unknown_user_is_404(serving: Serving) -> None:
    answer = serving.hook(BODY, user="nobody")
    assert (answer.status, answer.error) == (404, "unknown_user")


@pytest.mark.parametrize("platform", ["gmail", "spotify", "nothing", "GITHUB", "..", "github.com"])
def test_a_platform_that_sends_nothing_here_is_404(serving: Serving, platform: str) -> None:
    answer = serving.ask("POST", f"/api/webhooks/{platform}/ada", BODY)
    assert (answer.status, answer.error) == (404, "no_such_platform")


@pytest.mark.parametrize(
    "user", ["a%20b", "a%2Fb", "..%2froot", "%00", "a%0Ab", "x" * 129, "%F0%9F%98%80", "a,b", "%25"]
)
def test_what_is_no_user_id_is_400(serving: Serving, user: str) -> None:
    answer = serving.hook(BODY, user=user)
    assert (answer.status, answer.error) == (400, "bad_user_id")


@pytest.mark.parametrize("user", ["%ff", "%c0%ae"])
def test_what_is_no_text_is_400(serving: Serving, user: str) -> None:
    assert serving.hook(BODY, user=user).status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"X_GitHub_Event": None},
        {"X_GitHub_Delivery": None},
        {"X_GitHub_Event": "a b"},
        {"X_GitHub_Event": "x" * 200},
        {"X_GitHub_Delivery": "x" * 1000},
    ],
)
def test_signed_but_malformed_headers_are_400(serving: Serving, headers: dict[str, Any]) -> None:
    actor = serving.connect()
    answer = serving.hook(BODY, **headers)
    assert (answer.status, answer.error) == (400, "malformed")
    assert not actor.messages


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a": NaN}',
        b"payload=",
    ],
)
def test_a_signed_but_broken_body_is_400(serving: Serving, body: bytes) -> None:
    actor = serving.connect()
    answer = serving.hook(body)
    assert (answer.status, answer.error) == (400, "malformed")
    assert not actor.messages
    assert left_nothing(serving)


def test_too_many_verified_ones_are_429_for_that_connection_alone(serve: Any) -> None:
    serving: Serving = serve(webhook_rate=(3, 900))
    actor = serving.connect()
    serving.connect(ConnectionKey("grace", "github"))
    statuses = [serving.hook(BODY, delivery=f"d-{n}").status for n in range(4)]
    assert statuses == [202, 202, 202, 429]
    last = serving.hook(BODY, delivery="d-9")
    assert last.error == "rate_limited"
    assert 1 <= int(last.headers["Retry-After"]) <= 901
    assert last.headers["RateLimit-Limit"] == "3"
    assert len(actor.wait_until_told_of(3)) == 3
    assert serving.hook(BODY, user="grace").status == 202
    serving.clock.advance(901)
    assert serving.hook(BODY, delivery="d-9").status == 202


def test_a_stranger_who_floods_is_told_429_and_uses_up_nobodys_limit(serve: Any) -> None:
    serving: Serving = serve(webhook_rate=(5, 900))
    actor = serving.connect()
    statuses = [serving.hook(BODY, secret="guess", delivery=f"x-{n}").status for n in range(8)]
    assert statuses == [401] * 5 + [429] * 3
    assert serving.hook(BODY, user="nobody").status == 429
    # From the very same address: strangers can send from a platform's own.
    assert [serving.hook(BODY, delivery=f"d-{n}").status for n in range(5)] == [202] * 5
    assert len(actor.wait_until_told_of(5)) == 5


def test_refusals_are_counted_by_address(serve: Any) -> None:
    serving: Serving = serve(webhook_rate=(2, 900), trusted_proxies=["127.0.0.1"])
    serving.connect()

    def knock(address: str) -> int:
        return serving.hook(BODY, secret="guess", X_Forwarded_For=address).status

    assert [knock("203.0.113.1") for _ in range(3)] == [401, 401, 429]
    assert knock("203.0.113.2") == 401
    assert [knock(f"2001:db8::{n}") for n in range(3)] == [401, 401, 429]


def test_large_ones_are_bounded_by_their_bytes_too(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.limits.VOLUME", (250, 900))
    serving: Serving = serve()
    serving.connect()
    serving.connect(ConnectionKey("grace", "github"))
    large, small = (b'{"x":"' + b"x" * size + b'"}' for size in (100_000, 60_000))
    answers = [serving.hook(large, delivery=f"d-{number}") for number in range(3)]
    assert [answer.status for answer in answers] == [202, 202, 429]
    assert answers[2].error == "rate_limited"
    assert int(answers[2].headers["Retry-After"]) >= 899
    assert serving.hook(small, delivery="d-3").status == 202
    assert serving.hook(large, user="grace", delivery="d-4").status == 202
    serving.clock.advance(901)
    assert serving.hook(large, delivery="d-5").status == 202


def test_large_bodies_of_a_flooding_address_are_not_even_read(serve: Any) -> None:
    serving: Serving = serve(webhook_rate=(1, 900))
    serving.connect()
    large = b'{"x":"' + b"x" * 100_000 + b'"}'
    assert serving.hook(large, secret="guess").status == 401
    github: Any = serving.parts.platforms["github"]
    github.verify = None
    answer = serving.hook(large, secret="guess")
    assert (answer.status, answer.error) == (429, "rate_limited")
    assert answer.headers["Retry-After"]


def test_nothing_is_looked_up_for_an_address_that_has_used_up_its_refusals(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving: Serving = serve(webhook_rate=(1, 900))
    assert serving.hook(BODY, user="nobody").status == 404
    monkeypatch.setattr(serving.database, "read", None)
    assert serving.hook(BODY, user="nobody-else").status == 429


def test_the_last_refused_are_shown_without_their_bodies(serving: Serving) -> None:
    serving.connect()
    serving.hook(b'{"secret": "plans"}', secret="guess")
    serving.hook(BODY, user="nobody")
    answer = serving.get("/api/admin/deliveries?state=refused", role="admin")
    rows = answer.json["items"]
    assert [(row["user"], row["reason"], row["state"]) for row in rows] == [
        ("nobody", "unknown_user", "refused"),
        ("ada", "wrong_signature", "refused"),
    ]
    assert set(rows[0]) == {"id", "platform", "user", "delivery_id", "kind", "state", "reason", "attempts", "at"}
    assert b"plans" not in answer.body
    only = serving.get("/api/admin/deliveries?state=refused&user=ada", role="admin").json["items"]
    assert [row["user"] for row in only] == ["ada"]


def test_too_large_is_counted_too(serving: Serving) -> None:
    serving.connect()
    with serving.raw() as connection:
        connection.sendall(b"POST /api/webhooks/github/ada HTTP/1.1\r\nHost: x\r\nContent-Length: 27262976\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    (row,) = serving.get("/api/admin/deliveries?state=refused", role="admin").json["items"]
    assert (row["user"], row["reason"]) == ("ada", "too_large")


def test_pages_of_refused_ones_follow_each_other(serving: Serving) -> None:
    for number in range(5):
        serving.hook(BODY, user=f"nobody-{number}")
    seen, after = [], ""
    while after is not None:
        page = serving.get(
            f"/api/admin/deliveries?state=refused&limit=2{after and '&after=' + after}", role="admin"
        ).json
        seen += [row["user"] for row in page["items"]]
        after = page["next"]
    assert seen == [f"nobody-{number}" for number in (4, 3, 2, 1, 0)]


def test_a_flood_fills_neither_memory_nor_log_nor_disk(serving: Serving) -> None:
    """Straight into the counters: as many as a stranger sends in an hour."""
    refusals = serving.parts.refusals
    long = "x" * 60_000

    def flood(count: int) -> None:
        for number in range(count):
            refusals.refused("github", f"{long}{number}", long, long, "unknown_user")

    flood(2000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    with capture_logs() as lines:
        flood(20_000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(refusals) == 1000
    assert grown < 1_500_000
    assert len(lines) <= 1
    assert refusals.counts["github", "unknown_user"] == 22_000
    serving.clock.advance(61)
    with capture_logs() as lines:
        flood(1)
    assert [(line["event"], line["count"]) for line in lines] == [("webhook_refused", 22_000)]
    assert left_nothing(serving)


def test_no_secret_is_logged(serving: Serving) -> None:
    serving.connect()
    serving.write(lambda tx: hooks.keep(tx, serving.vault, ADA, Hook("18", "x", Secret("swordfish"))))
    with capture_logs() as lines:
        serving.hook(BODY, secret="guess")
        serving.hook(BODY)
    told = str(lines)
    assert "webhook_refused" in told
    assert not any(secret in told for secret in (HOOK_SECRET, "swordfish", signature(BODY)[7:]))
