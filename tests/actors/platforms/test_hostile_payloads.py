"""Whatever is in a payload, reading it ends in a line and at most one item, and never in an exception."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Happening, Page
from actors.platforms.failures import PlatformError
from storage.records import ConnectionKey, Delivery
from tests.actors.platforms.people import ADA, NOW, OCTOCAT, github, spotify
from tests.fakes.conversation import answer, drive, payload

KINDS = ["ping", "push", "issues", "pull_request", "release", "star", "watch", "fork", "issue_comment", "create", "x"]
WORDS = [
    "action", "sender", "login", "id", "repository", "full_name", "html_url", "ref", "before", "after", "commits",
    "created", "deleted", "forced", "compare", "issue", "pull_request", "number", "title", "merged", "draft", "head",
    "sha", "base", "label", "name", "assignee", "release", "tag_name", "forkee", "starred_at", "updated_at",
    "opened", "closed", "assigned", "labeled", "published", "refs/heads/main", "refs/tags/v1", "2026-11-20T13:00:00Z",
]  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(WORDS)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(), inner, max_size=6),
    max_leaves=40,
)
objects = st.dictionaries(st.sampled_from(WORDS) | st.text(), values, max_size=8)


def parse(kind: str, body: bytes) -> Happening:
    return github().parse(Delivery(ConnectionKey("ada", "github"), "d-1", kind, body, NOW))


def check(told: Happening) -> None:
    assert set(told.fields) == {"who", "what", "where", "url", "message"}
    assert told.fields["message"]
    assert len(told.items) <= 1
    for item in told.items:
        assert 0 < len(item.external_id) <= 255
        assert item.external_id.isprintable()
    json.dumps([dict(told.fields), [item.raw for item in told.items]], ensure_ascii=False).encode()


@settings(deadline=None)
@given(st.sampled_from(KINDS), objects)
def test_any_object_has_its_line(kind: str, body: dict[str, Any]) -> None:
    check(parse(kind, json.dumps(body).encode()))


@settings(deadline=None)
@given(st.text(max_size=300), st.binary(max_size=300))
def test_any_bytes_of_any_kind_have_their_line(kind: str, body: bytes) -> None:
    check(parse(kind, body))


def everywhere(value: Any) -> list[tuple[str, ...]]:
    """The path of each value within."""
    if not isinstance(value, dict):
        return [()]
    return [()] + [(name, *path) for name, child in value.items() for path in everywhere(child)]


@pytest.mark.parametrize("kind", ["ping", "push", "issues", "pull_request", "release", "star", "fork"])
@pytest.mark.parametrize(
    "junk", [None, 7, -1.5, "", "x", [], {}, True, "z" * 100_000, 10**40], ids=lambda junk: str(junk)[:9]
)
def test_a_real_payload_with_one_value_spoiled_still_has_its_line(kind: str, junk: Any) -> None:
    for path in everywhere(payload(f"github/{kind}")):
        body = payload(f"github/{kind}")
        if not path:
            continue
        place = body
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = junk
        check(parse(kind, json.dumps(body).encode()))
        del place[path[-1]]
        check(parse(kind, json.dumps(body).encode()))


@pytest.mark.parametrize(
    "body",
    [
        b'{"sender":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"issue":{"title":"' + b"x" * 5_000_000 + b'"}}',
        b'{"commits":[' + b"{}," * 200_000 + b"{}]}",
        b'{"sender":{"login":"half \\ud83d"}}',
        b'{"issue":{"number":' + b"9" * 4000 + b"}}",
    ],
    ids=["deep-list", "deep-object", "huge-title", "many-commits", "half-a-surrogate", "huge-number"],
)
@pytest.mark.parametrize("kind", ["push", "issues"])
def test_what_was_made_to_hurt_has_its_line(kind: str, body: bytes) -> None:
    check(parse(kind, body))


@settings(deadline=None)
@given(values)
def test_any_timeline_is_read_or_a_trouble_with_github(body: Any) -> None:
    told = drive(github().poll(OCTOCAT, {}, NOW), [answer(200, body)])
    assert told.error is None or isinstance(told.error, PlatformError)


@settings(deadline=None)
@given(st.lists(objects, max_size=5))
def test_any_list_of_objects_is_a_timeline(events: list[dict[str, Any]]) -> None:
    told = drive(github().poll(OCTOCAT, {}, NOW), [answer(200, events)])
    for page in told.pages:
        assert isinstance(page, Page)
        assert all(0 < len(item.external_id) <= 255 for item in page.items)


@settings(deadline=None)
@given(values, values)
def test_any_answer_is_read_or_a_trouble_with_spotify(played: Any, playing: Any) -> None:
    conversation = spotify().poll(ADA, {}, NOW)
    next(conversation)
    try:
        step: Any = conversation.send(answer(200, {"items": played}))
        while isinstance(step, Page):
            step = conversation.send(None)
        step = conversation.send(answer(200, playing))
        while True:
            step = conversation.send(None)
    except (StopIteration, PlatformError):
        return
