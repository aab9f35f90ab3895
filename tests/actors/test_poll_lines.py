"""What a poll found, in words: one new thing alone as what it is, several by their number."""

from collections.abc import Generator, Mapping
from typing import Any

import pytest

from actors.messages import Poll
from actors.platforms.base import Answer, Call, Page, Reading
from storage.records import Account, Item
from tests.actors.world import ADA, World, thing


@pytest.fixture
def spoken(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    def line(_self: Any, item: Item) -> dict[str, str | None]:
        return {"who": "Tim", "what": f"made {item.external_id}", "message": f"Tim made {item.external_id}"}

    monkeypatch.setattr(type(world.platform), "line", line)
    world.far.items = [1]
    world.connect()
    return world


def finds(world: World, *numbers: int) -> dict[str, Any]:
    world.far.items = list(numbers)
    world.order(ADA, lambda reply: Poll(reply))
    return world.events("ada", "new_data")[-1]


def test_one_new_thing_among_known_ones_is_told_as_what_it_is(spoken: World) -> None:
    told = finds(spoken, 1, 2)
    assert (told["count"], told["dataType"]) == (1, "things")
    assert (told["who"], told["message"]) == ("Tim", "Tim made 2")


def test_several_are_told_by_their_number(spoken: World) -> None:
    told = finds(spoken, 2, 3)
    assert (told["count"], told["message"]) == (2, "2 new in Tiny: things")
    assert "who" not in told


def test_what_a_first_read_finds_is_no_news_also_where_it_is_one(spoken: World) -> None:
    (first,) = spoken.events("ada", "new_data")
    assert first["message"] == "1 new in Tiny: things"


def test_a_platform_without_words_for_one_says_how_many(world: World) -> None:
    world.connect()
    assert finds(world, 1)["message"] == "1 new in Tiny: things"


def test_a_line_knows_what_this_very_poll_has_learnt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def poll(*_: Any) -> Generator[Call | Page, Answer | None, Reading]:
        yield Page([thing(7)], {"place": "at home"})
        return Reading({"name": "grace"})

    def line_for(_: Any, item: Item, account: Account, cursors: Mapping[str, str]) -> dict[str, str]:
        return {"message": f"{cursors['name']} {cursors['place']}, {account.name}"}

    world.connect()
    monkeypatch.setattr(type(world.platform), "poll", poll)
    monkeypatch.setattr(type(world.platform), "line_for", line_for)
    world.order(ADA, lambda r: Poll(r))

    assert world.events("ada", "new_data")[-1]["message"] == "grace at home, tim"
