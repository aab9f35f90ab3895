"""Polling Discord: the difference between two looks at the servers that a user is in."""

import json
from typing import Any

import pytest

from actors.platforms.base import Answer
from actors.platforms.failures import BadAnswer, RateLimited
from storage.records import Item
from tests.actors.platforms.doors import NELLY, discord
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import Conversation, answer, drive, external_ids, payload

KREW, TESTERS = "80351110224678913", "197038439483310086"
SEEN = {"guilds": json.dumps({KREW: "1337 Krew", TESTERS: "Discord Testers"})}


def poll(cursors: dict[str, str], reply: Answer) -> Conversation:
    return drive(discord().poll(NELLY, cursors, NOW), [reply])


def guilds(*kept: dict[str, Any]) -> Answer:
    return answer(200, list(kept))


def listed() -> list[Any]:
    found: list[Any] = payload("discord/guilds")
    return found


def test_a_first_look_takes_all_servers_in_one_page() -> None:
    told = poll({}, guilds(*listed()))
    assert told.called == ["GET http://dc/api/v10/users/@me/guilds"]
    assert dict(told.calls[0].params) == {"limit": 200}
    assert external_ids(told.items) == [f"guild:{KREW}", f"guild:{TESTERS}"]
    assert json.loads(told.cursors["guilds"]) == json.loads(SEEN["guilds"])


def test_a_first_look_taken_again_adds_nothing() -> None:
    first, again = poll({}, guilds(*listed())), poll({"guilds": "{broken"}, guilds(*listed()))
    assert external_ids(first.items) == external_ids(again.items)


def test_nothing_changed_is_no_item_and_no_new_cursor() -> None:
    told = poll(SEEN, guilds(*listed()))
    assert (told.items, told.cursors) == ([], {})


def test_a_counter_or_an_icon_is_no_change() -> None:
    krew, testers = listed()
    assert poll(SEEN, guilds(testers | {"icon": None}, krew | {"owner": True})).items == []


def test_a_server_that_is_there_now_was_joined() -> None:
    new = {"id": "41771983423143937", "name": "Discord Developers"}
    (item,) = poll(SEEN, guilds(*listed(), new)).items
    assert item.external_id == f"guild:41771983423143937:joined:{int(NOW)}"
    assert item.raw == new | {"change": "joined"}
    assert (item.data_type, item.at) == ("guilds", NOW)


def test_a_server_that_is_gone_was_left_and_its_name_is_still_known() -> None:
    told = poll(SEEN, guilds(listed()[0]))
    (item,) = told.items
    assert item.external_id == f"guild:{TESTERS}:left:{int(NOW)}"
    assert item.raw == {"id": TESTERS, "name": "Discord Testers", "change": "left"}
    assert json.loads(told.cursors["guilds"]) == {KREW: "1337 Krew"}


def test_a_server_with_another_name_was_renamed() -> None:
    krew, testers = listed()
    (item,) = poll(SEEN, guilds(krew | {"name": "1338 Krew"}, testers)).items
    assert item.external_id == f"guild:{KREW}:renamed:{int(NOW)}"
    assert (item.raw["name"], item.raw["was"]) == ("1338 Krew", "1337 Krew")


def test_leaving_the_last_server_is_seen() -> None:
    assert len(poll(SEEN, guilds()).items) == 2


@pytest.mark.parametrize(
    "body", [{}, None, [None], [{"name": "x"}], [{"id": 80351110224678913}], [{"id": "x"}], b"<html>"], ids=repr
)
def test_a_list_that_can_not_be_read_in_full_makes_nobody_leave(body: Any) -> None:
    told = poll(SEEN, answer(200, body if body is not None else b"null"))
    assert isinstance(told.error, BadAnswer)
    assert told.items == []


# -- limits -----------------------------------------------------------------------------------------


def limited(told: Conversation) -> RateLimited:
    assert isinstance(told.error, RateLimited)
    return told.error


def test_a_limit_is_waited_out_to_the_fraction_of_a_second() -> None:
    body = {"message": "You are being rate limited.", "retry_after": 64.57, "global": False}
    trouble = limited(poll(SEEN, answer(429, body, {"Retry-After": "65", "X-RateLimit-Scope": "user"})))
    assert (trouble.retry_after, trouble.everybody) == (64.57, False)


def test_without_a_body_the_bucket_says_when() -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.337", "X-RateLimit-Scope": "shared"}
    assert limited(poll(SEEN, answer(429, {}, headers))).retry_after == 1.337


def test_with_nothing_but_the_usual_header_that_counts() -> None:
    assert limited(poll(SEEN, answer(429, {}, {"Retry-After": "7"}))).retry_after == 7


@pytest.mark.parametrize("junk", [None, True, "soon", -1.0, 1e308, float("inf")], ids=repr)
def test_a_wait_that_is_none_is_not_believed(junk: Any) -> None:
    wait = limited(poll(SEEN, answer(429, json.dumps({"retry_after": junk}).encode()))).retry_after
    assert wait is not None
    assert 0 <= wait <= 86_400


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"global": True, "retry_after": 1.5}, {}),
        ({"retry_after": 1.5}, {"X-RateLimit-Scope": "global"}),
        ({"retry_after": 1.5}, {"X-RateLimit-Global": "true"}),
    ],
    ids=["body", "scope", "header"],
)
def test_the_global_limit_is_everybodys(body: Any, headers: dict[str, str]) -> None:
    assert limited(poll(SEEN, answer(429, body, headers))).everybody


PAGE = b"<!doctype html><html><head><title>Access denied | discord.com used Cloudflare</title>"


def test_a_page_instead_of_an_answer_is_a_ban_of_this_address() -> None:
    trouble = limited(poll(SEEN, answer(429, PAGE, {"Content-Type": "text/html; charset=UTF-8"})))
    assert (trouble.retry_after, trouble.everybody) == (3600, True)


def test_a_ban_that_says_how_long_is_believed() -> None:
    assert (
        limited(poll(SEEN, answer(429, PAGE, {"Content-Type": "text/html", "Retry-After": "900"}))).retry_after == 900
    )


def test_the_last_call_of_a_bucket_holds_the_next_poll_back() -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "0.85"}
    assert poll(SEEN, answer(200, listed(), headers)).result.not_before == 0.85
    assert poll(SEEN, answer(200, listed(), headers | {"X-RateLimit-Remaining": "1"})).result.not_before == 0


@pytest.mark.parametrize(
    ("raw", "line", "url"),
    [
        ({"change": "joined", "name": "Chess"}, "You joined the server “Chess”", "https://discord.com/channels/7"),
        ({"change": "left", "name": "Chess"}, "You are no longer in the server “Chess”", None),
        (
            {"change": "renamed", "name": "Chess 2", "was": "Chess"},
            "The server “Chess” is now called “Chess 2”",
            "https://discord.com/channels/7",
        ),
        (
            {"change": "renamed", "name": "Chess"},
            "The server “Chess” has another name",
            "https://discord.com/channels/7",
        ),
        ({"change": "joined", "id": "../x"}, "You joined a server", None),
    ],
)
def test_one_change_alone_is_told_as_what_it_is(raw: dict[str, str], line: str, url: str | None) -> None:
    told = discord().line(Item("guilds", "g", {"id": "7", **raw}, NOW))
    assert (told["message"], told["url"], told["where"]) == (line, url, "Discord")


@pytest.mark.parametrize(
    ("count", "line"), [(1, "1 change in your Discord servers"), (2, "2 changes in your Discord servers")]
)
def test_what_was_found_is_told_in_words(count: int, line: str) -> None:
    assert discord().found("guilds", count) == line
