"""The people: the same everywhere and every time."""

import json

import pytest

from deploy.sandbox import people
from deploy.sandbox.platforms.github.repositories import account, repositories
from tests.deploy.sandbox.scene import SandboxCase


def test_numbered_people_are_there_as_soon_as_they_are_named() -> None:
    assert people.everyone(2) == ["ada", "grace", "alan", "user-0001", "user-0002"]
    for name in people.everyone(12_000)[3::1000]:
        assert people.find(name) is not None


@pytest.mark.parametrize("name", ["root", "bob", "", "user-0000", "user-1", "user-00001", "Ada", "user-0001 "])
def test_nobody_else_is(name: str) -> None:
    assert people.find(name) is None


def test_no_two_people_share_anything_by_its_id() -> None:
    everyone = [people.known(name) for name in people.everyone(5_000)]
    assert len({account(person).id for person in everyone}) == len(everyone)
    own = [repo for person in everyone for repo in repositories(person) if repo.admin]
    assert len({repo.id for repo in own}) == len({repo.full_name for repo in own}) == 3 * len(everyone)


class Histories(SandboxCase):
    def events(self, user: str) -> list[tuple[str, str]]:
        answer = self.call(f"/github/api/users/{user}-sandbox/events", self.connect("github", user))
        return [(event["type"], event["repo"]["name"]) for event in json.loads(answer.body)]

    def test_each_person_has_a_history_of_their_own(self) -> None:
        assert self.events("ada") != self.events("grace")

    def test_it_is_made_once(self) -> None:
        assert self.events("alan") == self.events("alan")

    def test_it_is_the_same_in_every_sandbox(self) -> None:
        expected = ["ReleaseEvent", "PushEvent", "PullRequestEvent", "IssuesEvent", "PullRequestEvent", "PushEvent"]
        assert [type_ for type_, _ in self.events("ada")][:6] == expected
