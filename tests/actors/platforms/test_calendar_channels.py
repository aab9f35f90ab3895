"""Channels at Google Calendar: made, known beforehand, followed by new ones before they end, and stopped."""

from typing import Any

import pytest

from actors.platforms.base import Answer, SoFar
from actors.platforms.failures import BadAnswer, CallFailed, HookRefused, PlatformDown, PlatformError
from storage.records import Hook, Secret
from tests.actors.platforms.googlers import ADA, calendar
from tests.actors.platforms.people import CLIENT, NOW
from tests.fakes.conversation import Conversation, answer, drive, payload

URL = "https://app.example/api/webhooks/calendar"
API = "http://127.0.0.1:1/gc/calendar/v3"
MINE, TEAM = "ada@example.com", "team@example.com"
DAY = 86_400.0
STOPPED = answer(204)


class Announced(list[tuple[str | None, Secret]]):
    """What was made known before it was sent."""

    def __call__(self, address: str | None = None, secret: Secret | None = None) -> Secret:
        made = secret or Secret(f"secret-{len(self) + 1}")
        self.append((address, made))
        return made


def register(
    *answers: Answer | PlatformError, known: list[Hook] | None = None, announced: Announced | None = None
) -> Conversation:
    new_secret = announced if announced is not None else Announced()
    return drive(calendar().register(ADA, URL, known or [], new_secret, NOW), answers)


def calendars(*ids: str) -> Answer:
    return answer(200, {"items": [{"id": id_, "accessRole": "owner", "primary": id_ == MINE} for id_ in ids]})


def channel(resource: str = "res-1", **others: Any) -> Answer:
    ends = str(int((NOW + 7 * DAY) * 1000))
    return answer(200, payload("calendar/channel") | {"resourceId": resource, "expiration": ends} | others)


def standing(name: str, where: str = f"{MINE}|res-0", days: float = 5) -> Hook:
    return Hook(name, where, Secret(f"old-{name}"), NOW + days * DAY, name)


def no(status: int, why: str) -> Answer:
    return answer(status, {"error": {"code": status, "message": why, "errors": [{"reason": why, "message": why}]}})


# -- made -------------------------------------------------------------------------------------------


def test_each_calendar_gets_a_channel_with_a_token_of_its_own() -> None:
    told = register(calendars(MINE, TEAM), channel("res-1"), channel("res-2"))
    assert told.called[1:] == [
        f"POST {API}/calendars/ada%40example.com/events/watch",
        f"POST {API}/calendars/team%40example.com/events/watch",
    ]
    first = told.calls[1].json
    assert {**first, "id": "?"} == {
        "id": "?",
        "type": "web_hook",
        "address": URL,
        "token": Secret("secret-1"),
        "params": {"ttl": "604800"},
    }
    assert told.calls[2].json["id"] != first["id"]
    assert told.result == [
        Hook(first["id"], f"{MINE}|res-1", Secret("secret-1"), NOW + 7 * DAY, first["id"]),
        Hook(told.calls[2].json["id"], f"{TEAM}|res-2", Secret("secret-2"), NOW + 7 * DAY, told.calls[2].json["id"]),
    ]
    assert "secret-1" not in repr(told)


def test_a_channels_id_is_known_before_google_hears_of_it() -> None:
    announced = Announced()
    told = register(calendars(MINE), channel(), announced=announced)
    assert announced == [(told.calls[1].json["id"], Secret("secret-1"))]
    assert len(told.calls[1].json["id"]) <= 64


def test_no_channels_id_is_ever_used_twice() -> None:
    ids = {register(calendars(MINE), channel()).result[0].external_id for _ in range(5)}
    assert len(ids) == 5


def test_an_end_that_is_not_said_is_a_week_away() -> None:
    (hook,) = register(calendars(MINE), channel(expiration=None)).result
    assert hook.expires_at == NOW + 7 * DAY


# -- looked after -----------------------------------------------------------------------------------


def test_a_channel_that_lasts_is_kept() -> None:
    assert register(calendars(MINE), known=[standing("c-1")]).result == [standing("c-1")]


def test_one_that_ends_soon_is_followed_by_a_new_one_and_then_stopped() -> None:
    told = register(calendars(MINE), channel(), STOPPED, known=[standing("c-1", days=1)])
    assert told.called[1:] == [f"POST {API}/calendars/ada%40example.com/events/watch", f"POST {API}/channels/stop"]
    assert told.calls[2].json == {"id": "c-1", "resourceId": "res-0"}
    assert [hook.where for hook in told.result] == [f"{MINE}|res-1"]


def test_one_that_has_ended_needs_no_stopping() -> None:
    told = register(calendars(MINE), channel(), known=[standing("c-1", days=-1)])
    assert [hook.secret for hook in told.result] == [Secret("secret-1")]


def test_a_calendar_that_is_no_longer_read_loses_its_channel() -> None:
    told = register(calendars(MINE), STOPPED, known=[standing("c-1"), standing("c-2", f"{TEAM}|res-9")])
    assert told.calls[1].json == {"id": "c-2", "resourceId": "res-9"}
    assert told.result == [standing("c-1")]


def test_of_two_channels_of_one_calendar_the_older_is_stopped() -> None:
    """As a trouble between the two calls leaves them."""
    told = register(calendars(MINE), STOPPED, known=[standing("c-1", days=1), standing("c-2", days=6)])
    assert told.calls[1].json["id"] == "c-1"
    assert told.result == [standing("c-2", days=6)]


# -- refused ----------------------------------------------------------------------------------------


def test_google_pushes_to_https_only() -> None:
    real = type(calendar())(CLIENT)
    error = drive(real.register(ADA, "http://app.example/x", [], Announced(), NOW), []).error
    assert isinstance(error, HookRefused)
    assert "https" in error.detail


def test_a_simulator_on_this_machine_does_not_mind() -> None:
    local = "http://127.0.0.1:3000/api/webhooks/calendar"
    told = drive(calendar().register(ADA, local, [], Announced(), NOW), [calendars(MINE), channel()])
    assert len(told.result) == 1


@pytest.mark.parametrize(("status", "why"), [(400, "push.webhookUrlNotHttps"), (401, "push.webhookUrlUnauthorized")])
def test_an_address_that_google_does_not_take_is_said_once(status: int, why: str) -> None:
    error = register(calendars(MINE, TEAM), no(status, why)).error
    assert isinstance(error, HookRefused)
    assert URL in error.detail


def test_a_calendar_that_pushes_nothing_does_not_keep_the_others() -> None:
    told = register(calendars(MINE, TEAM), no(400, "pushNotSupportedForRequestedResource"), channel())
    assert [hook.where for hook in told.result] == [f"{TEAM}|res-1"]


@pytest.mark.parametrize("answered", [no(403, "forbidden"), no(404, "notFound"), answer(200, {"id": "x"})])
def test_where_no_channel_can_be_made_it_is_said_why(answered: Answer) -> None:
    error = register(calendars(MINE), answered).error
    assert isinstance(error, HookRefused)
    assert MINE in error.detail


# -- cut off ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [answer(503), answer(429), CallFailed("timeout", "10 s")], ids=["503", "429", "-"])
def test_what_was_made_before_a_trouble_is_recorded(trouble: Any) -> None:
    told = register(calendars(MINE, TEAM), channel(), trouble)
    assert [hook.where for hook in told.result] == [f"{MINE}|res-1"]
    assert isinstance(told.result, SoFar)


def test_the_old_channel_is_kept_while_it_could_not_be_stopped() -> None:
    told = register(calendars(MINE), channel(), answer(503), known=[standing("c-1", days=1)])
    assert [hook.where for hook in told.result] == [f"{MINE}|res-0", f"{MINE}|res-1"]


def test_a_trouble_before_anything_stands_is_told() -> None:
    assert isinstance(register(answer(503)).error, PlatformDown)
    assert isinstance(register(calendars(MINE), answer(503)).error, PlatformDown)
    assert isinstance(register(answer(200, {})).error, BadAnswer)


# -- the end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [STOPPED, no(404, "notFound"), no(403, "forbidden")], ids=["204", "404", "403"])
def test_a_channel_is_stopped_or_has_ended_already(gone: Answer) -> None:
    told = drive(calendar().unregister(standing("c-1"), URL), [gone])
    assert told.called == [f"POST {API}/channels/stop"]
    assert told.error is None


def unheard(*answers: Answer | PlatformError, left: int = 1) -> list[Any]:
    pending = [Hook(f"pending:{number}", "", Secret("s"), address=f"c-{number}") for number in range(left)]
    made = [standing("new-1", f"{MINE}|res-1"), standing("new-2", f"{TEAM}|res-2")]
    told = drive(calendar().take_back(pending, made), answers)
    assert {call.url for call in told.calls} <= {f"{API}/channels/stop"}
    return [(call.json["id"], call.json["resourceId"]) for call in told.calls]


def test_a_channel_whose_answer_was_never_heard_is_stopped_by_what_the_others_watch() -> None:
    none = no(404, "notFound")
    assert unheard(none, STOPPED) == [("c-0", "res-1"), ("c-0", "res-2")]
    assert unheard(STOPPED, none, none, left=2) == [("c-0", "res-1"), ("c-1", "res-1"), ("c-1", "res-2")]


def test_a_channel_that_could_not_be_stopped_is_told() -> None:
    assert isinstance(drive(calendar().unregister(standing("c-1"), URL), [answer(500)]).error, PlatformDown)
