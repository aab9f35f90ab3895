"""Tokens are renewed once, by whoever owns them, and unseen; a grant that is gone is said once, in words."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.listeners import Listener, SocketListener
from tests.e2e.service import Service, eventually

TOKEN_PATHS = {"github": "/login/oauth/access_token", "spotify": "/api/token"}
CALLERS = 200


@pytest.fixture
def ada(service: Service, listen: Callable[..., Any]) -> Listener:
    listener: Listener = listen(SocketListener, service, "ada")
    return listener


def token_calls(service: Service, platform: str, user: str = "ada") -> int:
    calls = service.sandbox.calls(platform)
    return len([call for call in calls if call["path"].endswith(TOKEN_PATHS[platform]) and call["user"] == user])


def data_calls(service: Service, platform: str, user: str = "ada") -> int:
    return len([call for call in service.sandbox.calls(platform) if call["user"] == user])


@pytest.mark.parametrize("platform", ["github", "spotify"])
def test_200_callers_whose_token_has_ended_cause_one_call_to_the_token_endpoint(
    service: Service, ada: Listener, platform: str
) -> None:
    before = token_calls(service, platform)
    service.sandbox.fault(platform, "expire", user="ada")

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(lambda _: service.order("ada", platform, "poll"), range(CALLERS)))

    assert {answer.status_code for answer in answers} == {200}
    assert token_calls(service, platform) - before == 1
    ada.wait_for_type("token_refresh", platform=platform)


@pytest.mark.parametrize("platform", ["github", "spotify"])
def test_callers_who_order_a_refresh_while_one_is_under_way_get_that_one(service: Service, platform: str) -> None:
    before = token_calls(service, platform)
    service.sandbox.fault(platform, "slow", user="ada")  # 2 s: all should have asked before the first is answered

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(lambda _: service.order("ada", platform, "refresh"), range(CALLERS)))

    assert {answer.status_code for answer in answers} == {200}
    calls = token_calls(service, platform) - before
    assert calls == len({answer.json()["token_expires_at"] for answer in answers})
    assert calls <= 3, "more than one only if this machine takes seconds to bring them here"


@pytest.mark.parametrize("platform", ["github", "spotify"])
def test_an_expired_token_is_renewed_by_the_next_poll_unseen(service: Service, ada: Listener, platform: str) -> None:
    service.sandbox.fault(platform, "expire", user="ada")

    assert service.order("ada", platform, "poll").status_code == 200

    ada.wait_for_type("platform_sync", platform=platform)
    assert [event["platform"] for event in ada.of_type("token_refresh")] == [platform]
    assert not ada.of_type("needs_reauth", "connection_status", "problem")
    assert service.actor("ada", platform)["status"] == "connected"
    ada.check()


@pytest.mark.parametrize("platform", ["github", "spotify"])
def test_a_revoked_grant_is_said_once_with_a_reason_and_a_way_back(
    service: Service, ada: Listener, platform: str
) -> None:
    service.sandbox.fault(platform, "revoke", user="ada")

    refused = service.order("ada", platform, "poll")

    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "needs_reauth"
    said = ada.wait_for_type("needs_reauth")[0]
    assert said["platform"] == platform
    assert said["reason"] == "user_revoked"
    assert said["hint"]
    assert said["reconnect_url"] == f"{service.url}/api/oauth/{platform}/connect"
    assert ada.wait_for_type("connection_status")[0]["status"] == "needs_reauth"
    connections = service.call("GET", "/api/connections", by="ada", role="user").json()["items"]
    shown = next(one for one in connections if one["platform"] == platform)
    assert shown["status"] == "needs_reauth"
    assert shown["reconnect_url"] == said["reconnect_url"]
    assert shown["error_message"] == said["hint"]


@pytest.mark.parametrize("platform", ["github", "spotify"])
def test_a_revoked_grant_is_not_asked_again(service: Service, ada: Listener, platform: str) -> None:
    service.sandbox.fault(platform, "revoke", user="ada")
    service.order("ada", platform, "poll")
    calls = data_calls(service, platform)

    for order in ("poll", "refresh", "poll"):
        assert service.order("ada", platform, order).json()["error"]["code"] == "needs_reauth"

    assert data_calls(service, platform) == calls
    assert len(ada.of_type("needs_reauth")) == 1
    assert service.actor("grace", platform)["status"] == "connected", "nobody else's"


def test_githubs_refresh_tokens_rotate_and_the_newest_outlives_a_crash(service: Service) -> None:
    for _ in range(3):
        assert service.order("ada", "github", "refresh").status_code == 200
    service.kill()
    service.start()

    for _ in range(2):
        assert service.order("ada", "github", "refresh").status_code == 200
    service.sandbox.fault("github", "expire", user="ada")
    assert service.order("ada", "github", "poll").status_code == 200


def test_a_refresh_token_that_was_used_elsewhere_needs_a_new_connection(service: Service, ada: Listener) -> None:
    service.sandbox.fault("github", "rotate_reuse", user="ada")

    assert service.order("ada", "github", "refresh").status_code == 409

    said = ada.wait_for_type("needs_reauth")[0]
    assert said["reason"]
    assert said["hint"]


@pytest.mark.parametrize("kind", ["down", "html_403", "truncated", "rate_limit"])
@pytest.mark.parametrize("platform", ["github", "spotify"])
def test_trouble_at_the_platform_is_never_taken_for_a_grant_that_is_gone(
    service: Service, ada: Listener, platform: str, kind: str
) -> None:
    limited = kind == "rate_limit"
    service.sandbox.fault(platform, kind, user="ada", seconds=7 if limited else 4)  # a limit of a moment is waited for

    refresh, poll = service.order("ada", platform, "refresh"), service.order("ada", platform, "poll")

    assert refresh.status_code == (200 if limited else 502), "rate limits are the API's alone"
    assert poll.status_code == 502
    assert service.actor("ada", platform)["status"] == "connected"
    assert not ada.of_type("needs_reauth")
    service.sandbox.heal(platform)
    eventually(lambda: service.order("ada", platform, "poll").status_code == 200, what="a poll that works again")


def test_tokens_that_end_soon_are_renewed_by_themselves(service: Service, ada: Listener) -> None:
    service.sandbox.lifetime("spotify", access=4)
    assert service.order("ada", "spotify", "refresh").status_code == 200
    before = token_calls(service, "spotify")

    ada.wait_for_type("token_refresh", 3)

    assert token_calls(service, "spotify") - before >= 2
    assert service.actor("ada", "spotify")["status"] == "connected"
