"""Browsers subscribe to web push; pages say that they are in sight."""

from collections.abc import Callable
from typing import Any

import pytest

from storage import subscriptions
from tests.fakes.push_service import Device
from tests.handlers.serving import Serving

HOST = "push.example.com"


@pytest.fixture
def pushing(serve: Callable[..., Serving]) -> Serving:
    return serve(allowed_push_hosts=(HOST,), push_key="the-public-key")


def subscribe(serving: Serving, name: str, user: str = "ada", host: str = HOST, **more: Any) -> Any:
    said = Device(f"https://{host}/{name}").subscription() | more
    return serving.ask("POST", "/api/push/subscribe", said, user=user, role="user")


def devices(serving: Serving) -> list[tuple[str, str]]:
    rows = serving.read(lambda tx: tx.all("SELECT user_id, endpoint_hash, host, sealed FROM push_subscriptions"))
    return sorted((row[0], subscriptions.opened(serving.vault, *row).endpoint.reveal()) for row in rows)


def test_the_key_is_given(pushing: Serving) -> None:
    assert pushing.get("/api/push/key").json == {"public_key": "the-public-key"}
    assert pushing.ask("GET", "/api/push/key").status == 401


def test_a_device_is_kept_once_and_sealed(pushing: Serving) -> None:
    assert (subscribe(pushing, "one").status, subscribe(pushing, "one").json) == (201, {"devices": 1})
    assert subscribe(pushing, "two").json == {"devices": 2}
    assert devices(pushing) == [("ada", f"https://{HOST}/one"), ("ada", f"https://{HOST}/two")]
    assert HOST not in str(pushing.read(lambda tx: tx.all("SELECT sealed FROM push_subscriptions")))


def test_a_browser_that_changes_hands_is_the_new_users(pushing: Serving) -> None:
    subscribe(pushing, "one")
    subscribe(pushing, "one", user="grace")
    assert devices(pushing) == [("grace", f"https://{HOST}/one")]


def test_leaving_is_for_ones_own_devices_and_may_be_repeated(pushing: Serving) -> None:
    subscribe(pushing, "one")
    body = {"endpoint": f"https://{HOST}/one"}
    assert pushing.ask("DELETE", "/api/push/subscribe", body, user="grace", role="user").status == 204
    assert len(devices(pushing)) == 1
    for _ in range(2):
        assert pushing.ask("DELETE", "/api/push/subscribe", body, user="ada", role="user").status == 204
    assert devices(pushing) == []


def test_past_so_many_the_oldest_goes(pushing: Serving) -> None:
    for number in range(subscriptions.MOST + 2):
        pushing.clock.advance(1)
        told = subscribe(pushing, f"d{number:02}").json
    assert told == {"devices": subscriptions.MOST}
    assert [endpoint[-3:] for _, endpoint in devices(pushing)][:2] == ["d02", "d03"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", f"{HOST}.evil.example", f"{HOST}:8080", f"a@{HOST}"])
def test_an_address_that_may_not_be_called_is_refused(pushing: Serving, host: str) -> None:
    assert subscribe(pushing, "one", host=host).error == "push_host_not_allowed"


@pytest.mark.parametrize("keys", [{"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": "%", "auth": "%"}])
def test_keys_that_are_none_are_refused(pushing: Serving, keys: dict[str, str]) -> None:
    assert subscribe(pushing, "one", keys=keys).error == "bad_subscription"


@pytest.mark.parametrize("body", [{}, {"endpoint": f"https://{HOST}/1"}, {"endpoint": 7, "keys": {}}])
def test_what_is_no_subscription_is_refused(pushing: Serving, body: dict[str, Any]) -> None:
    assert pushing.ask("POST", "/api/push/subscribe", body, user="ada", role="user").error == "bad_body"


def say(serving: Serving, client: str, page: Any, user: str = "ada") -> Any:
    return serving.ask("POST", "/api/presence", {"client": client, "page": page}, user=user, role="user")


def test_a_page_is_in_sight_for_a_minute_after_it_said_so(pushing: Serving) -> None:
    assert say(pushing, "tab", "/monitoring").status == 204
    assert pushing.parts.presence.in_sight("ada")
    assert not pushing.parts.presence.in_sight("grace")
    pushing.clock.advance(61)
    assert not pushing.parts.presence.in_sight("ada")


def test_a_page_that_is_hidden_is_not_and_another_still_is(pushing: Serving) -> None:
    say(pushing, "one", "/a")
    say(pushing, "two", "/b")
    say(pushing, "one", None)
    assert pushing.parts.presence.in_sight("ada")
    say(pushing, "two", None)
    assert not pushing.parts.presence.in_sight("ada")
    assert len(pushing.parts.presence) == 0


@pytest.mark.parametrize(("client", "page"), [("", "/a"), ("x" * 65, "/a"), ("x", ""), ("x", "/" * 513), ("x", 7)])
def test_what_says_nothing_is_refused(pushing: Serving, client: str, page: Any) -> None:
    assert say(pushing, client, page).status == 400
