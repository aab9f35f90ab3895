"""Pages say that they are in sight, over whatever they have."""

import json
from collections.abc import Callable

from playwright.sync_api import Response, WebSocket

from tests.e2e.pages import AppPage
from tests.e2e.service import eventually
from tests.fakes.gate import Gate

HIDE = """() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_on_a_socket(app: Callable[..., AppPage], gate: Gate) -> None:
    page = app(gate.url)
    said: list[dict[str, object]] = []

    def opened(socket: WebSocket) -> None:
        socket.on("framesent", lambda data: said.append(json.loads(data)))

    page.page.on("websocket", opened)
    page.connect()
    page.until_live("websocket")
    eventually(lambda: page.ask("1") and {"type": "presence", "page": "/client/package.json"} in said, what="in sight")
    page.ask(HIDE)
    eventually(lambda: page.ask("1") and said[-1] == {"type": "presence", "page": None}, what="hidden")
    assert page.ask("others") == []


def test_without_one(app: Callable[..., AppPage], gate: Gate) -> None:
    gate.refuse(b"Upgrade: websocket")
    page = app(gate.url)
    said: list[str | None] = []

    def answered(answer: Response) -> None:
        if answer.url.endswith("/api/presence"):
            assert answer.status == 204
            said.append(json.loads(answer.request.post_data or "{}")["page"])

    page.page.on("response", answered)
    page.connect()
    page.until_live("sse")
    eventually(lambda: page.ask("1") and said == ["/client/package.json"], what="in sight")
    page.ask(HIDE)
    eventually(lambda: page.ask("1") and said == ["/client/package.json", None], what="hidden")
