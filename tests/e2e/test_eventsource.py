"""The browser's own EventSource, with nothing of ours around it."""

from collections.abc import Callable

from tests.e2e.pages import AppPage, Notes
from tests.e2e.service import PATIENCE, Service, eventually
from tests.fakes.gate import Gate

OPEN = """(path) => {
    window.told = [];
    window.source = new EventSource(path);
    window.greeted = 0;
    source.addEventListener("authenticated", () => { greeted += 1; });
    source.addEventListener("note", ({ data }) => told.push(JSON.parse(data).number));
}"""
TICKET = """(token) => fetch("/api/stream-ticket", {
    method: "POST", headers: { Authorization: `Bearer ${token}` },
}).then((answer) => answer.json())"""
CLOSED = 2


def test_with_the_cookie_it_resumes_by_itself_and_every_event_comes_once(
    app: Callable[..., AppPage], gate: Gate, notes: Notes, reached: Service
) -> None:
    page = app(gate.url)
    page.sign_in()
    page.page.evaluate(OPEN, "/api/sse/stream")
    eventually(lambda: page.ask("greeted"), what="open")
    notes.send(2)
    eventually(lambda: len(page.ask("told")) == 2, what="what came first")
    gate.shut()
    notes.send(2)
    gate.allow_all()
    eventually(lambda: len(page.ask("told")) == 4, what="what came while the network was gone")
    reached.kill()
    reached.start()
    notes.send(2)
    eventually(lambda: len(page.ask("told")) == 6, 2 * PATIENCE, what="what came after a kill")
    assert page.ask("told") == notes.sent


def test_with_a_ticket_it_is_open_once(app: Callable[..., AppPage], gate: Gate, notes: Notes, reached: Service) -> None:
    """It comes back to the same address, with a ticket that is spent, and is told to stop."""
    page = app(gate.url)
    ticket = page.page.evaluate(TICKET, reached.token("ada"))["ticket"]
    page.page.evaluate(OPEN, f"/api/sse/stream?ticket={ticket}")
    eventually(lambda: page.ask("greeted"), what="open")
    notes.send()
    eventually(lambda: page.ask("told") == notes.sent, what="the note")
    gate.refuse()  # cuts what is open
    eventually(lambda: page.ask("source.readyState") == CLOSED, what="the end")
    assert page.ask("greeted") == 1
