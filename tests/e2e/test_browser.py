"""The page at `/` in a real browser: what happens is on it once, also when the service is killed in the middle."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import PHONE, WAIT_MS, WIDE, Watched
from tests.e2e.crashing import start_senders
from tests.e2e.hooks import headers, post
from tests.e2e.service import Service, eventually


def newest(service: Service, user: str = "ada") -> int:
    return int(service.events(user)[-1]["offset"])


def test_a_person_signs_in_and_sees_connections_and_history(
    service: Service, open_page: Callable[..., Watched]
) -> None:
    shown = open_page()
    expect(shown.page.get_by_role("heading", name="Sign in")).to_be_visible()

    shown.sign_in("ada")

    for platform in ("GitHub", "Spotify"):
        card = shown.page.locator(".connection").filter(has_text=platform)
        expect(card.locator(".badge")).to_have_text("connected")
    eventually(lambda: shown.offsets() == [event["offset"] for event in reversed(service.events("ada"))])


def test_events_appear_as_they_come(service: Service, open_page: Callable[..., Watched]) -> None:
    shown = open_page()
    shown.sign_in("ada")
    for kind in ("push", "issues", "star"):
        sent = service.sandbox.activity("github", "ada", kind)["deliveries"]
        assert sent
    last = service.sandbox.activity("github", "ada", "push")

    expect(shown.page.locator("#events .fresh .line").filter(has_text="pushed")).to_have_count(2, timeout=WAIT_MS)
    assert last["deliveries"]
    eventually(lambda: shown.offsets() == list(range(newest(service), 0, -1)), what="all of them on the page")


@pytest.mark.parametrize(("button", "platform"), [("On GitHub", "GitHub"), ("On Spotify", "Spotify")])
def test_the_buttons_make_something_happen(
    service: Service, open_page: Callable[..., Watched], button: str, platform: str
) -> None:
    shown = open_page()
    shown.sign_in("ada")

    shown.page.get_by_role("button", name=button).click()

    fresh = shown.page.locator("#events .fresh .platform").filter(has_text=platform)
    expect(fresh.first).to_be_visible(timeout=WAIT_MS)
    expect(shown.page.locator("#played")).to_contain_text(f"on {platform}")
    expect(shown.page.locator("#trouble")).to_be_hidden()


def test_nothing_is_missing_and_nothing_twice_over_kills_in_the_middle(
    service: Service, open_page: Callable[..., Watched]
) -> None:
    shown = open_page()
    shown.sign_in("ada")
    shown.may_lose_the_service = True
    first = newest(service)
    senders = start_senders(service, ("ada",), every=0.1)
    for _ in range(3):
        service.has_ended(0.7)
        service.kill()
        service.start()
    for sender in senders:
        sender.end()

    last = first + sum(len(sender.accepted) for sender in senders)
    eventually(lambda: newest(service) >= last, what="everything that was taken")
    eventually(lambda: shown.offsets()[0] >= last, what="the last one on the page")
    offsets = shown.offsets()
    assert all(above - below == 1 for above, below in pairwise(offsets)), offsets
    assert offsets[-1] <= first + 1 or len(offsets) == 200
    expect(shown.page.locator("#state")).to_have_attribute("data-state", "live")


def test_it_says_when_what_it_shows_is_old(service: Service, open_page: Callable[..., Watched]) -> None:
    shown = open_page()
    shown.sign_in("ada")
    shown.may_lose_the_service = True
    service.kill()

    expect(shown.page.locator("#state")).not_to_have_attribute("data-state", "live", timeout=WAIT_MS)
    expect(shown.page.locator("#state")).to_have_attribute("data-state", "offline", timeout=WAIT_MS)
    service.start()
    expect(shown.page.locator("#state")).to_have_attribute("data-state", "live", timeout=WAIT_MS)
    service.sandbox.activity("github", "ada", "push")
    expect(shown.page.locator("#events .fresh .line").filter(has_text="pushed")).to_have_count(1, timeout=WAIT_MS)


def test_a_reload_keeps_the_session_and_the_list(service: Service, open_page: Callable[..., Watched]) -> None:
    shown = open_page()
    shown.sign_in("ada")
    before = shown.offsets()

    shown.page.reload()

    expect(shown.page.locator("#state")).to_have_attribute("data-state", "live", timeout=WAIT_MS)
    after = shown.offsets()
    assert after[len(after) - len(before) :] == before


def test_who_signs_out_leaves_nothing_for_the_next(service: Service, open_page: Callable[..., Watched]) -> None:
    shown = open_page()
    shown.sign_in("ada")
    shown.page.get_by_role("button", name="Sign out").click()
    expect(shown.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert shown.offsets() == []

    shown.sign_in("grace")

    expect(shown.page.locator("#name")).to_have_text("grace")
    eventually(lambda: shown.offsets() == [event["offset"] for event in reversed(service.events("grace"))])
    service.sandbox.activity("github", "ada", "push")
    service.sandbox.activity("github", "grace", "star")
    expect(shown.page.locator("#events .fresh .line").filter(has_text="starred")).to_have_count(1, timeout=WAIT_MS)
    assert not shown.page.locator("#events .line").filter(has_text="ada").count()


def test_what_strangers_write_is_shown_as_text(service: Service, open_page: Callable[..., Watched]) -> None:
    shown = open_page()
    shown.sign_in("ada")
    title = "<img src=x onerror=alert(1)><b>bold</b>"
    issue = {"number": 7, "title": title, "html_url": "javascript:alert(1)"}
    body = json.dumps(
        {"action": "opened", "issue": issue, "repository": {"full_name": "<i>x</i>/y"}, "sender": {"login": "mallory"}}
    ).encode()

    post(service, "ada", body, headers(body, "guid-hostile", kind="issues"))

    line = shown.page.locator("#events .fresh .line")
    expect(line).to_contain_text(title, timeout=WAIT_MS)
    assert not line.locator("img, b, i, a[href^='javascript']").count()


def test_a_link_in_a_browser_without_a_session_asks_whom_it_connects_to(
    service: Service, open_page: Callable[..., Watched]
) -> None:
    page = open_page().page
    ticket = service.call("POST", "/api/stream-ticket", by="ada", role="user").json()["ticket"]
    page.goto(f"{service.url}/api/oauth/spotify/connect?ticket={ticket}&return=/offline")
    expect(page.get_by_role("heading", name="Connect your Spotify account to ada?")).to_be_visible()

    page.get_by_role("button", name="Connect Spotify").click()
    page.get_by_role("button", name="Continue as Ada").click()

    page.wait_for_url(f"{service.url}/offline?platform=spotify&result=connected")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, WIDE], ids=["phone", "wide"])
def test_it_fits_the_screen_in_light_and_dark(
    service: Service, open_page: Callable[..., Watched], tmp_path: Path, viewport: dict[str, int], scheme: str
) -> None:
    shown = open_page(viewport=viewport, color_scheme=scheme)
    shown.page.screenshot(path=tmp_path / "signed-out.png")
    assert_fits(shown.page)

    shown.sign_in("ada")
    service.sandbox.activity("github", "ada", "pull_request")
    expect(shown.page.locator("#events .fresh").first).to_be_visible(timeout=WAIT_MS)

    shown.page.screenshot(path=tmp_path / "signed-in.png", full_page=True)
    assert_fits(shown.page)
    assert contrast(shown.page, "#events .line") >= 4.5
    assert contrast(shown.page, "#events .meta") >= 4.5


def assert_fits(page: Page) -> None:
    """No sideways scrolling, and everything that is to be pressed is large enough for a finger."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24, button.inner_text()


def contrast(page: Page, selector: str) -> float:
    """Of the first such text with what is behind it, as WCAG counts it."""
    text, behind = page.evaluate(
        """(selector) => {
            let element = document.querySelector(selector);
            const colour = getComputedStyle(element).color;
            const clear = (colour) => colour === "transparent" || colour.endsWith(", 0)");
            while (element && clear(getComputedStyle(element).backgroundColor)) element = element.parentElement;
            const behind = element ? getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
            const pixel = (colour) => {
                const canvas = new OffscreenCanvas(1, 1).getContext("2d");
                canvas.fillStyle = colour;
                canvas.fillRect(0, 0, 1, 1);
                return [...canvas.getImageData(0, 0, 1, 1).data];
            };
            return [pixel(colour), pixel(behind)];
        }""",
        selector,
    )
    lighter, darker = sorted((luminance(text), luminance(behind)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: list[int]) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (one / 255 for one in colour[:3])
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
