"""Pages of an app that use the client: a blank one on the service's origin, in which a test does what an app would."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.browsing import WAIT_MS
from tests.e2e.service import PATIENCE, Service, eventually

SOMEWHERE = "/client/package.json"
"""Any page of the origin will do: nothing runs there by itself."""
NETWORK = ("ERR_", "WebSocket connection to")
"""How Chromium begins what it says of requests that didn't get through; a page can't keep it from saying so."""
WEBSOCKET, SSE = b"Upgrade: websocket", b"/api/sse/stream"
"""What of a request a gate refuses it by."""
OVER = pytest.mark.parametrize(
    ("refused", "transport"),
    [((), "websocket"), ((WEBSOCKET,), "sse"), ((WEBSOCKET, SSE), "polling")],
    ids=["websocket", "sse", "polling"],
)
"""Over each transport: what is refused so that it is the one."""
_START = """async ([options, tokens]) => {
    const { connect } = await import(`${options.url ?? ""}/client/soulwire.js`);
    Object.assign(window, { seen: [], states: [], reloads: [], others: [], transports: [] });
    if (tokens) options.getToken = (asked) => freshToken(asked.why);
    if (options.storage) options.storage = sessionStorage;
    window.client = connect(options);
    client.on("*", (event) => ("offset" in event ? seen : others).push(event));
    client.onReload((reason) => reloads.push(reason));
    client.onStatus((status) => {
        if (states.at(-1) !== status.state) states.push(status.state);
        if (status.transport && transports.at(-1) !== status.transport) transports.push(status.transport);
    });
}"""
_numbers = itertools.count(1)


class AppPage:
    """A page, what it was told, and what its browser complained of."""

    def __init__(self, context: BrowserContext, service: Service, url: str | None = None) -> None:
        self.service = service
        self.ttl: float = 3600
        """Of the tokens that the app gives it."""
        self.give: Callable[[str], str] = lambda _: service.token("ada", ttl=self.ttl)
        """What the app's back end answers when the page asks it for a token."""
        self.asked_why: list[str] = []
        self.may_be_refused = False
        self.errors: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("console", lambda said: said.type == "error" and self._complained(said.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.expose_function("freshToken", self._token)
        self.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        self.page.goto((url or service.url) + SOMEWHERE)

    def connect(self, *, tokens: bool = True, **options: Any) -> None:
        self.page.evaluate(_START, [options, tokens])

    def sign_in(self, user: str = "ada", ttl: float = 3600) -> None:
        """By cookie."""
        send = "(token) => fetch('/api/session', {method: 'POST', body: JSON.stringify({token}), headers})"
        script = send.replace("headers}", "headers: {'Content-Type': 'application/json'}}")
        self.page.evaluate(f"async (token) => {{ await ({script})(token) }}", self.service.token(user, ttl=ttl))

    def ask(self, script: str) -> Any:
        return self.page.evaluate(script)

    @property
    def state(self) -> str:
        return str(self.ask("client.status.state"))

    @property
    def transport(self) -> str | None:
        return self.ask("client.status.transport")  # type: ignore[no-any-return]

    def numbers(self) -> list[int]:
        """Of the notes that it was told of, in order."""
        return list(self.ask("seen.filter((event) => event.type === 'note').map((event) => event.number)"))

    def until_live(self, transport: str | None = None) -> None:
        def live() -> bool:
            return self.state == "live" and transport in (None, self.transport)

        eventually(live, 2 * PATIENCE, what=f"live over {transport or 'anything'}")

    def until_state(self, state: str) -> None:
        eventually(lambda: self.state == state, what=state)

    def until_told(self, numbers: list[int]) -> None:
        """Of exactly these notes, once each and in order."""
        eventually(lambda: len(self.numbers()) >= len(numbers), 2 * PATIENCE, what=f"{len(numbers)} notes")
        assert self.numbers() == numbers
        assert self.ask("reloads") == []

    def _token(self, why: str) -> str:
        self.asked_why.append(why)
        return self.give(why)

    def _complained(self, text: str) -> None:
        refused = self.may_be_refused and "status of 40" in text
        if not refused and not any(one in text for one in NETWORK):
            self.errors.append(text)


class Notes:
    """What the app's back end sends to ada, numbered."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.sent: list[int] = []

    def send(self, count: int = 1) -> None:
        for _ in range(count):
            number = next(_numbers)
            event = {"type": "note", "number": number}
            answer = self._service.call("POST", "/api/users/ada/send", by="app", role="service", json={"event": event})
            assert answer.status_code == 202, answer.text
            self.sent.append(number)
