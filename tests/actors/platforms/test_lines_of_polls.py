"""The one thing that was new in a poll as a line: what was played, who wrote, what somebody did, and its link."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Platform
from actors.platforms.github import GitHub
from storage.records import Account, Item
from tests.actors.platforms.doors import ACME, slack
from tests.actors.platforms.googlers import ADA, gmail
from tests.actors.platforms.people import CLIENT, OCTOCAT, github, spotify
from tests.fakes.conversation import payload

NAMES = {"conversations:names": '{"C012AB3CD":"general"}', "people:names": '{"U5678":"grace"}'}


def line(platform: Platform, data_type: str, raw: Any, account: Account = ADA) -> Mapping[str, str | None]:
    return platform.line_for(Item(data_type, "1", raw), account, NAMES)


# -- Spotify ----------------------------------------------------------------------------------------

TRACK = {
    "name": "Ferry Song",
    "artists": [{"name": "Marguerite Oslo"}, {"name": "Paper Moth"}],
    "external_urls": {"spotify": "https://open.spotify.com/track/4uLU"},
}


def test_what_was_played_by_whom() -> None:
    assert line(spotify(), "recently_played", {"track": TRACK}) == {
        "who": "You",
        "what": "listened to “Ferry Song” by Marguerite Oslo, Paper Moth",
        "where": "Spotify",
        "url": "https://open.spotify.com/track/4uLU",
        "message": "You listened to “Ferry Song” by Marguerite Oslo, Paper Moth",
    }


def test_what_is_playing_an_episode_by_its_show() -> None:
    told = line(spotify(), "currently_playing", {"item": TRACK})
    assert told["message"] == "“Ferry Song” by Marguerite Oslo, Paper Moth is playing on Spotify"
    episode = {"name": "A clock", "show": {"name": "Slow Machines"}}
    told = line(spotify(), "currently_playing", {"item": episode})
    assert told["message"] == "“A clock” from Slow Machines is playing on Spotify"


def test_what_has_no_name_is_only_counted() -> None:
    assert line(spotify(), "recently_played", {"track": {"artists": [{"name": "Band"}]}}) == {}
    assert line(spotify(), "gaps", {"after": "2026-11-20T11:20:00.123Z"}) == {}
    told = line(spotify(), "recently_played", {"track": {"name": "Lullaby"}})
    assert (told["message"], told["url"]) == ("You listened to “Lullaby”", None)


# -- Gmail ------------------------------------------------------------------------------------------


def mail(labels: list[str] | None = None, **headers: str) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in headers.items()]
    return {"labelIds": labels or ["INBOX"], "payload": {"headers": listed}}


@pytest.mark.parametrize(
    ("message", "who", "words"),
    [
        (payload("gmail/message"), "CI", "New mail from CI: “Build passed”"),
        (mail(FROM="g@x.example", SUBJECT="Lunch?"), "g@x.example", "New mail from g@x.example: “Lunch?”"),
        (mail(From='"Hopper, Grace" <g@x.example>', Subject=""), "Hopper, Grace", "New mail from Hopper, Grace"),
        (mail(["SENT"], From="ada@x", To="Grace <g@x>, Al <a@x>", Subject="Hi"), "You", "You wrote to Grace: “Hi”"),
        (mail(["SENT"]), "You", "You wrote"),
        (mail(Subject="Lunch?"), None, "New mail: “Lunch?”"),
    ],
)
def test_a_mail_by_its_subject_and_who_wrote_it(message: Any, who: str | None, words: str) -> None:
    told = line(gmail(), "messages", message)
    assert (told["who"], told["where"], told["message"]) == (who, "Gmail", words)


def test_a_mail_is_linked_by_its_id() -> None:
    told = line(gmail(), "messages", payload("gmail/message"))
    assert (told["what"], told["url"]) == (
        "wrote: “Build passed”",
        "https://mail.google.com/mail/u/0/#all/18c2f0a1b2c3d4e5",
    )
    assert line(gmail(), "messages", {"id": "../x y"})["url"] == "https://mail.google.com/mail/u/0/"


# -- Slack ------------------------------------------------------------------------------------------


def test_a_message_as_its_event_would_tell_it() -> None:
    message = payload("slack/history")["messages"][0] | {"channel": "C012AB3CD"}
    assert line(slack(), "messages", message, ACME) == {
        "who": "grace",
        "what": "wrote",
        "where": "#general",
        "url": "https://acme.slack.com/archives/C012AB3CD/p1795173600000100",
        "message": "grace wrote in #general: “ship it”",
    }


def test_a_conversation_by_its_name_where_it_has_one() -> None:
    told = line(slack(), "conversations", {"id": "C0NEWCHAN", "name": "launch"}, ACME)
    assert (told["message"], told["url"]) == ("You are in #launch", "https://acme.slack.com/archives/C0NEWCHAN")
    assert line(slack(), "conversations", {"id": "D0GRACE12", "is_im": True}, ACME) == {}
    assert line(slack(), "conversations", {"id": "G0GROUP12", "name": "mpdm-ada--grace-1"}, ACME) == {}


# -- GitHub -----------------------------------------------------------------------------------------

REPO, PAGE = "octocat/Hello-World", "https://github.com/octocat/Hello-World"


@pytest.mark.parametrize(
    ("type_", "words", "page"),
    [
        ("PushEvent", f"octocat pushed to main in {REPO}", f"{PAGE}/compare/{'b' * 40}...{'c' * 40}"),
        ("IssuesEvent", f"octocat opened issue #7 “Spelling error in the README” in {REPO}", f"{PAGE}/issues/7"),
        ("PullRequestEvent", f"octocat opened pull request #8 in {REPO}", f"{PAGE}/pull/8"),
        ("ReleaseEvent", f"octocat published the release Hello, one in {REPO}", f"{PAGE}/releases/tag/v1.0"),
        ("WatchEvent", f"octocat starred {REPO}", PAGE),
        ("ForkEvent", f"octocat forked {REPO} to hubot/Hello-World", "https://github.com/hubot/Hello-World"),
        ("CreateEvent", f"octocat created the branch icelandic in {REPO}", PAGE),
    ],
)
def test_an_event_of_the_timeline_as_its_webhook_would_tell_it(type_: str, words: str, page: str) -> None:
    (event,) = [one for one in payload("github/timeline") if one["type"] == type_]
    event["actor"] = {"login": "octocat"}
    told = line(GitHub(CLIENT), "events", event, OCTOCAT)
    assert (told["who"], told["message"], told["url"]) == ("octocat", words, page)


def test_the_timelines_word_for_a_merge_and_kinds_without_a_sentence() -> None:
    event = {"actor": {"login": "octocat"}, "repo": {"name": REPO}}
    merged = {"type": "PullRequestEvent", "payload": {"action": "merged", "pull_request": {"number": 8}}}
    assert line(github(), "events", event | merged)["message"] == f"octocat merged pull request #8 in {REPO}"
    review = {"type": "PullRequestReviewEvent", "payload": {"action": "created"}}
    told = line(github(), "events", event | review)["message"]
    assert told == f"octocat: pull request review (created) in {REPO}"


# -- whatever comes ---------------------------------------------------------------------------------

WORDS = st.sampled_from([
    "type", "payload", "action", "merged", "pull_request", "headers", "name", "value", "from", "labelIds", "track",
    "item", "artists", "show", "text", "user", "channel", "PushEvent", "PullRequestEvent", "issue", "repo", "actor",
])  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.sampled_from([spotify(), gmail(), slack(), github()]), st.sampled_from(["messages", "conversations"]), values)
def test_nothing_that_is_read_makes_it_fail(platform: Platform, data_type: str, raw: Any) -> None:
    told = line(platform, data_type, raw)
    assert not told or (set(told) == {"who", "what", "where", "url", "message"} and told["message"])
