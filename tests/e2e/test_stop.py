"""SIGTERM: everyone is told when to come back, nothing is lost, and it is over soon."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.crashing import check, start_senders
from tests.e2e.listeners import Listener, SocketListener, SseListener
from tests.e2e.service import Service, eventually

SOON = 10.0


def token_calls(service: Service) -> int:
    return len([call for call in service.sandbox.calls("github") if call["path"].endswith("/login/oauth/access_token")])


@pytest.mark.parametrize("kind", [SocketListener, SseListener])
def test_streams_are_told_when_to_come_back(service: Service, listen: Callable[..., Any], kind: type[Listener]) -> None:
    screens = [listen(kind, service, user) for user in ("ada", "ada", "grace")]
    began = time.monotonic()

    assert service.stop() == 0

    assert time.monotonic() - began < SOON
    for screen in screens:
        farewell = screen.wait_for_farewell()
        assert farewell["code"] == 4000
        assert 0 < farewell["retry_after_ms"] < 10_000
    service.start()
    for screen in screens:
        assert screen.wait_for_greeting(2)["recovered"] is True


def test_what_is_on_its_way_in_is_not_lost(service: Service, listen: Callable[..., Any]) -> None:
    listeners = [listen(kind, service, "ada") for kind in (SocketListener, SseListener)]
    senders = start_senders(service, ("ada",))
    for _ in range(3):
        service.has_ended(0.5)
        assert service.stop() == 0
        service.start()

    for sender in senders:
        sender.end()
    for listener in listeners:
        check(listener, senders)


def test_a_platform_that_hangs_does_not_hold_it_up_for_long(service: Service) -> None:
    service.sandbox.fault("spotify", "hang")
    with service.order_without_waiting("ada", "spotify", "poll"):
        eventually(lambda: service.sandbox.hanging("spotify"), what="a call that hangs")
        began = time.monotonic()

        assert service.stop(30.0) == 0

    assert time.monotonic() - began < 8.0, "a second for the call, and the rest of the stop"
    service.start()
    assert service.actor("ada", "spotify")["last_error"] is None


def test_a_token_that_is_being_renewed_is_waited_for_and_kept(service: Service) -> None:
    before = token_calls(service)
    service.sandbox.fault("github", "slow", user="ada")
    with service.order_without_waiting("ada", "github", "refresh"):
        eventually(lambda: token_calls(service) > before, what="a call for a token")

        assert service.stop(40.0) == 0

    service.start()
    service.sandbox.heal("github")
    assert service.order("ada", "github", "refresh").status_code == 200, "the pair that was under way was stored"
    assert service.order("ada", "github", "poll").status_code == 200


def test_a_second_signal_changes_nothing(service: Service, listen: Callable[..., Any]) -> None:
    listen(SocketListener, service, "ada")
    service.running.terminate()
    service.running.terminate()

    assert service.running.wait(SOON) == 0


def test_ctrl_c_is_an_orderly_stop_too(service: Service) -> None:
    service.running.send_signal(2)

    assert service.running.wait(SOON) == 0
    assert service.sandbox.pid() is None
