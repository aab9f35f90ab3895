"""How often one may ask."""

from typing import Any

import pytest

from handlers.addresses import Proxies, counted_as
from handlers.limits import Limit
from tests.handlers.serving import Serving


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_lets_so_many_through_and_then_begins_anew() -> None:
    time = Time()
    limit = Limit((3, 60), time)
    assert [limit.hit("ada") for _ in range(5)] == [True, True, True, False, False]
    assert limit.hit("grace")
    assert limit.is_used_up("ada")
    time.now += 59.9
    assert not limit.hit("ada")
    time.now += 0.1
    assert not limit.is_used_up("ada")
    assert limit.hit("ada")


def test_standing_is_told_in_whole_seconds_that_are_enough() -> None:
    time = Time()
    limit = Limit((3, 60), time)
    limit.hit("ada")
    time.now += 10.4
    headers = limit.standing("ada", allowed=False).headers()
    assert headers["RateLimit-Limit"] == "3"
    assert headers["RateLimit-Remaining"] == "2"
    assert headers["RateLimit-Reset"] == headers["Retry-After"] == "50"
    assert headers["RateLimit-Policy"] == "3;w=60"
    assert "Retry-After" not in limit.standing("ada").headers()


def test_strangers_from_everywhere_fill_no_memory() -> None:
    limit = Limit((3, 60), Time(), most=100)
    for number in range(10_000):
        limit.hit(f"stranger-{number}")
    assert len(limit.windows) == 100


def test_what_has_ended_makes_room_first() -> None:
    time = Time()
    limit = Limit((3, 60), time, most=100)
    for number in range(50):
        limit.hit(f"early-{number}")
    time.now += 61
    for number in range(100):
        limit.hit(f"late-{number}")
    assert limit.windows.get("LIMITER/late-0/3/60/second") == 1


def test_a_user_is_told_how_it_stands_and_stopped_at_the_end(serve: Any) -> None:
    serving: Serving = serve(api_rate=(2, 900))
    first, second, third = (serving.get("/api/connections") for _ in range(3))
    assert [first.headers["RateLimit-Remaining"], second.headers["RateLimit-Remaining"]] == ["1", "0"]
    assert (third.status, third.error) == (429, "rate_limited")
    assert 899 <= int(third.headers["Retry-After"]) <= 901
    assert third.headers["RateLimit-Limit"] == "2"
    assert serving.get("/api/connections", "grace").status == 200
    serving.clock.advance(901)
    assert serving.get("/api/connections").status == 200


def test_reading_ones_events_does_not_count(serve: Any) -> None:
    serving: Serving = serve(api_rate=(1, 900))
    assert [serving.get("/api/events").status for _ in range(3)] == [200] * 3
    assert serving.get("/api/connections").status == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/events"), ("POST", "/api/presence"), ("POST", "/api/stream-ticket")]
)
def test_what_does_not_count_is_bounded_all_the_same(
    serve: Any, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    monkeypatch.setattr("handlers.limits.OFTEN", (3, 60))
    serving: Serving = serve(api_rate=(1, 900))

    def status(user: str) -> tuple[int, str | None]:
        answer = serving.ask(method, path, {"client": "a", "page": "/"}, user=user)
        return answer.status, answer.headers["Retry-After"]

    assert 429 not in [status("ada")[0] for _ in range(3)]
    assert status("ada") == (429, "60")
    assert status("grace")[0] != 429
    serving.clock.advance(61)
    assert status("ada")[0] != 429


def test_back_ends_and_administrators_have_room(serve: Any) -> None:
    serving: Serving = serve(api_rate=(1, 900))
    answers = [serving.get("/api/connections", "root", "admin") for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    assert answers[0].headers["RateLimit-Policy"] == "6000;w=60"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_one_who_has_a_network_is_one(address: str, counted: str) -> None:
    assert counted_as(address) == counted


class Request:
    def __init__(self, peer: str, **headers: str) -> None:
        self.remote_ip = peer
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        ((), "9.9.9.9", "1.1.1.1", "9.9.9.9"),
        (("10.0.0.1",), "9.9.9.9", "1.1.1.1", "9.9.9.9"),
        (("10.0.0.1",), "10.0.0.1", "1.1.1.1", "1.1.1.1"),
        (("10.0.0.1",), "10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (("10.0.0.1", "10.0.0.2"), "10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        (("10.0.0.1",), "10.0.0.1", "1.1.1.1, rubbish", "10.0.0.1"),
        (("10.0.0.1",), "10.0.0.1", "", "10.0.0.1"),
        (("::1",), "::1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_our_own_proxies_are_believed(trusted: tuple[str, ...], peer: str, forwarded: str, client: str) -> None:
    request: Any = Request(peer, X_Forwarded_For=forwarded, X_Real_Ip="7.7.7.7")
    assert Proxies(trusted).client(request) == client
