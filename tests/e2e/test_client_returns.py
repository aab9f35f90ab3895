"""The client in a real browser when things break: everything comes, once."""

from collections.abc import Callable

from playwright.sync_api import Browser

from tests.e2e.pages import OVER, WEBSOCKET, AppPage, Notes
from tests.e2e.service import Service, eventually
from tests.fakes.gate import Gate


@OVER
def test_a_cut_network(
    app: Callable[..., AppPage], gate: Gate, notes: Notes, refused: tuple[bytes, ...], transport: str
) -> None:
    gate.refuse(*refused)
    page = app(gate.url)
    page.connect()
    page.until_live(transport)
    notes.send(2)
    page.until_told(notes.sent)
    gate.shut()
    notes.send(3)
    page.until_state("offline")
    gate.allow_all()
    gate.refuse(*refused)
    page.until_live()
    notes.send(2)
    page.until_told(notes.sent)


def test_a_browser_that_says_it_is_offline(app: Callable[..., AppPage], gate: Gate, notes: Notes) -> None:
    page = app(gate.url)
    page.connect()
    page.until_live("websocket")
    notes.send(2)
    page.until_told(notes.sent)
    page.ask("addEventListener('offline', () => { window.atOnce = client.status.state })")
    page.page.context.set_offline(True)
    assert page.ask("atOnce") == "offline"
    notes.send(3)
    page.page.context.set_offline(False)
    page.until_live("websocket")
    page.until_told(notes.sent)
    assert page.ask("states.slice(0, 3)") == ["connecting", "live", "offline"]


@OVER
def test_a_killed_service(
    app: Callable[..., AppPage],
    gate: Gate,
    notes: Notes,
    reached: Service,
    refused: tuple[bytes, ...],
    transport: str,
) -> None:
    gate.refuse(*refused)
    page = app(gate.url)
    page.connect()
    page.until_live(transport)
    for _ in range(2):
        notes.send(3)
        reached.kill()
        reached.start()
    notes.send(1)
    page.until_told(notes.sent)
    page.until_live()


def test_a_connection_that_died_without_a_word_is_found_when_the_page_is_looked_at(
    app: Callable[..., AppPage], gate: Gate, notes: Notes
) -> None:
    page = app(gate.url)
    page.connect()
    page.until_live("websocket")
    notes.send(1)
    page.until_told(notes.sent)
    gate.silence()
    notes.send(2)
    assert page.state == "live"  # nothing can be known yet
    gate.allow_all()
    page.ask("document.dispatchEvent(new Event('visibilitychange'))")
    eventually(lambda: "connecting" in page.ask("states.slice(2)"), 6.0, what="the loss noticed")
    page.until_live()
    page.until_told(notes.sent)


def test_a_token_that_expired_while_the_laptop_slept(
    app: Callable[..., AppPage], gate: Gate, notes: Notes, reached: Service
) -> None:
    page = app(gate.url)
    page.ttl = 2
    page.connect()
    page.until_live("websocket")
    first = page.service.token("ada", ttl=2)
    devtools = page.page.context.new_cdp_session(page.page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    gate.silence()
    notes.send(2)
    bearer = {"Authorization": f"Bearer {first}"}
    eventually(lambda: reached.call("GET", "/api/events", headers=bearer).status_code == 401, what="an old token")
    eventually(lambda: not reached.streams()["websocket"], what="the stream ended by the server")
    page.ttl = 3600
    gate.allow_all()
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    page.ask("() => { const now = Date.now; Date.now = () => now() + 3_600_000; }")
    page.ask("document.dispatchEvent(new Event('visibilitychange'))")
    notes.send(1)
    page.until_told(notes.sent)
    page.until_live("websocket")


@OVER
def test_short_tokens_are_renewed_before_they_end(
    app: Callable[..., AppPage], gate: Gate, notes: Notes, refused: tuple[bytes, ...], transport: str
) -> None:
    gate.refuse(*refused)
    page = app(gate.url)
    page.ttl = 4
    page.connect()
    page.until_live(transport)
    while page.asked_why.count("expiring") < 3:
        notes.send()
        page.page.wait_for_timeout(200)
    assert len(page.asked_why) < 15, "asked for in moderation"
    notes.send()
    page.until_told(notes.sent)
    assert page.ask("states") == ["connecting", "live"]


def test_two_tabs_are_both_told_everything(
    app: Callable[..., AppPage], browser: Browser, gate: Gate, notes: Notes
) -> None:
    context = browser.new_context(bypass_csp=True)
    pages = [app(gate.url, context) for _ in range(2)]
    for page in pages:
        page.connect(userId="ada", storage=True)
        page.until_live("websocket")
    notes.send(3)
    for page in pages:
        page.until_told(notes.sent)
    pages[0].page.close()
    notes.send(2)
    pages[1].until_told(notes.sent)
    context.close()


def test_of_many_tabs_over_sse_the_last_ones_poll_and_requests_still_get_through(
    app: Callable[..., AppPage], browser: Browser, gate: Gate, notes: Notes
) -> None:
    gate.refuse(WEBSOCKET)
    context = browser.new_context(bypass_csp=True)
    pages = [app(gate.url, context) for _ in range(6)]
    for page in pages:
        page.connect()
        page.until_live()
    assert sorted(str(page.transport) for page in pages) == ["polling"] * 2 + ["sse"] * 4
    notes.send(2)
    for page in pages:
        page.until_told(notes.sent)
    context.close()


def test_a_page_that_is_loaded_again_goes_on_where_it_was(
    app: Callable[..., AppPage], gate: Gate, notes: Notes
) -> None:
    page = app(gate.url)
    page.connect(userId="ada", storage=True)
    page.until_live()
    notes.send(2)
    page.until_told(notes.sent)
    page.page.reload()
    notes.send(2)
    page.connect(userId="ada", storage=True)
    page.until_told(notes.sent[2:])


def test_a_page_that_is_gone_back_to_resumes(app: Callable[..., AppPage], gate: Gate, notes: Notes) -> None:
    page = app(gate.url)
    page.connect()
    page.until_live()
    page.ask("window.was = 'here'")
    page.page.goto(f"{gate.url}/client/soulwire.js")
    notes.send(2)
    eventually(lambda: not page.service.streams()["websocket"], what="the stream closed")
    page.page.go_back()
    if page.ask("window.was") != "here":  # the browser didn't keep it: then there is nothing to resume
        return
    page.until_told(notes.sent)
    page.until_live()
