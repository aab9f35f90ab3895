"""Each platform as a person lives with it, in a browser: connected on its own consent page, something happens there
and is shown here, its token ends and nobody notices, its grant is revoked and the page says so and how to go on,
connected again with all it had, and left.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.browsing import WAIT_MS, Watched
from tests.e2e.service import Service, eventually


@dataclass(frozen=True)
class Life:
    platform: str
    kind: str
    """Of the activity that is ordered."""
    line: str
    """What is read of it on the page."""
    pushed: bool
    ends: bool = True
    """Whether access tokens end while the grant goes on, so that they are refreshed."""
    sparing: bool = False
    """Whether a look may have to wait for a minute."""


LIVES = [
    Life("github", "issues", "opened issue", pushed=True),
    Life("gmail", "mail", "New mail from", pushed=True),
    Life("slack", "message", "wrote in", pushed=True, sparing=True),
    Life("calendar", "event", "calendar", pushed=True),
    Life("youtube", "upload", "uploaded", pushed=True),
    Life("spotify", "play", "listened to", pushed=False),
    Life("discord", "guild_joined", "server", pushed=False),
    Life("linkedin", "profile_changed", "Your LinkedIn", pushed=False, ends=False),
]


class Card:
    """What the page shows of one connection."""

    def __init__(self, shown: Watched, platform: str) -> None:
        self.page = shown.page
        self.platform = platform
        self.item: Locator = shown.page.locator(f".connection[data-platform={platform}]")

    def shows(self, badge: str) -> None:
        expect(self.item.locator(".badge")).to_have_text(badge, timeout=WAIT_MS)

    def press(self, name: str) -> None:
        if not self.item.locator("dl").is_visible():
            self.item.locator("summary").click()
        self.item.get_by_role("button", name=name).click()

    def connect(self, person: str) -> None:
        """By its link, through the platform's own page, and back."""
        self.item.locator(".connect").click()
        self.page.get_by_role("button", name=f"Continue as {person}").click()
        expect(self.page.locator("#result")).to_contain_text("is connected", timeout=WAIT_MS)
        self.shows("connected")

    def lines(self, text: str) -> Locator:
        """Of what has come since the page was opened."""
        return self.page.locator(f"#events .fresh[data-platform={self.platform}] .line").filter(has_text=text)


def known(service: Service, platform: str) -> set[str]:
    """What is stored of it."""
    answer = service.call("GET", f"/api/data?platform={platform}&limit=1000", by="ada", role="user").json()
    return {str(item["id"]) for item in answer["items"]}


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.platform)
def test_a_platform_from_its_first_connect_to_its_last_day(
    service: Service, open_page: Callable[..., Watched], life: Life
) -> None:
    shown = open_page()
    shown.may_be_refused = {409}  # a look where the grant turns out to be gone
    shown.sign_in("ada")
    card = Card(shown, life.platform)
    card.press("Disconnect")
    card.shows("not connected")

    if life.sparing:
        service.sandbox.lifetime(life.platform, access=15)
    card.connect("Ada Lovelace")
    eventually(lambda: service.actor("ada", life.platform)["last_sync"], what="the first look")
    happens(service, card, life)
    if life.ends:
        its_token_ends_unseen(service, card, life)
    its_grant_is_revoked(service, card, life)

    before = known(service, life.platform)
    card.connect("Ada Lovelace")
    expect(card.item.locator(".error")).to_be_hidden()
    assert before <= known(service, life.platform)
    happens(service, card, life)
    card.press("Disconnect")
    card.shows("not connected")
    assert not card.item.locator("dl").is_visible()
    eventually(lambda: service.actor("ada", life.platform)["status"] == "disconnected", what="the end")


def happens(service: Service, card: Card, life: Life) -> None:
    """Something, there, which is then shown here: by itself where the platform pushes, else when it is looked."""
    already = card.lines(life.line).count()
    service.sandbox.activity(life.platform, "ada", life.kind)
    if not life.pushed:
        card.press("Look")
    expect(card.lines(life.line).nth(already)).to_be_visible(timeout=WAIT_MS)


def its_token_ends_unseen(service: Service, card: Card, life: Life) -> None:
    """For the platform alone, so that the next call finds out; or by its time, which its actor knows."""
    before = service.actor("ada", life.platform)["token_expires_at"]
    if not life.sparing:
        service.sandbox.fault(life.platform, "expire", user="ada")
        card.press("Look")
    eventually(lambda: service.actor("ada", life.platform)["token_expires_at"] != before, what="a new token")
    service.sandbox.lifetime(life.platform)
    happens(service, card, life)
    card.shows("connected")
    expect(card.item.locator(".error")).to_be_hidden()


def its_grant_is_revoked(service: Service, card: Card, life: Life) -> None:
    service.sandbox.fault(life.platform, "revoke", user="ada")
    if life.platform not in ("slack", "discord"):  # they tell of it themselves
        card.press("Look")
    card.shows("needs you")
    expect(card.item.locator(".error")).not_to_be_empty()
    expect(card.item.locator(".connect")).to_have_text("Connect again")
    told = [event for event in service.events("ada") if event["type"] == "needs_reauth"]
    assert [event["platform"] for event in told].count(life.platform) == 1
    assert told[-1]["reason"]
    assert told[-1]["hint"]
    assert told[-1]["reconnect_url"].endswith(f"/api/oauth/{life.platform}/connect")
