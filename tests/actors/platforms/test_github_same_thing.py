"""What a webhook and the timeline both show is one item, and what is two things is two."""

import json
from typing import Any

import pytest

from storage.records import ConnectionKey, Delivery, Item
from tests.actors.platforms.people import NOW, OCTOCAT, github
from tests.actors.platforms.test_github_sentences import changed
from tests.fakes.conversation import answer, drive, payload


def pushed(kind: str, body: Any, delivery_id: str = "72d3162e", at: float = NOW) -> Item:
    delivery = Delivery(ConnectionKey("ada", "github"), delivery_id, kind, json.dumps(body).encode(), at)
    (item,) = github().parse(delivery).items
    return item


def polled(*events: Any) -> list[Item]:
    return drive(github().poll(OCTOCAT, {}, NOW), [answer(200, list(events))]).items


def event(type_: str, **changes: Any) -> Any:
    (found,) = [one for one in payload("github/timeline") if one["type"] == type_]
    return found | {"payload": found["payload"] | changes}


BOTH = {
    "push": "PushEvent",
    "issues": "IssuesEvent",
    "pull_request": "PullRequestEvent",
    "release": "ReleaseEvent",
    "fork": "ForkEvent",
}


@pytest.mark.parametrize(("kind", "type_"), BOTH.items())
def test_a_thing_seen_by_both_is_one(kind: str, type_: str) -> None:
    (seen,) = polled(event(type_))
    told = pushed(kind, payload(f"github/{kind}"))
    assert (told.data_type, told.external_id) == (seen.data_type, seen.external_id)


def test_a_star_of_ones_own_is_one_by_star_by_watch_and_by_poll() -> None:
    mine = {"sender": {"login": "octocat", "id": 583231}}
    (seen,) = polled(event("WatchEvent"))
    assert pushed("star", changed("star", mine)).external_id == seen.external_id
    assert (
        pushed("watch", changed("star", mine | {"action": "started", "starred_at": None})).external_id
        == seen.external_id
    )


def test_a_merge_is_closed_to_the_webhook_and_merged_to_the_timeline() -> None:
    at = {"pull_request.updated_at": "2026-11-20T14:00:00Z", "pull_request.closed_at": "2026-11-20T14:00:00Z"}
    told = pushed("pull_request", changed("pull_request", {"action": "closed", "pull_request.merged": True} | at))
    for action in ("merged", "closed"):
        (seen,) = polled(event("PullRequestEvent", action=action))
        assert seen.external_id == told.external_id


@pytest.mark.parametrize(
    "deed",
    [
        {"action": "reopened"},
        {"action": "assigned", "assignee": {"id": 2, "login": "hubot"}},
        {"action": "unassigned", "assignee": {"id": 2, "login": "hubot"}},
        {"action": "labeled", "label": {"id": 3, "name": "docs"}},
        {"action": "unlabeled", "label": {"id": 3, "name": "docs"}},
    ],
    ids=lambda deed: deed["action"],
)
def test_what_is_done_to_a_pull_request_is_one_by_both(deed: Any) -> None:
    """The timeline has neither title nor times of it, and was written a second later."""
    (seen,) = polled(event("PullRequestEvent", **deed))
    assert pushed("pull_request", changed("pull_request", deed)).external_id == seen.external_id


def test_an_issue_that_is_closed_again_is_another_item() -> None:
    first = pushed("issues", changed("issues", {"action": "closed", "issue.closed_at": "2026-11-20T14:00:00Z"}))
    again = pushed("issues", changed("issues", {"action": "closed", "issue.closed_at": "2026-11-20T15:00:00Z"}))
    assert first.external_id != again.external_id


def test_closing_an_issue_is_one_though_it_was_changed_in_the_same_moment() -> None:
    """Both carry `closed_at`; `updated_at` may have moved on between the two snapshots."""
    closed = {"action": "closed", "issue.closed_at": "2026-11-20T14:00:00Z"}
    told = pushed("issues", changed("issues", closed | {"issue.updated_at": "2026-11-20T14:00:01Z"}))
    issue = payload("github/issues")["issue"] | {"closed_at": "2026-11-20T14:00:00Z"}
    (seen,) = polled(event("IssuesEvent", action="closed", issue=issue))
    assert seen.external_id == told.external_id


def test_two_labels_in_one_second_are_two_items() -> None:
    bug = pushed("issues", changed("issues", {"action": "labeled", "label": {"id": 1, "name": "bug"}}))
    docs = pushed("issues", changed("issues", {"action": "labeled", "label": {"id": 2, "name": "docs"}}))
    assert bug.external_id != docs.external_id


def test_a_push_back_to_where_the_branch_was_is_another_item() -> None:
    there = pushed("push", payload("github/push"))
    back = pushed("push", changed("push", {"before": "c" * 40, "after": "b" * 40, "forced": True}))
    again = pushed("push", changed("push", {"before": "a" * 40, "after": "c" * 40, "forced": True}))
    assert len({there.external_id, back.external_id, again.external_id}) == 3


def test_the_several_deliveries_of_one_release_are_one_item() -> None:
    ids = {
        pushed("release", changed("release", {"action": action}), delivery_id=action).external_id
        for action in ("created", "published", "released", "prereleased")
    }
    assert len(ids) == 1


def test_a_drafted_release_is_another_thing_than_the_published_one() -> None:
    draft = pushed("release", changed("release", {"action": "created", "release.draft": True}), "d-1")
    assert draft.external_id == "delivery:d-1"


def test_a_star_given_again_on_another_day_is_another_item() -> None:
    first = pushed("star", payload("github/star"))
    again = pushed("star", changed("star", {"starred_at": "2026-11-28T13:08:00Z"}))
    assert first.external_id != again.external_id


def test_each_edit_of_a_pull_request_is_an_item() -> None:
    ids = {
        pushed("pull_request", changed("pull_request", {"action": "edited", "pull_request.updated_at": at})).external_id
        for at in ("2026-11-20T14:00:00Z", "2026-11-20T14:00:09Z")
    }
    assert len(ids) == 2


def test_other_kinds_go_by_the_id_of_the_delivery_or_the_event() -> None:
    assert pushed("issue_comment", payload("github/issue_comment"), "d-2").external_id == "delivery:d-2"
    assert polled(event("CreateEvent"))[0].external_id == "event:22249084965"


@pytest.mark.parametrize("kind", ["push", "issues", "pull_request", "release", "star", "fork"])
@pytest.mark.parametrize("body", [{}, {"action": "opened"}, {"action": ["opened"], "issue": 7}], ids=str)
def test_a_payload_without_its_fields_goes_by_its_delivery(kind: str, body: Any) -> None:
    assert pushed(kind, body, "d-3").external_id == "delivery:d-3"


def test_an_item_is_the_platforms_own_json_and_time() -> None:
    told = pushed("issues", payload("github/issues"))
    assert told.raw == payload("github/issues")
    assert told.at == 1_795_179_900.0
    (seen,) = polled(event("PushEvent"))
    assert seen.raw == event("PushEvent")
    assert seen.at == 1_795_179_806.0


def test_without_a_time_of_its_own_it_happened_when_it_came() -> None:
    assert pushed("star", changed("star", {"starred_at": "yesterday"})).at == NOW


def test_a_very_long_ref_still_makes_a_short_id() -> None:
    told = pushed("push", changed("push", {"ref": "refs/heads/" + "x" * 190, "before": "y" * 190}))
    assert len(told.external_id) < 100
