"""The custom elements on the demo page, as people see them: live, cut off, and back with everything once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.browsing import PHONE, WAIT_MS, WIDE, Watched
from tests.e2e.service import Service


def opened(open_page: Callable[..., Watched], service: Service, **how: object) -> Watched:
    shown = open_page(**how)
    shown.page.goto(f"{service.url}/demo")
    expect(shown.page.locator("soulwire-status")).to_have_attribute("data-state", "live", timeout=WAIT_MS)
    return shown


def card(shown: Watched, platform: str) -> Locator:
    return shown.page.locator(f"soulwire-stream-card[platform={platform}]")


def test_what_happens_is_on_its_card_at_once(service: Service, open_page: Callable[..., Watched]) -> None:
    shown = opened(open_page, service)
    service.sandbox.activity("github", "ada", "push")
    expect(card(shown, "github").locator(".said")).to_contain_text("pushed", timeout=WAIT_MS)
    expect(card(shown, "github").locator(".head .state")).to_have_text("connected")
    source = shown.page.locator("soulwire-realtime .source").filter(has_text="GitHub")
    expect(source.locator("time")).to_have_text("just now")


def test_the_network_is_cut_and_what_was_missed_is_there_afterwards(
    service: Service, open_page: Callable[..., Watched]
) -> None:
    shown = opened(open_page, service)
    shown.page.locator("#network").uncheck()
    status = shown.page.locator("soulwire-status")
    expect(status).to_have_attribute("data-state", "offline")
    expect(status.get_by_role("status")).to_have_text("Offline")
    expect(shown.page.locator("soulwire-realtime").get_by_role("button", name="Reconnect")).to_be_visible()
    service.sandbox.activity("github", "ada", "star")

    shown.page.locator("#network").check()

    expect(status).to_have_attribute("data-state", "live", timeout=WAIT_MS)
    expect(card(shown, "github").locator(".said")).to_contain_text("starred", timeout=WAIT_MS)


def test_notifications_come_are_counted_read_and_dismissed_by_keyboard(
    service: Service, open_page: Callable[..., Watched]
) -> None:
    shown = opened(open_page, service)
    panel = shown.page.locator("soulwire-notifications")
    for number, level in enumerate(("info", "error")):
        event = {"type": "notification", "level": level, "title": f"Notice {number}", "body": "<b>as text</b>"}
        sent = service.call("POST", "/api/users/ada/send", by="app", role="service", json={"event": event})
        assert sent.status_code == 202
    expect(panel.locator(".count")).to_have_text("2", timeout=WAIT_MS)
    expect(panel.get_by_role("alert")).to_have_text("Notice 1")
    expect(panel.locator(".more").first).to_contain_text("<b>as text</b>")

    panel.get_by_role("button", name="Mark all read").press("Enter")
    expect(panel.locator(".count")).to_have_text("")
    panel.get_by_role("button", name="Dismiss: Notice 1").press("Enter")
    expect(panel.get_by_role("button", name="Dismiss: Notice 0")).to_be_focused()
    expect(panel.locator(".one")).to_have_count(1)


def test_a_grant_that_is_gone_is_told_with_the_way_back(service: Service, open_page: Callable[..., Watched]) -> None:
    shown = opened(open_page, service)
    service.sandbox.fault("spotify", "revoke", user="ada")
    service.order("ada", "spotify", "poll")
    expect(card(shown, "spotify").locator(".head .state")).to_have_text("needs you", timeout=WAIT_MS)
    for place in (
        card(shown, "spotify"),
        shown.page.locator("soulwire-realtime"),
        shown.page.locator("soulwire-notifications"),
    ):
        link = place.get_by_role("link", name="onnect").first
        expect(link).to_be_visible()
        assert str(link.get_attribute("href")).endswith("/api/oauth/spotify/connect")


def test_a_long_read_shows_how_far_it_has_come(service: Service, open_page: Callable[..., Watched]) -> None:
    shown = opened(open_page, service)
    shown.page.locator("#read").click()
    shown.page.get_by_role("button", name="Continue as Ada Lovelace").click()
    bar = shown.page.locator("main > section soulwire-progress").get_by_role("progressbar")
    expect(bar).to_be_visible(timeout=WAIT_MS)
    expect(bar).to_have_attribute("aria-valuenow", "100", timeout=WAIT_MS)
    expect(bar).to_be_hidden(timeout=WAIT_MS)


HEARD = """() => {
  const bar = document.createElement("soulwire-progress");
  document.body.append(bar);
  let hear;
  bar.listen({ on: (_, listener) => { hear = listener; } });
  const shown = () => bar.shadowRoot.querySelector("[role=progressbar]").getAttribute("aria-valuenow");
  hear({ type: "extraction_progress", platform: "slack", dataType: "messages", progress: 17, done: 1, total: 6 });
  hear({ type: "platform_sync", platform: "slack", more: true });
  const part = shown();
  hear({ type: "platform_sync", platform: "slack" });
  return [part, shown()];
}"""


def test_a_poll_that_read_a_part_does_not_fill_the_bar(service: Service, open_page: Callable[..., Watched]) -> None:
    assert opened(open_page, service).page.evaluate(HEARD) == ["17", "100"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, WIDE], ids=["phone", "wide"])
def test_the_page_fits(
    service: Service, open_page: Callable[..., Watched], viewport: dict[str, int], scheme: str
) -> None:
    shown = opened(open_page, service, viewport=viewport, color_scheme=scheme)
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in shown.page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24, button.inner_text()
