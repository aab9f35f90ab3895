"""Webhooks at GitHub: made where the user may, kept, mended, and removed."""

from itertools import count
from typing import Any

import pytest

from actors.platforms.base import Answer, SoFar
from actors.platforms.failures import CallFailed, HookRefused, PlatformDown, PlatformError, RateLimited
from storage.records import Hook, Secret
from tests.actors.platforms.people import NOW, OCTOCAT, github
from tests.fakes.conversation import Conversation, answer, drive

URL = "https://app.example/api/webhooks/github/ada"
API = "http://gh/api"
REPOS = f"GET {API}/user/repos"
EVENTS = ["push", "issues", "pull_request", "release", "star", "fork"]
NOT_FOUND = answer(404, {"message": "Not Found"})
DUPLICATE = answer(
    422,
    {
        "message": "Validation Failed",
        "errors": [{"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}],
    },
)


def register(known: list[Hook], *answers: Answer | PlatformError, repos: int = 10) -> Conversation:
    numbers = count(1)

    def new_secret() -> Secret:
        return Secret(f"secret-{next(numbers)}")

    return drive(github(hook_repos=repos).register(OCTOCAT, URL, known, new_secret, NOW), answers)


def repositories(*names: str, **others: Any) -> Answer:
    mine = {"permissions": {"admin": True, "push": True}, "archived": False, "disabled": False}
    return answer(200, [{"full_name": name} | mine | others for name in names])


def created(id_: int, status: int = 201, **others: Any) -> Answer:
    config = {"url": URL, "content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return answer(status, {"id": id_, "name": "web", "active": True, "events": EVENTS, "config": config} | others)


def standing(id_: int, where: str = "octocat/tea") -> Hook:
    return Hook(str(id_), where, Secret(f"old-{id_}"))


def test_each_repository_gets_a_hook_with_a_secret_of_its_own() -> None:
    told = register([], repositories("octocat/tea", "lab/milk"), created(1), created(2))
    assert told.called == [REPOS, f"POST {API}/repos/octocat/tea/hooks", f"POST {API}/repos/lab/milk/hooks"]
    assert told.calls[1].json == {
        "name": "web",
        "active": True,
        "events": EVENTS,
        "config": {"url": URL, "content_type": "json", "secret": Secret("secret-1"), "insecure_ssl": "0"},
    }
    assert told.result == [Hook("1", "octocat/tea", Secret("secret-1")), Hook("2", "lab/milk", Secret("secret-2"))]
    assert "secret-1" not in repr(told)


def test_the_repositories_pushed_to_last_come_first_and_only_so_many() -> None:
    told = register([], repositories("a/1", "a/2", "a/3"), created(1), created(2), repos=2)
    assert dict(told.calls[0].params) == {"sort": "pushed", "direction": "desc", "per_page": 100, "page": 1}
    assert [hook.where for hook in told.result] == ["a/1", "a/2"]


@pytest.mark.parametrize(
    "others",
    [
        {"permissions": {"admin": False, "push": True}},
        {"permissions": None},
        {"archived": True},
        {"disabled": True},
        {"full_name": None},
    ],
    ids=str,
)
def test_where_the_user_is_no_administrator_or_nothing_happens_any_more_there_is_no_hook(others: Any) -> None:
    told = register([], repositories("octocat/tea", **others))
    assert isinstance(told.error, HookRefused)
    assert "administers no repository" in told.error.detail


def test_further_pages_are_looked_at_while_there_are_too_few() -> None:
    more = {"Link": '<http://gh/api/user/repos?page=2>; rel="next"'}
    first = answer(200, [{"full_name": "a/1", "permissions": {"admin": False}}], more)
    told = register([], first, repositories("a/2"), created(1))
    assert told.calls[1].params["page"] == 2
    assert [hook.where for hook in told.result] == ["a/2"]


def test_no_further_page_is_asked_for_once_there_are_enough() -> None:
    more = {"Link": '<http://gh/api/user/repos?page=2>; rel="next"'}
    first = answer(200, [{"full_name": "a/1", "permissions": {"admin": True}}], more)
    told = register([], first, created(1), repos=1)
    assert told.called == [REPOS, f"POST {API}/repos/a/1/hooks"]


def test_a_hook_of_an_earlier_life_gets_a_new_secret_for_the_one_that_nobody_knows() -> None:
    others = {"id": 5, "config": {"url": "https://other.example"}}
    there = answer(200, [others, {"id": 77, "config": {"url": URL}}])
    told = register([], repositories("octocat/tea"), DUPLICATE, there, created(77, 200))
    assert told.called[2:] == [f"GET {API}/repos/octocat/tea/hooks", f"PATCH {API}/repos/octocat/tea/hooks/77"]
    assert told.calls[3].json["config"]["secret"] == Secret("secret-1")
    assert told.calls[3].json["active"] is True
    assert told.result == [Hook("77", "octocat/tea", Secret("secret-1"))]


@pytest.mark.parametrize("refusal", [NOT_FOUND, answer(403, {"message": "no"})], ids=["404", "403"])
def test_a_repository_that_refuses_is_passed_over(refusal: Answer) -> None:
    told = register([], repositories("lab/milk", "octocat/tea"), refusal, created(1))
    assert [hook.where for hook in told.result] == ["octocat/tea"]


def test_when_all_refuse_it_is_said_why() -> None:
    told = register([], repositories("lab/milk", "octocat/tea"), NOT_FOUND, NOT_FOUND)
    assert isinstance(told.error, HookRefused)
    assert "none of 2 repositories" in told.error.detail
    assert "lab/milk (404: Not Found)" in told.error.detail


def test_an_address_that_github_cannot_reach_is_told_in_githubs_words() -> None:
    said = "Sorry, the URL host localhost is not supported because it isn't reachable over the public Internet"
    refused = answer(422, {"message": "Validation Failed", "errors": [{"message": said}]})
    told = register([], repositories("octocat/tea"), refused, answer(200, []))
    assert isinstance(told.error, HookRefused)
    assert said in told.error.detail


def test_no_hooks_are_made_where_the_operator_wants_none() -> None:
    told = register([], repos=0)
    assert told.calls == []
    assert isinstance(told.error, HookRefused)
    assert "switched off" in told.error.detail


# -- again ------------------------------------------------------------------------------------------


def test_a_hook_that_stands_is_looked_at_and_left_alone() -> None:
    told = register([standing(1)], repositories("octocat/tea"), created(1, 200))
    assert told.called == [REPOS, f"GET {API}/repos/octocat/tea/hooks/1"]
    assert told.result == [standing(1)]


def test_registering_twice_makes_no_second_hook() -> None:
    first = register([], repositories("octocat/tea", "lab/milk"), created(1), created(2))
    again = register(first.result, repositories("octocat/tea", "lab/milk"), created(1, 200), created(2, 200))
    assert again.result == first.result
    assert not any(call.method == "POST" for call in again.calls)


@pytest.mark.parametrize(
    "change",
    [{"active": False}, {"events": ["push"]}, {"events": None}, {"config": {"url": "https://moved.example"}}],
    ids=str,
)
def test_a_hook_that_somebody_changed_is_mended_with_the_secret_it_has(change: Any) -> None:
    told = register([standing(1)], repositories("octocat/tea"), created(1, 200, **change), created(1, 200))
    assert told.called[2] == f"PATCH {API}/repos/octocat/tea/hooks/1"
    assert told.calls[2].json["config"] == {
        "url": URL,
        "content_type": "json",
        "secret": Secret("old-1"),
        "insecure_ssl": "0",
    }
    assert told.result == [standing(1)]


def test_a_hook_that_was_removed_there_is_made_anew() -> None:
    told = register([standing(1)], repositories("octocat/tea"), NOT_FOUND, created(2))
    assert told.result == [Hook("2", "octocat/tea", Secret("secret-1"))]


def test_a_hook_that_we_may_not_look_at_is_believed_to_stand() -> None:
    told = register([standing(1)], repositories("octocat/tea"), answer(403, {"message": "Must have admin rights"}))
    assert told.result == [standing(1)]


def test_a_repository_that_fell_behind_loses_its_hook() -> None:
    told = register([standing(1, "octocat/old")], repositories("octocat/tea"), created(2), answer(204))
    assert told.called[-1] == f"DELETE {API}/repos/octocat/old/hooks/1"
    assert [hook.external_id for hook in told.result] == ["2"]


def test_a_renamed_repository_keeps_its_hook() -> None:
    there = answer(200, [{"id": 1, "config": {"url": URL}}])
    told = register([standing(1, "octocat/old")], repositories("octocat/new"), DUPLICATE, there, created(1, 200))
    assert not any(call.method == "DELETE" for call in told.calls)
    assert told.result == [Hook("1", "octocat/new", Secret("secret-1"))]


def test_names_are_the_same_in_capitals() -> None:
    told = register([standing(1, "Octocat/Tea")], repositories("octocat/tea"), created(1, 200))
    assert told.result == [standing(1, "Octocat/Tea")]


# -- cut off ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble", [answer(502), answer(429), CallFailed("timeout", "10 s")], ids=["down", "limit", "timeout"]
)
def test_what_was_made_before_a_trouble_is_recorded_for_nobody_else_knows_the_secrets(trouble: Any) -> None:
    told = register([], repositories("a/1", "a/2", "a/3"), created(1), trouble)
    assert told.result == SoFar([Hook("1", "a/1", Secret("secret-1"))])


def test_what_stood_before_a_trouble_is_not_forgotten() -> None:
    known = [standing(1, "a/1"), standing(2, "a/2")]
    told = register(known, repositories("a/1", "a/2"), answer(502))
    assert told.result == SoFar(known)


def test_a_trouble_before_anything_was_made_is_told() -> None:
    assert isinstance(register([], answer(502)).error, PlatformDown)
    assert isinstance(register([], repositories("a/1"), answer(429)).error, RateLimited)


# -- the end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [answer(204), NOT_FOUND, answer(403, {"message": "no"})], ids=["204", "404", "403"])
def test_a_hook_is_removed_or_was_no_longer_ours(gone: Answer) -> None:
    told = drive(github().unregister(standing(1), URL), [gone])
    assert told.called == [f"DELETE {API}/repos/octocat/tea/hooks/1"]
    assert told.error is None


def test_a_hook_that_could_not_be_removed_is_told() -> None:
    assert isinstance(drive(github().unregister(standing(1), URL), [answer(500)]).error, PlatformDown)
