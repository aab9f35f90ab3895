"""All that LinkedIn shows to everybody's apps: who the user is."""

import json
from typing import Any

from tests.deploy.sandbox.scene import SandboxCase, read

ME = "/linkedin/v2/userinfo"
FIELDS = {"sub", "name", "given_name", "family_name", "picture", "locale", "email", "email_verified"}


class LinkedInProfile(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.tokens = {user: self.connect("linkedin", user) for user in ("ada", "grace", "alan")}

    def me(self, user: str = "ada") -> dict[str, Any]:
        return read(self.call(ME, self.tokens[user]), 200)

    def changed(self) -> set[str]:
        before = self.me()
        self.ordered("linkedin/activity", {"user": "ada"})
        after = self.me()
        return {name for name in after if after[name] != before[name]}

    def test_it_says_who_one_is(self) -> None:
        me = self.me()
        assert me.keys() == FIELDS
        assert (me["name"], me["given_name"], me["family_name"]) == ("Ada Lovelace", "Ada", "Lovelace")
        assert (me["email"], me["email_verified"]) == ("ada@example.com", True)
        assert len({self.me(user)["sub"] for user in self.tokens}) == 3

    def test_the_locale_is_an_object_and_for_some_a_string(self) -> None:
        assert self.me()["locale"] == {"country": "US", "language": "en"}
        assert self.me("alan")["locale"] == "en_US"

    def test_the_pictures_address_is_another_each_time_and_the_picture_is_not(self) -> None:
        first = self.me()["picture"]
        self.time += 100
        second = self.me()["picture"]
        assert first != second
        assert first.partition("?")[0] == second.partition("?")[0]

    def test_what_changes_is_the_picture_the_name_and_the_address_in_turn(self) -> None:
        assert [self.changed() for _ in range(4)] == [
            {"picture"}, {"name", "family_name"}, {"picture"}, {"email"},
        ]  # fmt: skip
        assert self.me("grace")["name"] == "Grace Hopper"
        assert self.me()["name"] == "Ada Lovelace, PhD"

    def test_the_number_never_changes(self) -> None:
        before = self.me()["sub"]
        for _ in range(6):
            self.changed()
        assert self.me()["sub"] == before == "6BUl9H1ZN7"

    def test_a_throttle_says_nothing_of_when_it_ends(self) -> None:
        self.fault("linkedin", "rate_limit", seconds=60)
        answer = self.call(ME, self.tokens["ada"])
        told = json.loads(answer.body)
        assert (answer.code, told["serviceErrorCode"], told["status"]) == (429, 101, 429)
        assert not [name for name in answer.headers if "ratelimit" in name.lower() or name == "Retry-After"]

    def test_places_and_paths_that_are_not_are_refused(self) -> None:
        assert self.order("linkedin/activity", {"user": "ada", "where": "x"}).code == 400
        assert read(self.call("/linkedin/v2/posts", self.tokens["ada"]), 404)["code"] == "RESOURCE_NOT_FOUND"

    def test_down_is_a_503(self) -> None:
        self.fault("linkedin", "down")
        assert read(self.call(ME, self.tokens["ada"]), 503)["status"] == 503

    def test_cursors_cannot_be_lost_where_there_are_none(self) -> None:
        self.fault("linkedin", "cursor_gone")
        assert self.me()["name"] == "Ada Lovelace"
