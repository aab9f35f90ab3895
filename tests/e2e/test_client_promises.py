"""How soon: open in under 2 s, from the database to the page in under 500 ms, back in under 5 s after a drop."""

from collections.abc import Callable
from statistics import median

from tests.e2e.pages import AppPage, Notes
from tests.e2e.service import eventually
from tests.fakes.gate import Gate

OPEN = """async () => {
    const { connect } = await import("/client/soulwire.js");
    window.began = performance.now();
    window.client = connect({ getToken: ({ why }) => freshToken(why) });
    window.late = [];
    window.lives = [];
    client.on("note", ({ at }) => late.push(Date.now() - Date.parse(at)));
    client.onStatus(({ state }) => {
        if (state === "live") lives.push(performance.now() - began);
        else began = performance.now();
    });
}"""


def test_the_promises_of_time_hold(app: Callable[..., AppPage], gate: Gate, notes: Notes) -> None:
    page = app(gate.url)
    page.ask(OPEN)
    page.until_live("websocket")
    notes.send(11)
    eventually(lambda: len(page.ask("late")) == 11, what="all notes")
    for times in range(3):
        gate.refuse()  # cuts what is open, and refuses nothing
        eventually(lambda times=times: len(page.ask("lives")) == times + 2, what="back")
    opened, *back = page.ask("lives")
    assert opened < 2_000
    assert median(page.ask("late")) < 500
    assert max(back) < 5_000
