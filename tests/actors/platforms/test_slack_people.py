"""People at Slack by name: asked for in polls, remembered, and left word of by events that name somebody unknown."""

import json
from typing import Any

import pytest

from actors.platforms.base import Answer, Happening, Limit
from actors.platforms.failures import CallFailed, PlatformDown, PlatformError, RateLimited
from tests.actors.platforms.doors import ACME, delivery, slack
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import Conversation, answer, drive, payload

ROUND = {"round": "2 C012AB3CD,C0RANDOM1", "conversations:names": '{"C012AB3CD":"general"}'}
LOOKED = ROUND | {"history:at": str(int(NOW) - 60)}
READ = answer(200, payload("slack/history"))


def person(id_: str = "U5678", **profile: str) -> Answer:
    user = {"id": id_, "name": "ghopper", "real_name": "Grace Hopper", "profile": profile}
    return answer(200, {"ok": True, "user": user})


def refusal(error: str) -> Answer:
    return answer(200, {"ok": False, "error": error})


def poll(cursors: dict[str, str], *answers: Answer | PlatformError) -> Conversation:
    """The cursors given are brought up to date."""
    told = drive(slack().poll(ACME, dict(cursors), NOW), answers)
    cursors |= told.cursors
    return told


def arrives(cursors: dict[str, str], name: str = "message", **event: Any) -> Happening:
    body = payload(f"slack/{name}")
    body["event"] |= event
    sent = delivery("slack", body["event"]["type"], json.dumps(body).encode())
    happening = slack().parse_for(sent, ACME, cursors)
    cursors |= happening.cursors
    return happening


def methods(told: Conversation) -> list[str]:
    return [call.url.rpartition("/")[2] for call in told.calls]


def test_who_wrote_is_looked_up_once_and_the_user_never() -> None:
    cursors = dict(ROUND)
    told = poll(cursors, READ, person(display_name="Grace"))
    assert methods(told) == ["conversations.history", "users.info"]
    assert not told.result.aside
    assert told.calls[1].params == {"user": "U5678"}
    assert told.calls[1].limit == Limit("users.info:T9TK3CUKW", 0.6)
    assert methods(poll(cursors, READ)) == ["conversations.history"]
    happening = arrives(cursors)
    assert happening.fields["message"] == "Grace wrote in #general: “ship it”"
    assert happening.fields["who"] == "Grace"
    assert not happening.fetch


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ({"display_name": "Grace", "real_name": "Hopper"}, "Grace"),
        ({"display_name": ""}, "Grace Hopper"),
        ({"real_name": "G. H."}, "G. H."),
    ],
)
def test_somebody_is_called_what_they_want_to_be_called(profile: dict[str, str], name: str) -> None:
    cursors = dict(ROUND)
    poll(cursors, READ, person(**profile))
    assert arrives(cursors).fields["who"] == name


def test_an_event_of_somebody_unknown_is_told_at_once_and_its_poll_asks_for_the_name_alone() -> None:
    cursors = dict(LOOKED)
    first = arrives(cursors)
    assert first.fields["message"] == "Somebody wrote in #general: “ship it”"
    assert first.fetch
    arrives(cursors, user="U9")
    told = poll(cursors, person(), person(display_name="Nine"))
    assert [call.params for call in told.calls] == [{"user": "U5678"}, {"user": "U9"}]
    assert [call.after > 0.6 for call in told.calls] == [False, True]  # a hundred a minute in a workspace
    assert told.result.rest_in == 60  # the round goes on
    assert told.result.aside
    assert arrives(cursors).fields["who"] == "Grace Hopper"
    assert arrives(cursors, user="U9").fields["who"] == "Nine"
    assert methods(poll(cursors, READ)) == ["conversations.history"]


def test_names_do_not_put_off_messages_for_ever() -> None:
    cursors = LOOKED | {"history:at": str(int(NOW) - 7 * 3600), "people:wanted": "U9"}
    assert methods(poll(cursors, READ, person(), person())) == ["conversations.history", "users.info", "users.info"]
    assert cursors["history:at"] == str(int(NOW))


def test_a_first_poll_begins_a_round_whomever_events_tell_of() -> None:
    told = poll({"people:wanted": "U9"}, answer(200, payload("slack/conversations")))
    assert methods(told) == ["users.conversations"]


def test_a_look_that_is_asked_for_and_the_first_after_an_absence_are_for_messages() -> None:
    assert "people:wanted" in slack().sparing & slack().rounds


@pytest.mark.parametrize("error", ["user_not_found", "missing_scope"])
def test_who_can_not_be_looked_up_stays_somebody_and_is_not_asked_for_again(error: str) -> None:
    cursors = LOOKED | {"people:wanted": "U5678"}
    assert poll(cursors, refusal(error)).error is None
    happening = arrives(cursors)
    assert happening.fields["message"] == "Somebody wrote in #general: “ship it”"
    assert not happening.fetch


PAUSED = CallFailed("paused", "others were there first", 0.4)


@pytest.mark.parametrize(
    "trouble", [answer(429, {"ok": False, "error": "ratelimited"}), PlatformDown("503"), PAUSED], ids=str
)
def test_a_page_is_kept_when_names_are_not_to_be_had(trouble: Answer | PlatformError) -> None:
    cursors = dict(ROUND)
    told = poll(cursors, READ, trouble)
    assert told.error is None
    assert len(told.items) == 2
    assert cursors["round"] == "2 C0RANDOM1"


def test_who_was_left_word_of_is_still_wanted_when_a_limit_came_between() -> None:
    cursors = ROUND | {"people:wanted": "U7,U9"}
    poll(cursors, READ, person(), answer(429, {"ok": False, "error": "ratelimited"}))
    assert cursors["people:wanted"] == "U9"
    assert '"U7"' in cursors["people:names"]


def test_a_limit_on_names_puts_them_off() -> None:
    cursors = LOOKED | {"people:wanted": "U5678"}
    told = poll(cursors, answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "20"}))
    assert isinstance(told.error, RateLimited)
    assert cursors["people:wanted"] == "U5678"


def test_names_found_before_others_used_up_the_limit_are_kept_and_the_rest_is_asked_for_soon() -> None:
    cursors = LOOKED | {"people:wanted": "U7,U9,U5678"}
    told = poll(cursors, person(), PAUSED)
    assert told.error is None
    assert (told.result.rest_in, told.result.unread, told.result.aside) == (1, True, True)
    assert cursors["people:wanted"] == "U9,U5678"
    assert poll(cursors, PAUSED).error is PAUSED
    poll(cursors, person(), person())
    assert cursors["people:wanted"] == ""


def test_a_stop_in_the_midst_keeps_nothing() -> None:
    stopped = CallFailed("stopped", "the service is stopping")
    assert poll(LOOKED | {"people:wanted": "U7,U9"}, person(), stopped).error is stopped


def test_so_many_are_remembered_and_so_many_asked_for() -> None:
    cursors = dict(LOOKED)
    for number in range(300):
        arrives(cursors, user=f"U{number}")
    told = poll(cursors, *(person() for _ in range(15)))
    assert told.calls[-1].params == {"user": "U299"}
    names = {f"U{number}": "x" for number in range(200)}
    cursors = LOOKED | {"people:names": json.dumps(names), "people:wanted": "U777"}
    poll(cursors, person())
    kept = json.loads(cursors["people:names"])
    assert (len(kept), "U0" in kept, "U777" in kept) == (200, False, True)


def test_mentions_of_those_known_are_names() -> None:
    cursors = LOOKED | {"people:names": '{"U5678":"grace"}'}
    assert arrives(cursors, text="ask <@U5678> or <@U9>").fields["message"] == (
        "grace wrote in #general: “ask @grace or @somebody”"
    )


@pytest.mark.parametrize("spoiled", ["", "null", "[1]", '{"U5678":7}', "{", '{"x y":"z"}'])
def test_a_spoiled_memory_is_none(spoiled: str) -> None:
    assert arrives(LOOKED | {"people:names": spoiled}).fields["who"] == "U5678"
