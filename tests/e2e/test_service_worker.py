"""The service worker in a real browser: the shell without a network, pushes and clicks, syncs, and its successor."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.e2e.browsing import WAIT_MS
from tests.e2e.service import PROJECT, Service, eventually

NOTICE = {
    "type": "notification",
    "cursor": "here-7",
    "at": "2026-11-20T12:00:00.123Z",
    "title": "Export finished",
    "body": "All rows are there.",
    "url": "/?from=push",
}
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(({ title, body, tag, data }) => ({ title, body, tag, url: data.url }))"""
CLICK = """async (worker) => {
    const [notification] = await registration.getNotifications();
    dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


class Worked:
    """A page with the worker at work, and the browser's own hand on it."""

    def __init__(self, context: BrowserContext, service: Service) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.goto(f"{service.url}/demo")
        eventually(lambda: self.page.evaluate("Boolean(navigator.serviceWorker.controller)"), what="the worker at work")
        self.until_live()
        self.origin = service.url
        self.devtools: CDPSession = context.new_cdp_session(self.page)
        self._registrations: list[dict[str, Any]] = []
        self.devtools.on(
            "ServiceWorker.workerRegistrationUpdated", lambda told: self._registrations.extend(told["registrations"])
        )
        self.devtools.send("ServiceWorker.enable")
        eventually(lambda: self.page.evaluate("1") and self._registrations, what="the registration")

    def until_live(self) -> None:
        expect(self.page.locator("soulwire-status")).to_have_attribute("data-state", "live", timeout=WAIT_MS)

    def push(self, data: str) -> None:
        self._order("deliverPushMessage", data=data)

    def sync(self) -> None:
        self._order("dispatchSyncEvent", tag="sync-platform-data", lastChance=False)

    def periodic_sync(self) -> None:
        self._order("dispatchPeriodicSyncEvent", tag="sync-platform-data")

    def shown(self) -> list[dict[str, str]]:
        return list(self.page.evaluate(SHOWN))

    def _order(self, what: str, **how: Any) -> None:
        registration = self._registrations[-1]["registrationId"]
        self.devtools.send(f"ServiceWorker.{what}", {"origin": self.origin, "registrationId": registration, **how})


@pytest.fixture
def worked(browser: Browser, service: Service) -> Iterator[Worked]:
    context = browser.new_context()
    context.grant_permissions(["notifications"], origin=service.url)
    yield Worked(context, service)
    context.close()


def test_without_a_network_the_shell_is_there_and_other_pages_say_that_they_cannot_be_had(worked: Worked) -> None:
    worked.context.set_offline(True)
    worked.page.goto(f"{worked.origin}/monitoring")
    expect(worked.page.get_by_role("heading")).to_have_text("You are offline")

    worked.page.get_by_role("link", name="What was here last").click()
    expect(worked.page.locator("#state")).to_contain_text("Offline", timeout=WAIT_MS)
    worked.context.set_offline(False)
    expect(worked.page.locator("#state")).to_have_attribute("data-state", "live", timeout=WAIT_MS)


def test_what_is_read_from_the_service_is_never_the_workers(worked: Worked, service: Service) -> None:
    kept = worked.page.evaluate(
        "async () => { const cache = await caches.open((await caches.keys())[0]);"
        " return (await cache.keys()).map(({ url }) => new URL(url).pathname) }"
    )
    assert {"/", "/demo", "/offline", "/client/soulwire.js"} <= set(kept)
    assert not [path for path in kept if path.startswith(("/api", "/ws", "/service-worker"))]


def test_a_push_is_shown_once_however_often_it_comes(worked: Worked) -> None:
    worked.push(json.dumps(NOTICE))
    worked.push(json.dumps(NOTICE))
    wanted = {"title": NOTICE["title"], "body": NOTICE["body"], "tag": "here-7", "url": "/?from=push"}
    eventually(lambda: worked.shown() == [wanted], what="one notification")


@pytest.mark.parametrize("data", ["", "not json", "[]", '"text"', "null"])
def test_a_push_that_says_nothing_is_shown_all_the_same(worked: Worked, data: str) -> None:
    worked.push(data)
    eventually(lambda: len(worked.shown()) == 1, what="a notification")
    assert worked.shown()[0]["title"] == "Soulwire"


def test_a_trouble_is_told_with_the_way_to_mend_it(worked: Worked) -> None:
    event = {"type": "needs_reauth", "cursor": "here-8", "message": "Spotify has to be connected again"}
    worked.push(json.dumps(event | {"hint": "Please reconnect.", "reconnect_url": f"{worked.origin}/demo?again"}))
    (shown,) = eventually(worked.shown, what="a notification")
    assert shown["title"] == "Spotify has to be connected again"
    assert shown["body"] == "Please reconnect."
    assert shown["url"].endswith("/demo?again")


@pytest.mark.parametrize(
    ("url", "goes_to"),
    [("/?from=push", "/?from=push"), ("javascript:alert(1)", "/"), ("http://", "/"), (None, "/")],
)
def test_a_click_opens_the_page_that_it_is_about(worked: Worked, url: str | None, goes_to: str) -> None:
    worked.push(json.dumps(NOTICE | {"url": url}))
    eventually(worked.shown, what="a notification")
    (worker,) = worked.context.service_workers

    worker.evaluate(CLICK)

    worked.page.wait_for_url(worked.origin + goes_to)
    eventually(lambda: not worked.shown(), what="the notification gone")


@pytest.mark.parametrize("kind", ["sync", "periodic_sync"])
def test_a_sync_has_every_connected_platform_read(worked: Worked, service: Service, kind: str) -> None:
    service.sandbox.activity("spotify", "ada", "play")
    before = len([event for event in service.events("ada") if event["type"] == "new_data"])
    getattr(worked, kind)()

    def read() -> bool:
        found = [event for event in service.events("ada") if event["type"] == "new_data"][before:]
        return "spotify" in {event["platform"] for event in found}

    eventually(read, what="the play of Spotify")
    expect(worked.page.locator("#said")).to_have_text("Read: 8 platforms.", timeout=WAIT_MS)


def test_a_newer_worker_waits_until_the_page_takes_it_over(worked: Worked, service: Service, tmp_path: Path) -> None:
    """An upgrade changed one file of the shell."""
    first = worked.page.evaluate("caches.keys()")
    service.script = upgraded(tmp_path / "newer") / "run.py"
    service.stop()
    service.start()
    worked.until_live()
    worked.page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
    expect(worked.page.locator("#update")).to_be_visible(timeout=WAIT_MS)
    assert set(first) <= set(worked.page.evaluate("caches.keys()")), "the old page keeps its shell"

    worked.page.locator("#activate").click()

    expect(worked.page.locator("#update")).to_be_hidden(timeout=WAIT_MS)  # the page was loaded anew
    worked.until_live()

    def taken_over() -> bool:
        names = worked.page.evaluate("caches.keys()")
        return len(names) == 1 and names != first

    eventually(taken_over, what="the new shell alone")


def upgraded(folder: Path) -> Path:
    for name in ("actors", "deploy", "handlers", "storage"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "run.py", folder)
    with (folder / "handlers" / "static" / "page.css").open("a") as style:
        style.write("/* newer */")
    return folder
