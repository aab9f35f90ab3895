"""What GitHub failed to deliver is asked for again: what never arrived, since then, once each."""

from typing import Any

from actors.platforms.base import Answer
from actors.platforms.failures import PlatformDown, PlatformError
from storage.records import Hook, Secret
from tests.actors.platforms.people import github
from tests.fakes.conversation import Conversation, answer, drive

HOOK = Hook("1", "octocat/tea", Secret("s"))
LIST = "GET http://gh/api/repos/octocat/tea/hooks/1/deliveries"
SINCE = 1795176000.0  # 2026-11-20T12:00:00Z
ACCEPTED = answer(202, {})


def one(id_: int, guid: str, status: str = "failed to connect to host", minute: int = 30, hour: int = 12) -> Any:
    at = f"2026-11-20T{hour}:{minute:02}:00Z"
    return {"id": id_, "guid": guid, "status": status, "delivered_at": at, "status_code": 502}


def ask(*answers: Answer | PlatformError) -> Conversation:
    return drive(github().ask_again(HOOK, SINCE), answers)


def attempts(told: Conversation) -> list[str]:
    return [call.url.split("/")[-2] for call in told.calls if call.method == "POST"]


def test_those_that_never_arrived_are_asked_for_the_oldest_first_and_at_a_pace() -> None:
    told = ask(answer(200, [one(3, "c"), one(2, "b", "OK"), one(1, "a")]), ACCEPTED, ACCEPTED)
    assert told.called[0] == LIST
    assert attempts(told) == ["1", "3"]
    assert [call.after > 0 for call in told.calls] == [False, False, True]
    assert told.result == 2


def test_one_that_arrived_at_a_later_try_is_left_alone_and_one_that_failed_twice_is_asked_for_once() -> None:
    told = ask(answer(200, [one(4, "b"), one(3, "a", "OK"), one(2, "a"), one(1, "b")]), ACCEPTED)
    assert attempts(told) == ["4"]


def test_it_looks_no_further_back_than_it_was_away() -> None:
    link = {"Link": '<http://gh/x?per_page=100&cursor=v1_1>; rel="next"'}
    assert attempts(ask(answer(200, [one(2, "b"), one(1, "a", hour=11)], link), ACCEPTED)) == ["2"]


def test_pages_are_followed_by_their_cursor() -> None:
    link = {"Link": '<http://elsewhere/x?per_page=100&cursor=v1_7>; rel="next"'}
    told = ask(answer(200, [one(2, "b")], link), answer(200, [one(1, "a")]), ACCEPTED, ACCEPTED)
    assert told.called[1] == LIST
    assert dict(told.calls[1].params)["cursor"] == "v1_7"
    assert attempts(told) == ["1", "2"]


def test_what_is_too_old_or_not_ours_to_see_any_more_hinders_nothing() -> None:
    gone = answer(404, {"message": "Not Found"})
    assert ask(gone).result == 0
    assert ask(answer(200, [one(2, "b"), one(1, "a")]), gone, ACCEPTED).result == 1


def test_when_github_is_down_it_is_to_be_tried_again() -> None:
    assert isinstance(ask(answer(503)).error, PlatformDown)
