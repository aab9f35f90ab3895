"""The watch on a mailbox: asked for daily, and only where pushes could be told from a stranger's."""

import pytest

from actors.platforms.base import Answer
from actors.platforms.failures import HookRefused, PlatformDown, RateLimited
from storage.records import Hook, Secret
from tests.actors.platforms.googlers import ADA, TOPIC, gmail
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import Conversation, answer, drive

URL = "https://app.example/api/webhooks/gmail"
API = "http://127.0.0.1:1/gm/gmail/v1/users/me"
ENDS = int(NOW * 1000) + 604_800_000
WATCHED = answer(200, {"historyId": "1234567890", "expiration": str(ENDS)})
STANDING = Hook("watch", "ada@example.com", Secret(""), NOW + 6 * 86_400)


def no_secret(address: str | None = None, secret: Secret | None = None) -> Secret:
    raise AssertionError("what Google signs needs no secret of ours")


def register(*answers: Answer, known: tuple[Hook, ...] = (), **options: object) -> Conversation:
    return drive(gmail(**options).register(ADA, URL, known, no_secret, NOW), answers)


def test_all_but_drafts_and_rubbish_is_watched_for_seven_days() -> None:
    told = register(WATCHED)
    (call,) = told.calls
    assert (call.method, call.url, call.cost) == ("POST", f"{API}/watch", 100)
    labels = {"labelIds": ["DRAFT", "SPAM", "TRASH"], "labelFilterBehavior": "exclude"}
    assert call.json == {"topicName": TOPIC, **labels}
    assert told.result == [Hook("watch", "ada@example.com", Secret(""), ENDS / 1000)]


def test_it_is_asked_for_anew_each_time_it_is_looked_after() -> None:
    assert register(WATCHED, known=(STANDING,)).result == [Hook("watch", "ada@example.com", Secret(""), ENDS / 1000)]


@pytest.mark.parametrize("ends", [None, "soon", -1])
def test_an_end_that_is_not_said_is_a_week_away(ends: object) -> None:
    (hook,) = register(answer(200, {"historyId": "1", "expiration": ends})).result
    assert hook.expires_at == NOW + 7 * 86_400


@pytest.mark.parametrize(
    ("option", "words"), [("topic", "topic"), ("audience", "audience"), ("service_account", "service account")]
)
def test_without_a_setting_it_is_polled_and_says_which(option: str, words: str) -> None:
    error = register(**{option: None}).error
    assert isinstance(error, HookRefused)
    assert f"no {words}" in error.detail


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_topic_that_gmail_may_not_publish_to_is_said(status: int) -> None:
    body = {"error": {"code": status, "message": "User not authorized to perform this action."}}
    error = register(answer(status, body)).error
    assert isinstance(error, HookRefused)
    assert "User not authorized" in error.detail
    assert TOPIC in error.detail


def test_a_trouble_is_no_refusal() -> None:
    assert isinstance(register(answer(503)).error, PlatformDown)
    assert isinstance(register(answer(429)).error, RateLimited)


def test_the_end_stops_the_watch() -> None:
    told = drive(gmail().unregister(STANDING, URL), [answer(204)])
    assert told.called == [f"POST {API}/stop"]
    assert drive(gmail().unregister(STANDING, URL), [answer(404)]).error is None
    assert isinstance(drive(gmail().unregister(STANDING, URL), [answer(500)]).error, PlatformDown)
