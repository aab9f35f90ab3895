"""What a first read finds has long been there, and is not told as news; while it lasts, it says how far it has come."""

from collections.abc import Generator, Mapping
from typing import Any

import pytest

from actors.messages import Poll
from actors.platforms.base import Answer, Call, Page, Platform, Reading
from actors.platforms.discord import Discord
from actors.platforms.linkedin import LinkedIn
from storage.records import Account
from tests.actors.platforms.doors import slack
from tests.actors.platforms.googlers import calendar, gmail, youtube
from tests.actors.platforms.people import github, spotify
from tests.actors.world import ADA, World, thing


def test_the_first_read_and_the_later_ones_have_sentences_of_their_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(world.platform), "found", lambda _, kind, count: f"{count} new {kind}")
    monkeypatch.setattr(type(world.platform), "found_first", lambda _, kind, count: f"{count} {kind}")
    world.far.items = [1, 2]
    world.connect()
    world.far.items = [1, 2, 3]
    world.order(ADA, lambda r: Poll(r))

    assert [event["message"] for event in world.events("ada", "new_data")] == ["2 things", "1 new things"]


def test_a_first_look_at_discord_and_linkedin_speaks_of_no_change() -> None:
    assert Discord.found_first(None, "guilds", 5) == "5 Discord servers"  # type: ignore[arg-type]
    assert Discord.found_first(None, "guilds", 1) == "1 Discord server"  # type: ignore[arg-type]
    assert "changed" not in LinkedIn.found_first(None, "profile", 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("platform", "kind", "first", "later"),
    [
        (gmail(), "messages", "14 mails", "14 new mails"),
        (github(), "events", "14 events at GitHub", "14 new events at GitHub"),
        (slack(), "messages", "14 messages at Slack", "14 new messages at Slack"),
        (youtube(), "liked_videos", "14 liked videos", "14 new liked videos"),
        (youtube(), "subscriptions", "14 subscriptions", "14 new subscriptions"),
        (youtube(), "uploads", "14 uploads", "14 new uploads"),
        (calendar(), "events", "14 events in your calendars", "14 changes in your calendars"),
        (spotify(), "recently_played", "14 tracks", "14 new tracks"),
    ],
)
def test_what_has_long_been_there_is_not_called_new(platform: Platform, kind: str, first: str, later: str) -> None:
    assert (platform.found_first(kind, 14), platform.found(kind, 14)) == (first, later)


def test_a_first_read_of_many_polls_is_one_to_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def poll(
        _self: Any, account: Account, cursors: Mapping[str, str], now: float
    ) -> Generator[Call | Page, Answer | None, Reading]:
        number = int(cursors.get("number", "0")) + 1
        yield Page([thing(number)], {"number": str(number)}, number, 2 if number <= 2 else None)
        return Reading()

    monkeypatch.setattr(type(world.platform), "poll", poll)
    monkeypatch.setattr(type(world.platform), "found_first", lambda _, kind, count: f"{count} {kind}")
    world.connect()
    for _ in range(2):
        world.order(ADA, lambda r: Poll(r))

    told = [event["message"] for event in world.events("ada", "new_data")]
    assert told == ["1 things", "1 things", "1 new in Tiny: things"]


def test_a_long_read_says_in_words_how_far_it_has_come(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def poll(
        _self: Any, account: Account, cursors: Mapping[str, str], now: float
    ) -> Generator[Call | Page, Answer | None, Reading]:
        yield Page([thing(1)], done=40, total=120)
        yield Page([], done=120, total=120, counted="boxes")
        return Reading()

    monkeypatch.setattr(type(world.platform), "poll", poll)
    world.connect()

    told = [event["message"] for event in world.events("ada", "extraction_progress")]
    assert told == ["Reading things: 40 of 120", f"Reading {world.platform.title}: 120 of 120 boxes"]
