"""Pages of the service in a real browser, and what they complained of."""

from playwright.sync_api import BrowserContext, ConsoleMessage, expect

from tests.e2e.service import Service

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 60_000
PHONE = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 800}


class Watched:
    """A page, and what it complained of."""

    def __init__(self, context: BrowserContext, service: Service) -> None:
        self.page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.errors: list[str] = []
        self.asked: set[str] = set()
        """Origins that it sent requests to."""
        self.may_lose_the_service = False
        self.may_be_refused: set[int] = set()
        """Statuses that browsers complain of by themselves, while the page says in words what is wrong."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.asked.add("/".join(request.url.split("/")[:3])))
        self.page.goto(service.url)

    def sign_in(self, person: str) -> None:
        self.page.locator(f"[data-person={person}]").click()
        expect(self.page.locator("#state")).to_have_attribute("data-state", "live", timeout=WAIT_MS)

    def offsets(self) -> list[int]:
        """Of the events that it shows, from top to bottom."""
        return [int(text.removeprefix("#")) for text in self.page.locator("#events .offset").all_text_contents()]

    def _on_console(self, message: ConsoleMessage) -> None:
        lost = self.may_lose_the_service and "ERR_CONNECTION" in message.text
        refused = any(f"status of {status}" in message.text for status in self.may_be_refused)
        if message.type == "error" and not lost and not refused:
            self.errors.append(message.text)
