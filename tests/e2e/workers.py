"""A page with the service worker at work, and the browser's own hand on it."""

from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from tests.e2e.browsing import WAIT_MS
from tests.e2e.service import eventually

SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(({ title, body, tag, data }) => ({ title, body, tag, url: data.url }))"""
CLOSE = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).forEach((one) => one.close())"
CLICK = """async () => {
    const [notification] = await registration.getNotifications();
    addEventListener("error", (event) => event.preventDefault(), { once: true }); // nobody may wait for a made-up event
    dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


class Worked:
    def __init__(self, context: BrowserContext, url: str) -> None:
        context.grant_permissions(["notifications"], origin=url)
        self.origin = url
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self._context = context
        self._devtools: CDPSession = context.new_cdp_session(self.page)
        self._registrations: set[str] = set()
        self._ended = 0
        self.complaints: list[str] = []
        self._listen()
        self.open()
        eventually(lambda: self._look("Boolean(navigator.serviceWorker.controller)"), what="the worker at work")
        eventually(lambda: self._look("1") and self._registrations, what="the registration")

    def open(self) -> None:
        self.page.goto(f"{self.origin}/demo")
        self.until_live()

    def until_live(self) -> None:
        expect(self.page.locator("soulwire-status")).to_have_attribute("data-state", "live", timeout=WAIT_MS)

    def push(self, data: str) -> None:
        """Until the worker is done with it. Chromium forgets those notifications that are asked for just while they
        are put on the screen, so nobody may look before."""
        before = self._ended
        self._order("deliverPushMessage", data=data)
        eventually(lambda: self._look("1") and self._ended > before, what="the end of the push")

    def sync(self) -> None:
        self._order("dispatchSyncEvent", tag="sync-platform-data", lastChance=False)

    def periodic_sync(self) -> None:
        self._order("dispatchPeriodicSyncEvent", tag="sync-platform-data")

    def shown(self) -> list[dict[str, str]]:
        return list(self._look(SHOWN))

    def click(self) -> None:
        """On the only notification there is."""
        (worker,) = self._context.service_workers
        worker.evaluate(CLICK)

    def clear(self) -> None:
        self._look(CLOSE)
        eventually(lambda: not self.shown(), what="no notification")

    def _listen(self) -> None:
        self._devtools.on("ServiceWorker.workerRegistrationUpdated", self._on_registrations)
        self._devtools.on("ServiceWorker.workerErrorReported", lambda told: self.complaints.append(str(told)))
        self._devtools.on("BackgroundService.backgroundServiceEventReceived", self._on_background)
        self._devtools.send("ServiceWorker.enable")
        self._devtools.send("BackgroundService.setRecording", {"shouldRecord": True, "service": "pushMessaging"})
        self._devtools.send("BackgroundService.startObserving", {"service": "pushMessaging"})

    def _on_registrations(self, told: dict[str, Any]) -> None:
        self._registrations |= {one["registrationId"] for one in told["registrations"] if not one["isDeleted"]}

    def _on_background(self, told: dict[str, Any]) -> None:
        self._ended += told["backgroundServiceEvent"]["eventName"] == "Push event completed"

    def _order(self, what: str, **how: Any) -> None:
        (registration,) = self._registrations
        self._devtools.send(f"ServiceWorker.{what}", {"origin": self.origin, "registrationId": registration, **how})

    def _look(self, script: str) -> Any:
        return self.page.evaluate(script)
