"""The service worker in a real browser: the shell without a network, pushes and clicks, syncs, and its successor."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import WAIT_MS
from tests.e2e.service import PROJECT, Service, eventually, free_ports
from tests.e2e.workers import Worked
from tests.fakes.gate import Gate

NOTICE = {
    "type": "notification",
    "cursor": "here-7",
    "at": "2026-11-20T12:00:00.123Z",
    "title": "Export finished",
    "body": "All rows are there.",
    "url": "/?from=push",
}


@pytest.fixture(scope="module")
def at_work(browser: Browser, shared: Service, shared_gate: Gate) -> Iterator[Worked]:
    context = browser.new_context()
    context.clock.install()
    one = Worked(context, shared_gate.url)
    yield one
    context.close()
    assert not one.complaints


@pytest.fixture
def worked(at_work: Worked, shared_gate: Gate) -> Iterator[Worked]:
    """The same browser for all tests: what one of them leaves is put back."""
    yield at_work
    shared_gate.allow_all()
    at_work.open()
    at_work.clear()


@pytest.fixture
def without(worked: Worked, shared_gate: Gate) -> Page:
    """The page that stands for one that couldn't be had."""
    shared_gate.shut()
    worked.page.goto(f"{worked.origin}/no-such-page")
    expect(worked.page.get_by_role("heading")).to_have_text("You are offline")
    return worked.page


def test_without_a_network_the_shell_is_there_and_other_pages_say_that_they_cannot_be_had(
    without: Page, shared_gate: Gate
) -> None:
    without.get_by_role("link", name="What was here last").click()
    expect(without.locator("#state")).to_contain_text("Offline", timeout=WAIT_MS)

    shared_gate.allow_all()
    without.clock.fast_forward("10")
    expect(without.locator("#state")).to_have_attribute("data-state", "live", timeout=WAIT_MS)


def test_the_plain_page_has_the_worker_too(browser: Browser, worked: Worked, shared_gate: Gate) -> None:
    page = browser.new_context().new_page()
    page.goto(worked.origin)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    shared_gate.shut()
    page.reload()
    expect(page.locator("#state")).to_contain_text("Offline", timeout=WAIT_MS)
    page.context.close()


def test_a_page_that_could_not_be_had_is_loaded_once_it_can(without: Page, shared_gate: Gate) -> None:
    without.evaluate("dispatchEvent(new Event('online'))")
    expect(without.get_by_role("heading")).to_have_text("You are offline")

    shared_gate.allow_all()
    without.clock.fast_forward("10")
    expect(without.locator("body")).to_contain_text("not_found", timeout=WAIT_MS)


def test_who_leaves_for_another_page_is_not_called_back_when_the_network_is(without: Page, shared_gate: Gate) -> None:
    shared_gate.allow_all()
    without.evaluate(
        "() => { window.fetch = async () => new Response();"
        " document.querySelector('a').click(); dispatchEvent(new Event('online')); }"
    )
    expect(without.locator("#state")).to_have_attribute("data-state", "live", timeout=WAIT_MS)


def test_what_is_read_from_the_service_is_never_the_workers(worked: Worked) -> None:
    kept = worked.page.evaluate(
        "async () => { const cache = await caches.open((await caches.keys())[0]);"
        " return (await cache.keys()).map(({ url }) => new URL(url).pathname) }"
    )
    assert {"/", "/demo", "/offline", "/client/soulwire.js"} <= set(kept)
    assert not [path for path in kept if path.startswith(("/api", "/ws", "/service-worker"))]


def test_a_push_is_shown_once_however_often_it_comes(worked: Worked) -> None:
    worked.push(json.dumps(NOTICE))
    worked.push(json.dumps(NOTICE))
    shown = {"title": NOTICE["title"], "body": NOTICE["body"], "tag": "here-7", "url": "/?from=push"}
    assert worked.shown() == [shown]


@pytest.mark.parametrize("data", ["", "not json", "[]", '"text"', "null"])
def test_a_push_that_says_nothing_is_shown_all_the_same(worked: Worked, data: str) -> None:
    worked.push(data)
    assert [one["title"] for one in worked.shown()] == ["Soulwire"]


def test_a_trouble_is_told_with_the_way_to_mend_it(worked: Worked) -> None:
    event = {"type": "needs_reauth", "cursor": "here-8", "message": "Spotify has to be connected again"}
    worked.push(json.dumps(event | {"hint": "Please reconnect.", "reconnect_url": f"{worked.origin}/demo?again"}))
    (shown,) = worked.shown()
    assert shown["title"] == "Spotify has to be connected again"
    assert shown["body"] == "Please reconnect."
    assert shown["url"].endswith("/demo?again")


@pytest.mark.parametrize(
    ("url", "goes_to"),
    [("/?from=push", "/?from=push"), ("javascript:alert(1)", "/"), ("http://", "/"), (None, "/")],
)
def test_a_click_opens_the_page_that_it_is_about(worked: Worked, url: str | None, goes_to: str) -> None:
    worked.push(json.dumps(NOTICE | {"url": url}))

    worked.click()

    worked.page.wait_for_url(worked.origin + goes_to)
    eventually(lambda: not worked.shown(), what="the notification gone")


@pytest.mark.parametrize("kind", ["sync", "periodic_sync"])
def test_a_sync_has_every_connected_platform_read(worked: Worked, shared: Service, kind: str) -> None:
    def read() -> list[str]:
        new = [event for event in shared.events("ada") if event["type"] == "new_data"]
        return [event["cursor"] for event in new if event["platform"] == "spotify"]

    before = read()
    shared.sandbox.activity("spotify", "ada", "play")
    getattr(worked, kind)()

    eventually(lambda: read() != before, what="the play of Spotify")
    expect(worked.page.locator("#said")).to_have_text("Read: 8 platforms.", timeout=WAIT_MS)


def test_a_newer_worker_waits_until_the_page_takes_it_over(
    browser: Browser, start_connected: Callable[..., Service], tmp_path: Path
) -> None:
    """An upgrade changed one file of the shell."""
    service = start_connected(port=free_ports())  # the other one is still there
    context = browser.new_context()
    worked = Worked(context, service.url)
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
    context.close()


def upgraded(folder: Path) -> Path:
    for name in ("actors", "deploy", "handlers", "storage"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "run.py", folder)
    with (folder / "handlers" / "static" / "page.css").open("a") as style:
        style.write("/* newer */")
    return folder
