"""Subscriptions at the hub: for one's own channel and for those one follows, shared by all who do, and renewed."""

from typing import Any

import pytest

from actors.platforms.base import Answer, Client, SoFar
from actors.platforms.failures import CallFailed, HookRefused, PlatformDown, PlatformError
from actors.platforms.youtube import YouTube
from actors.platforms.youtube.hub import Hub
from storage.records import Account, Hook, Secret
from tests.actors.platforms.googlers import SUB, youtube
from tests.actors.platforms.people import CLIENT, NOW
from tests.fakes.conversation import Conversation, answer, drive

URL = "https://app.example/api/webhooks/youtube"
HUB = "http://127.0.0.1:1/hub/subscribe"
ADA = Account(SUB, "Ada", {"channel": "UCada"})
DAY = 86_400.0
ACCEPTED = answer(202)
SECRETS = Hub(HUB, CLIENT.secret)


def register(*answers: Answer | PlatformError, known: list[Hook] | None = None, **options: Any) -> Conversation:
    told_before: list[tuple[str | None, Secret | None]] = options.pop("announced", [])

    def new_secret(address: str | None = None, secret: Secret | None = None) -> Secret:
        told_before.append((address, secret))
        assert secret is not None
        return secret

    account = options.pop("account", ADA)
    return drive(youtube(**options).register(account, URL, known or [], new_secret, NOW), answers)


def follows(*channels: str) -> Answer:
    return answer(
        200, {"items": [{"id": f"s-{one}", "snippet": {"resourceId": {"channelId": one}}} for one in channels]}
    )


def standing(channel: str, days: float = 4) -> Hook:
    return Hook(channel, channel, SECRETS.secret(channel), NOW + days * DAY, channel)


def places(told: Conversation) -> list[str]:
    return [hook.where for hook in told.result]


def test_ones_own_channel_and_those_one_follows_are_subscribed_to() -> None:
    told = register(follows("UCabc"), ACCEPTED, ACCEPTED)
    assert told.called[0] == "GET http://127.0.0.1:1/yt/youtube/v3/subscriptions"
    assert told.calls[0].params["order"] == "relevance"
    call = told.calls[2]
    assert (call.method, call.url, call.auth, call.cost) == ("POST", HUB, "none", 0)
    assert call.form == {
        "hub.mode": "subscribe",
        "hub.topic": "https://www.youtube.com/xml/feeds/videos.xml?channel_id=UCabc",
        "hub.callback": SECRETS.callback(URL, "UCabc"),
        "hub.verify": "sync",
        "hub.secret": SECRETS.secret("UCabc"),
        "hub.lease_seconds": "432000",
    }
    assert told.result == [standing("UCada", 5), standing("UCabc", 5)]


def test_a_channel_is_known_before_the_hub_asks_back() -> None:
    announced: list[tuple[str | None, Secret | None]] = []
    register(follows(), ACCEPTED, announced=announced)
    assert announced == [("UCada", SECRETS.secret("UCada"))]


def test_all_who_follow_a_channel_have_the_same_secret_for_it_and_no_other() -> None:
    first = register(follows("UCabc"), ACCEPTED, ACCEPTED).result
    second = register(follows("UCabc"), ACCEPTED, account=Account("8", "Grace")).result
    assert first[1].secret == second[0].secret
    assert first[0].secret != first[1].secret
    other = Hub(HUB, Secret("another app's")).secret("UCabc")
    assert other != second[0].secret
    assert len(other.reveal().encode()) <= 200


def test_the_address_that_the_hub_is_given_holds_a_key_of_the_channels_own() -> None:
    address = SECRETS.callback(URL, "UCabc")
    key = address.removeprefix(f"{URL}?key=")
    assert len(key) == 32
    assert SECRETS.is_ours(key, "UCabc")
    assert not SECRETS.is_ours(key, "UCada")
    assert not Hub(HUB, Secret("another app's")).is_ours(key, "UCabc")
    assert not SECRETS.is_ours("", "UCabc")
    assert key not in SECRETS.secret("UCabc").reveal()


def test_only_so_many_are_subscribed_to() -> None:
    told = register(follows("a", "b", "c"), *[ACCEPTED] * 3, hook_channels=2)
    assert places(told) == ["UCada", "a", "b"]
    assert places(register(ACCEPTED, hook_channels=0)) == ["UCada"]


def test_those_that_stand_are_kept_before_others_are_taken_up() -> None:
    told = register(follows("new", "UCabc"), known=[standing("UCada"), standing("UCabc")], hook_channels=1)
    assert places(told) == ["UCada", "UCabc"]
    assert len(told.calls) == 1


@pytest.mark.parametrize("days", [1.4, 0.1, -1])
def test_a_lease_is_renewed_before_it_ends(days: float) -> None:
    told = register(follows(), ACCEPTED, known=[standing("UCada", days)])
    assert told.result == [standing("UCada", 5)]


def test_one_that_is_no_longer_followed_is_let_run_out() -> None:
    told = register(follows(), known=[standing("UCada"), standing("UCold")])
    assert places(told) == ["UCada"]
    assert len(told.calls) == 1


def test_who_leaves_has_the_hub_ask_whether_anybody_still_wants_it() -> None:
    (call,) = drive(youtube().unregister(standing("UCabc"), URL), [ACCEPTED]).calls
    assert (call.method, call.url, call.auth, call.cost) == ("POST", HUB, "none", 0)
    assert call.form == {
        "hub.mode": "unsubscribe",
        "hub.verify": "async",
        "hub.topic": "https://www.youtube.com/xml/feeds/videos.xml?channel_id=UCabc",
        "hub.callback": SECRETS.callback(URL, "UCabc"),
    }
    assert isinstance(drive(youtube().unregister(standing("UCabc"), URL), [answer(503)]).error, PlatformDown)


def test_a_hub_that_takes_none_says_why() -> None:
    error = register(follows(), answer(400, b"Invalid hub.callback")).error
    assert isinstance(error, HookRefused)
    assert "UCada" in error.detail


def test_a_hub_that_could_not_ask_back_is_asked_again_soon_and_an_old_lease_kept() -> None:
    unconfirmed = answer(409, b"The callback did not confirm it")
    first = register(follows("UCabc"), answer(204), unconfirmed).result
    again = register(follows(), unconfirmed, known=[standing("UCada", 1)]).result
    assert (first, again) == (SoFar([standing("UCada", 5)]), SoFar([standing("UCada", 1)]))
    assert isinstance(first, SoFar)


def test_one_that_the_hub_does_not_take_does_not_keep_the_others() -> None:
    assert places(register(follows("UCabc"), answer(404), ACCEPTED)) == ["UCabc"]


def test_without_any_channel_there_is_nothing_to_hear_of() -> None:
    told = register(follows(), account=Account("8", "Grace"))
    assert isinstance(told.error, HookRefused)


@pytest.mark.parametrize("trouble", [answer(503), answer(429), CallFailed("timeout", "10 s")], ids=["503", "429", "-"])
def test_a_trouble_half_way_keeps_what_was_made_and_asks_no_further(trouble: Any) -> None:
    told = register(follows("a", "b"), ACCEPTED, trouble)
    assert places(told) == ["UCada"]
    assert isinstance(told.result, SoFar)
    assert not isinstance(register(follows("a"), trouble).error, HookRefused)


def test_a_trouble_while_renewing_keeps_what_lasts() -> None:
    assert places(register(follows(), answer(503), known=[standing("UCada", 1)])) == ["UCada"]
    assert isinstance(register(follows(), answer(503), known=[standing("UCada", -1)]).error, PlatformDown)


def test_the_real_hub_is_googles() -> None:
    assert YouTube(Client("i", Secret("s"))).hub.url == "https://pubsubhubbub.appspot.com/subscribe"
