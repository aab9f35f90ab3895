"""Each webhook of GitHub becomes a line that a person understands."""

import json
from typing import Any

import pytest

from actors.platforms.base import Happening
from storage.records import ConnectionKey, Delivery
from tests.actors.platforms.people import NOW, github
from tests.fakes.conversation import payload

REPO = "octocat/Hello-World"
PAGE = "https://github.com/octocat/Hello-World"


def parsed(kind: str, body: Any) -> Happening:
    raw = json.dumps(body).encode()
    return github().parse(Delivery(ConnectionKey("ada", "github"), "72d3162e", kind, raw, NOW))


def changed(name: str, changes: dict[str, Any]) -> Any:
    """The payload with values put at dotted paths."""
    body = payload(f"github/{name}")
    for path, value in changes.items():
        *way, last = path.split(".")
        place = body
        for step in way:
            place = place[step]
        place[last] = value
    return body


def sentence(kind: str, changes: dict[str, Any] | None = None, data: str | None = None) -> str | None:
    return parsed(kind, changed(data or kind, changes or {})).fields["message"]


def test_the_parts_of_a_line() -> None:
    assert parsed("push", payload("github/push")).fields == {
        "who": "octocat",
        "what": "pushed 3 commits to main",
        "where": REPO,
        "url": f"{PAGE}/compare/bbbbbbbbbbbb...cccccccccccc",
        "message": f"octocat pushed 3 commits to main in {REPO}, the last “Translate”",
    }


def test_who_pushed_is_told_by_the_pusher_when_there_is_no_sender() -> None:
    assert parsed("push", changed("push", {"sender": None})).fields["who"] == "octocat"


ONE = {"commits": [{"id": "c" * 40, "message": "Translate"}]}
PUSHES: list[tuple[dict[str, Any], str]] = [
    ({}, "pushed 3 commits to main"),
    (ONE, "pushed 1 commit to main"),
    ({"commits": []}, "pushed to main"),
    ({"commits": {"0": "none of them"}}, "pushed to main"),
    ({"forced": True}, "force-pushed 3 commits to main"),
    ({"forced": True, "commits": []}, "force-pushed to main"),
    ({"ref": "refs/heads/feature/tea", "created": True}, "created the branch feature/tea with 3 commits"),
    ({"ref": "refs/heads/tea", "created": True, "commits": []}, "created the branch tea"),
    ({"ref": "refs/heads/tea", "deleted": True, "commits": [], "head_commit": None}, "deleted the branch tea"),
    ({"ref": "refs/tags/v1.0", "created": True, "commits": []}, "pushed the tag v1.0"),
    ({"ref": "refs/tags/v1.0", "forced": True}, "moved the tag v1.0"),
    ({"ref": "refs/tags/v1.0", "deleted": True, "head_commit": None}, "deleted the tag v1.0"),
]


@pytest.mark.parametrize(("changes", "what"), PUSHES, ids=[what for _, what in PUSHES])
def test_a_push(changes: dict[str, Any], what: str) -> None:
    assert sentence("push", {"head_commit": None} | changes) == f"octocat {what} in {REPO}"


@pytest.mark.parametrize(
    ("message", "changes", "end"),
    [
        ("Translate", {}, ", the last “Translate”"),
        ("Fix typo\n\nIt was in the title.", ONE, ": “Fix typo”"),
        ("\n\nFix typo\r\nand more", ONE, ": “Fix typo”"),
        (" \n ", ONE, ""),
        (None, ONE, ""),
        (["x"], ONE, ""),
        ("Translate", {"commits": []}, ""),
    ],
    ids=str,
)
def test_a_push_says_what_its_last_commit_is_about(message: Any, changes: dict[str, Any], end: str) -> None:
    told = sentence("push", changes | {"head_commit.message": message})
    assert told is not None
    assert told.partition(f" to main in {REPO}")[2] == end


def test_what_is_deleted_links_to_what_is_left() -> None:
    assert parsed("push", changed("push", {"deleted": True})).fields["url"] == PAGE
    assert parsed("issues", changed("issues", {"action": "deleted"})).fields["url"] == PAGE
    assert parsed("release", changed("release", {"action": "deleted"})).fields["url"] == PAGE


ISSUE = "issue #7 “Spelling error in the README”"
ISSUES: list[tuple[dict[str, Any], str]] = [
    ({"action": "opened"}, f"opened {ISSUE}"),
    ({"action": "edited"}, f"edited {ISSUE}"),
    ({"action": "reopened"}, f"reopened {ISSUE}"),
    ({"action": "deleted"}, f"deleted {ISSUE}"),
    ({"action": "closed", "issue.state_reason": "completed"}, f"closed {ISSUE}"),
    ({"action": "closed", "issue.state_reason": "not_planned"}, f"closed {ISSUE} as not planned"),
    ({"action": "closed", "issue.state_reason": "duplicate"}, f"closed {ISSUE} as a duplicate"),
    ({"action": "assigned", "assignee": {"login": "octocat"}}, f"assigned {ISSUE} to octocat"),
    ({"action": "assigned", "assignee": {"login": "hubot"}}, f"assigned {ISSUE} to themselves"),
    ({"action": "unassigned", "assignee": {"login": "octocat"}}, f"took {ISSUE} off octocat"),
    ({"action": "unassigned", "assignee": None}, f"took {ISSUE} off somebody"),
    ({"action": "labeled", "label": {"name": "bug"}}, f"put the label “bug” on {ISSUE}"),
    ({"action": "unlabeled", "label": {"name": "bug"}}, f"took the label “bug” off {ISSUE}"),
    ({"action": "labeled"}, f"put a label on {ISSUE}"),
    ({"action": "milestoned", "milestone": {"title": "1.0"}}, f"added {ISSUE} to the milestone “1.0”"),
    ({"action": "demilestoned", "milestone": {"title": "1.0"}}, f"took {ISSUE} out of the milestone “1.0”"),
    ({"action": "pinned"}, f"pinned {ISSUE}"),
    ({"action": "unpinned"}, f"unpinned {ISSUE}"),
    ({"action": "unlocked"}, f"unlocked {ISSUE}"),
    ({"action": "locked"}, f"locked {ISSUE}"),
    ({"action": "transferred"}, f"transferred {ISSUE}"),
    ({"action": "typed", "type": {"name": "Bug"}}, f"set the type of {ISSUE} to Bug"),
    ({"action": "untyped"}, f"removed the type of {ISSUE}"),
    ({"action": "sub_issue_added"}, f"changed {ISSUE} (sub issue added)"),
    ({"action": "opened", "issue.title": None}, "opened issue #7"),
]


@pytest.mark.parametrize(("changes", "what"), ISSUES, ids=[what for _, what in ISSUES])
def test_an_issue(changes: dict[str, Any], what: str) -> None:
    told = parsed("issues", changed("issues", changes)).fields
    assert told["message"] == f"hubot {what} in {REPO}"
    assert told["url"] == (PAGE if changes["action"] == "deleted" else f"{PAGE}/issues/7")


PULL = "pull request #8 “Say hello in Icelandic”"
PULLS: list[tuple[dict[str, Any], str]] = [
    ({"action": "opened"}, f"opened {PULL}"),
    ({"action": "opened", "pull_request.draft": True}, f"opened {PULL} as a draft"),
    ({"action": "closed", "pull_request.merged": True}, f"merged {PULL} into main"),
    ({"action": "closed"}, f"closed {PULL} without merging"),
    ({"action": "reopened"}, f"reopened {PULL}"),
    ({"action": "edited"}, f"edited {PULL}"),
    ({"action": "synchronize"}, f"pushed to {PULL}"),
    ({"action": "ready_for_review"}, f"marked {PULL} as ready for review"),
    ({"action": "converted_to_draft"}, f"turned {PULL} back into a draft"),
    ({"action": "review_requested", "requested_reviewer": {"login": "hubot"}}, f"asked hubot to review {PULL}"),
    ({"action": "review_requested", "requested_team": {"name": "docs"}}, f"asked the team docs to review {PULL}"),
    ({"action": "review_request_removed"}, f"no longer asks somebody to review {PULL}"),
    ({"action": "auto_merge_enabled"}, f"turned auto-merge on for {PULL}"),
    ({"action": "auto_merge_disabled"}, f"turned auto-merge off for {PULL}"),
    ({"action": "enqueued"}, f"put {PULL} into the merge queue"),
    ({"action": "dequeued"}, f"took {PULL} out of the merge queue"),
    ({"action": "labeled", "label": {"name": "docs"}}, f"put the label “docs” on {PULL}"),
    ({"action": "assigned", "assignee": {"login": "hubot"}}, f"assigned {PULL} to hubot"),
]


@pytest.mark.parametrize(("changes", "what"), PULLS, ids=[what for _, what in PULLS])
def test_a_pull_request(changes: dict[str, Any], what: str) -> None:
    told = parsed("pull_request", changed("pull_request", changes)).fields
    assert told["message"] == f"octocat {what} in {REPO}"
    assert told["url"] == f"{PAGE}/pull/8"


RELEASES: list[tuple[dict[str, Any], str]] = [
    ({"action": "published"}, "published the release Hello, one"),
    ({"action": "published", "release.name": None}, "published the release v1.0"),
    ({"action": "published", "release.prerelease": True}, "published the pre-release Hello, one"),
    ({"action": "prereleased", "release.prerelease": True}, "published the pre-release Hello, one"),
    ({"action": "released"}, "released Hello, one"),
    ({"action": "created"}, "created the release Hello, one"),
    ({"action": "created", "release.draft": True}, "drafted the release Hello, one"),
    ({"action": "edited"}, "edited the release Hello, one"),
    ({"action": "deleted"}, "deleted the release Hello, one"),
    ({"action": "unpublished"}, "unpublished the release Hello, one"),
    ({"action": "polished_up"}, "changed the release Hello, one (polished up)"),
]


@pytest.mark.parametrize(("changes", "what"), RELEASES, ids=[what for _, what in RELEASES])
def test_a_release(changes: dict[str, Any], what: str) -> None:
    told = parsed("release", changed("release", changes)).fields
    assert told["message"] == f"octocat {what} in {REPO}"
    assert told["url"] == (PAGE if changes["action"] == "deleted" else f"{PAGE}/releases/tag/v1.0")


def test_a_star_given_and_taken_back() -> None:
    assert sentence("star") == f"hubot starred {REPO}"
    assert parsed("star", payload("github/star")).fields["what"] == "starred"
    assert sentence("star", {"action": "deleted", "starred_at": None}) == f"hubot unstarred {REPO}"
    assert sentence("watch", {"action": "started"}, data="star") == f"hubot starred {REPO}"


def test_a_fork() -> None:
    told = parsed("fork", payload("github/fork")).fields
    assert told["message"] == f"hubot forked {REPO} to hubot/Hello-World"
    assert told["url"] == "https://github.com/hubot/Hello-World"


def test_a_fork_that_does_not_say_where_to_gets_a_plain_line() -> None:
    assert sentence("fork", {"forkee": None}) == f"hubot: fork in {REPO}"


REFS = [
    ("create", "branch", "feature/ice", f"hubot created the branch feature/ice in {REPO}"),
    ("create", "tag", "v1.0", f"hubot created the tag v1.0 in {REPO}"),
    ("delete", "branch", "feature/ice", f"hubot deleted the branch feature/ice in {REPO}"),
    ("delete", "tag", "v1.0", f"hubot deleted the tag v1.0 in {REPO}"),
]


@pytest.mark.parametrize(("kind", "ref_type", "ref", "message"), REFS, ids=[message for *_, message in REFS])
def test_a_branch_or_a_tag_that_comes_or_goes(kind: str, ref_type: str, ref: str, message: str) -> None:
    assert sentence(kind, {"action": None, "ref_type": ref_type, "ref": ref}, data="star") == message


def test_a_ping_says_that_the_hook_works_and_is_no_item() -> None:
    happening = parsed("ping", payload("github/ping"))
    assert happening.fields["message"] == f"GitHub tells of what happens in {REPO} from now on"
    assert happening.fields["url"] == PAGE
    assert happening.items == ()


OTHERS: list[tuple[str, dict[str, Any], str]] = [
    ("commit_comment", {}, f"octocat: commit comment (created) in {REPO}"),
    ("issue_comment", {"action": "pinned"}, f"octocat: issue comment (pinned) in {REPO}"),
    ("repository_vulnerability_alert", {}, f"octocat: repository vulnerability alert (created) in {REPO}"),
    ("workflow_run", {"action": "in_progress"}, f"octocat: workflow run (in progress) in {REPO}"),
    ("gollum", {"action": None}, f"octocat: gollum in {REPO}"),
    ("gollum", {"action": None, "sender": None}, f"Gollum in {REPO}"),
    ("workflow_run", {"action": "requested", "sender": None}, f"Workflow run (requested) in {REPO}"),
    ("meta", {"action": "deleted", "repository": None}, "octocat: meta (deleted)"),
    ("create", {"action": None, "ref_type": "repository", "ref": None}, f"octocat: create in {REPO}"),
]


@pytest.mark.parametrize(("kind", "changes", "message"), OTHERS, ids=[message for *_, message in OTHERS])
def test_any_other_kind_has_a_plain_line(kind: str, changes: dict[str, Any], message: str) -> None:
    body = changed("issue_comment", {"sender": payload("github/push")["sender"]} | changes)
    assert parsed(kind, body).fields["message"] == message


def test_a_comment_links_to_itself() -> None:
    told = parsed("issue_comment", payload("github/issue_comment")).fields
    assert told["url"] == f"{PAGE}/issues/7#issuecomment-492700400"
    gone = parsed("issue_comment", payload("github/issue_comment") | {"action": "deleted"}).fields
    assert gone["url"] == f"{PAGE}/issues/7"


COMMENTS: list[tuple[dict[str, Any], str]] = [
    ({}, f"commented on {ISSUE}"),
    ({"action": "edited"}, f"edited a comment on {ISSUE}"),
    ({"action": "deleted"}, f"deleted a comment on {ISSUE}"),
    ({"issue.pull_request": {"url": "x"}}, "commented on pull request #7 “Spelling error in the README”"),
]


@pytest.mark.parametrize(("changes", "what"), COMMENTS, ids=[what for _, what in COMMENTS])
def test_a_comment(changes: dict[str, Any], what: str) -> None:
    assert sentence("issue_comment", changes) == f"octocat {what} in {REPO}"


KNOWN = ["push", "issues", "pull_request", "release", "star", "fork", "create", "delete", "ping"]


@pytest.mark.parametrize("kind", KNOWN)
@pytest.mark.parametrize("body", [{}, {"action": "opened"}, {"sender": {"login": "octocat"}}], ids=str)
def test_a_known_kind_without_its_fields_gets_a_plain_line(kind: str, body: Any) -> None:
    told = parsed(kind, body).fields
    assert told["message"]
    assert told["where"] is None
    assert "None" not in str(told["message"])


def test_a_title_stays_one_line_of_bearable_length_without_tricks() -> None:
    title = "Free\r\nmoney\u202e " + "x" * 5000
    told = sentence("issues", {"issue.title": title})
    assert told is not None
    assert "\n" not in told
    assert "\u202e" not in told
    assert told == f"hubot opened issue #7 “Free money {'x' * 188}…” in {REPO}"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://a b",
        "data:text/html,x",
        "//evil",
        "https://x\n",
        7,
        None,
        "https://" + "x" * 3000,
    ],
)
def test_only_an_ordinary_address_becomes_a_link(url: object) -> None:
    told = parsed("issues", changed("issues", {"issue.html_url": url, "repository.html_url": url})).fields
    assert told["url"] is None
