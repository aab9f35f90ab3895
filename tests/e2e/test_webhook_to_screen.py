"""A webhook that GitHub signed is on every screen of its user in a moment, once, and said in words."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.hooks import headers, post, push
from tests.e2e.listeners import Listener, SocketListener, SseListener
from tests.e2e.service import Service, eventually

Listen = Callable[..., Any]


@pytest.fixture
def screens(service: Service, listen: Listen) -> list[Listener]:
    return [listen(SocketListener, service, "ada"), listen(SseListener, service, "ada")]


def test_a_signed_webhook_is_on_websocket_and_sse(service: Service, screens: list[Listener]) -> None:
    body = push("first")

    answer = post(service, "ada", body, headers(body, "guid-1"))

    assert answer.status_code == 202
    socket, sse = [screen.wait_for_webhook("guid-1") for screen in screens]
    assert socket == sse
    assert socket["type"] == "webhook_received"
    assert socket["platform"] == "github"
    assert socket["kind"] == "push"
    assert socket["who"] == "octocat"
    assert socket["where"] == "octocat/Hello-World"
    assert socket["url"].startswith("https://github.com/octocat/Hello-World/compare/")
    assert socket["message"] == "octocat pushed 3 commits to main in octocat/Hello-World, the last “Translate”"


def test_the_same_delivery_again_has_no_second_effect(service: Service, screens: list[Listener]) -> None:
    body, other = push("repeated"), push("other")
    first = post(service, "ada", body, headers(body, "guid-1"))
    for screen in screens:
        screen.wait_for_webhook("guid-1")

    again = [post(service, "ada", body, headers(body, "guid-1")) for _ in range(3)]

    assert {answer.status_code for answer in [first, *again]} == {202}
    post(service, "ada", other, headers(other, "guid-2"))
    for screen in screens:
        screen.wait_for_webhook("guid-2")
        assert [event["delivery_id"] for event in screen.webhooks()] == ["guid-1", "guid-2"]
        screen.check()
    assert len([row for row in service.deliveries(user="ada") if row["delivery_id"] == "guid-1"]) == 1
    assert len(service.deliveries(state="duplicate")) == 3


def test_the_same_delivery_is_another_one_for_another_user(service: Service, screens: list[Listener]) -> None:
    body = push("for both")
    assert post(service, "grace", body, headers(body, "guid-1")).status_code == 202

    assert post(service, "ada", body, headers(body, "guid-1")).status_code == 202

    for screen in screens:
        screen.wait_for_webhook("guid-1")


def test_many_at_once_arrive_once_each_and_without_a_gap(service: Service, screens: list[Listener]) -> None:
    sent = []
    for number in range(200):
        body = push(f"many {number}")
        sent.append(f"guid-{number}")
        assert post(service, "ada", body, headers(body, sent[-1])).status_code == 202

    for screen in screens:
        screen.wait_for_webhook(sent[-1])
        screen.check()
        assert [event["delivery_id"] for event in screen.webhooks()] == sent


@pytest.mark.parametrize("kind", ["push", "issues", "pull_request", "release", "star", "fork"])
def test_what_happens_at_github_comes_by_the_hook_that_was_registered_by_itself(
    service: Service, screens: list[Listener], kind: str
) -> None:
    sent = service.sandbox.activity("github", "ada", kind)["deliveries"]

    assert sent, "the sandbox pushed it to a hook"
    for screen in screens:
        for delivery_id in sent:
            event = screen.wait_for_webhook(delivery_id)
            assert event["kind"] in (kind, "watch")
            assert event["who"]
            assert "/" in event["where"]
            assert event["url"].startswith("http")
            assert event["where"] in event["message"]
        screen.check()


def test_kinds_without_a_sentence_of_their_own_are_told_too(service: Service, screens: list[Listener]) -> None:
    body = b'{"action": "created", "sender": {"login": "octocat"}}'

    assert post(service, "ada", body, headers(body, "guid-1", kind="discussion")).status_code == 202

    for screen in screens:
        assert screen.wait_for_webhook("guid-1")["message"] == "octocat: discussion (created)"


def test_what_happens_at_spotify_comes_with_the_next_poll(service: Service, screens: list[Listener]) -> None:
    service.sandbox.activity("spotify", "ada", "play")

    assert service.order("ada", "spotify", "poll").json()["count"] == 1

    for screen in screens:
        found = screen.wait_for_type("new_data", platform="spotify")[0]
        assert found["dataType"] == "recently_played"
        assert found["count"] == 1
        screen.wait_for_type("platform_sync", platform="spotify")
        screen.check()


def test_nobody_hears_of_anybody_else(service: Service, screens: list[Listener], listen: Listen) -> None:
    grace = listen(SocketListener, service, "grace")
    hers, his = push("grace"), push("ada")
    post(service, "grace", hers, headers(hers, "guid-grace"))
    post(service, "ada", his, headers(his, "guid-ada"))

    grace.wait_for_webhook("guid-grace")
    for screen in screens:
        screen.wait_for_webhook("guid-ada")
        assert [event["delivery_id"] for event in screen.webhooks()] == ["guid-ada"]
    assert [event["delivery_id"] for event in grace.webhooks()] == ["guid-grace"]


def test_people_at_slack_have_names_and_who_is_new_is_asked_for(service: Service, screens: list[Listener]) -> None:
    service.sandbox.activity("slack", "ada", "dm", where="grace")
    service.sandbox.activity("slack", "ada", "member_joined", where="random")

    eventually(lambda: service.sandbox.calls("slack", "/slack/api/users.info"), what="a look at who that is")
    service.sandbox.activity("slack", "ada", "dm", where="grace")
    for screen in screens:
        told = screen.wait_for_type("webhook_received", 3, platform="slack")
        lines = sorted(event["message"].partition(":")[0] for event in told)
        assert lines == ["Somebody joined #random", *["grace wrote in a direct message"] * 2]


def test_a_video_whose_title_is_mended_at_once_is_uploaded_once(service: Service, screens: list[Listener]) -> None:
    eventually(lambda: service.sandbox.activity("youtube", "ada", "upload")["deliveries"], what="a followed channel")
    for _ in range(2):
        service.sandbox.activity("youtube", "ada", "video_edited")

    for screen in screens:
        told = screen.wait_for_type("webhook_received", 3, platform="youtube")
        assert [event["kind"] for event in told] == ["upload", "edit", "edit"]
