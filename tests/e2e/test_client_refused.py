"""The client in a real browser when it is turned away: it says why, and doesn't hammer."""

from collections.abc import Callable
from datetime import UTC, datetime

from tests.e2e.pages import AppPage, Notes
from tests.e2e.service import Service, eventually
from tests.fakes.gate import Gate


def test_a_bad_token_gets_one_more_chance(app: Callable[..., AppPage], gate: Gate, notes: Notes) -> None:
    page = app(gate.url)
    page.give = lambda why: "not.a.token" if why == "connect" else page.service.token("ada")
    page.connect()
    page.until_live("websocket")
    assert page.asked_why == ["connect", "refused"]
    notes.send()
    page.until_told(notes.sent)


def test_one_that_is_refused_twice_is_an_error_that_can_be_mended(
    app: Callable[..., AppPage], gate: Gate, notes: Notes
) -> None:
    page = app(gate.url)
    page.give = lambda why: "not.a.token"
    page.connect()
    page.until_state("error")
    assert page.ask("client.status.code") == 4501
    assert page.asked_why == ["connect", "refused"]
    page.give = lambda why: page.service.token("ada")
    page.ask("client.reconnect()")
    page.until_live()
    notes.send()
    page.until_told(notes.sent)


def test_without_a_session_and_without_a_token_it_ends_in_an_error(app: Callable[..., AppPage], gate: Gate) -> None:
    page = app(gate.url)
    page.may_be_refused = True
    page.connect(tokens=False)
    page.until_state("error")
    assert page.ask("client.status.code") in (4500, 4501)


def test_another_users_token_is_refused(app: Callable[..., AppPage], gate: Gate) -> None:
    page = app(gate.url)
    page.may_be_refused = True
    page.give = lambda why: page.service.token("grace")
    page.connect(userId="ada")
    page.until_state("error")
    assert page.ask("client.status.code") == 4503


def test_a_revoked_token_ends_the_stream_for_good(app: Callable[..., AppPage], gate: Gate, reached: Service) -> None:
    page = app(gate.url)
    page.connect()
    page.until_live()
    all_so_far = {"before": datetime.now(UTC).isoformat()}
    answer = reached.call("POST", "/api/users/ada/revoke", by="app", role="service", json=all_so_far)
    assert answer.status_code < 300, answer.text
    page.until_state("error")
    assert page.ask("client.status.code") == 4505
    assert page.asked_why == ["connect"]


def test_a_token_that_cant_be_had_is_tried_again(app: Callable[..., AppPage], gate: Gate) -> None:
    page = app(gate.url)

    def fail(why: str) -> str:
        raise ConnectionError("the app's back end is down")

    page.give = fail
    page.connect()
    page.until_state("offline")
    page.give = lambda why: page.service.token("ada")
    page.until_live("websocket")
    assert page.ask("transports") == ["websocket"]


def test_what_cant_be_recovered_is_said_and_goes_on_from_now(app: Callable[..., AppPage], gate: Gate) -> None:
    page = app(gate.url)
    page.connect(cursor="another-database-7")
    page.until_live()
    eventually(lambda: page.ask("reloads"), what="a reload")
    assert len(page.ask("reloads")) == 1


def test_after_close_nothing_comes_and_nothing_is_open(app: Callable[..., AppPage], gate: Gate, notes: Notes) -> None:
    page = app(gate.url)
    page.connect()
    page.until_live()
    page.ask("client.close()")
    notes.send()
    assert page.state == "offline"
    eventually(lambda: not page.service.streams()["websocket"], what="the stream closed")
    assert page.numbers() == []


def test_a_cookie_of_somebody_else_in_the_same_browser_is_not_in_the_way(
    app: Callable[..., AppPage], gate: Gate, notes: Notes
) -> None:
    page = app(gate.url)
    page.sign_in("grace")
    page.connect()
    page.until_live()
    assert page.ask("client.status.user") == "ada"
    page.service.sandbox.activity("github", "grace", "push")
    notes.send(2)
    page.until_told(notes.sent)
    assert page.ask("seen.every((event) => event.type !== 'webhook_received')")
