"""The client in a real browser: over WebSocket, over SSE, by polling, and from one to another and back."""

from collections.abc import Callable

import pytest

from tests.e2e.pages import OVER, SSE, WEBSOCKET, AppPage, Notes
from tests.e2e.service import eventually
from tests.fakes.gate import Gate


@OVER
@pytest.mark.parametrize("tokens", [True, False], ids=["token", "cookie"])
def test_events_come_over_the_best_there_is(
    app: Callable[..., AppPage], gate: Gate, notes: Notes, refused: tuple[bytes, ...], transport: str, tokens: bool
) -> None:
    gate.refuse(*refused)
    page = app(gate.url)
    if not tokens:
        page.sign_in()
    page.connect(tokens=tokens)
    page.until_live(transport)
    notes.send(5)
    page.until_told(notes.sent)
    assert page.ask("seen.every((event, index) => !index || event.offset === seen[index - 1].offset + 1)")


def test_it_falls_and_climbs_back_and_every_event_comes_once(
    app: Callable[..., AppPage], gate: Gate, notes: Notes
) -> None:
    page = app(gate.url)
    page.connect()
    page.until_live("websocket")
    notes.send(2)
    gate.refuse(WEBSOCKET)
    notes.send(3)
    page.until_live("sse")
    notes.send(2)
    gate.refuse(WEBSOCKET, SSE)
    notes.send(2)
    page.until_live("polling")
    notes.send(2)
    gate.allow_all()
    while page.transport != "websocket":
        notes.send()
        page.ask("new Promise((done) => setTimeout(done, 100))")
    notes.send(2)
    page.until_told(notes.sent)
    assert page.state == "live"
    assert page.ask("transports")[-1] == "websocket"


def test_a_better_transport_takes_over_without_a_moment_between(
    app: Callable[..., AppPage], gate: Gate, notes: Notes
) -> None:
    gate.refuse(WEBSOCKET)
    page = app(gate.url)
    page.connect()
    page.until_live("sse")
    notes.send(1)
    page.until_told(notes.sent)
    gate.allow_all()
    eventually(lambda: page.transport == "websocket", what="back up")
    notes.send(1)
    page.until_told(notes.sent)
    assert page.ask("states") == ["connecting", "live"]
    eventually(lambda: page.service.streams() == {"websocket": 1, "sse": 0}, what="one stream")


@OVER
def test_a_page_of_another_origin_imports_it_and_hears_the_same(
    app: Callable[..., AppPage], gate: Gate, notes: Notes, refused: tuple[bytes, ...], transport: str
) -> None:
    gate.refuse(*refused)
    page = app()
    page.connect(url=gate.url, userId="ada")
    page.until_live(transport)
    notes.send(3)
    page.until_told(notes.sent)
