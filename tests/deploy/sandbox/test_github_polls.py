"""Polling GitHub: pages, ETags, limits, and the trimmed events of today."""

import json
from typing import Any

from tornado.httpclient import HTTPResponse

from tests.deploy.sandbox.scene import SandboxCase, read

EVENTS = "/github/api/users/ada-sandbox/events"


class GitHubPolls(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.token = self.connect("github")

    def get(self, path: str, **headers: str) -> HTTPResponse:
        return self.call(path, self.token, **headers)

    def events(self, query: str = "") -> list[dict[str, Any]]:
        answer = self.get(EVENTS + query)
        assert answer.code == 200
        told: list[dict[str, Any]] = json.loads(answer.body)
        return told

    def test_an_account_looks_lived_in_from_the_first_poll(self) -> None:
        events = self.events()
        assert 6 <= len(events) <= 10
        assert len({event["repo"]["name"] for event in events}) >= 3
        assert len({event["type"] for event in events}) >= 4

    def test_the_newest_comes_first_under_a_string_id(self) -> None:
        self.ordered("github/activity", {"user": "ada"})
        events = self.events()
        times = [event["created_at"] for event in events]
        assert times == sorted(times, reverse=True)
        assert all(isinstance(event["id"], str) and event["id"].isdecimal() for event in events)

    def test_what_happens_is_in_the_next_poll_under_the_id_that_was_answered(self) -> None:
        happened = self.ordered("github/activity", {"user": "ada", "kind": "issues"})
        newest = self.events()[0]
        assert newest["id"] == happened["id"]
        assert newest["type"] == "IssuesEvent"
        assert newest["payload"]["issue"]["title"]

    def test_each_kind_has_the_payload_that_events_have_now(self) -> None:
        expected = {
            "push": ("PushEvent", {"repository_id", "push_id", "ref", "head", "before"}),
            "issues": ("IssuesEvent", {"action", "issue"}),
            "pull_request": ("PullRequestEvent", {"action", "number", "pull_request", "assignees", "labels"}),
            "release": ("ReleaseEvent", {"action", "release"}),
            "star": ("WatchEvent", {"action"}),
            "fork": ("ForkEvent", {"action", "forkee"}),
            "issue_comment": ("IssueCommentEvent", {"action", "issue", "comment"}),
            "create": ("CreateEvent", {"ref", "ref_type", "full_ref", "master_branch", "description", "pusher_type"}),
        }
        for kind, (type_, fields) in expected.items():
            self.ordered("github/activity", {"user": "ada", "kind": kind})
            newest = self.events()[0]
            assert (newest["type"], set(newest["payload"])) == (type_, fields)

    def test_a_pull_requests_title_is_to_be_asked_for(self) -> None:
        self.ordered("github/activity", {"user": "ada", "kind": "pull_request"})
        trimmed = self.events()[0]["payload"]["pull_request"]
        assert set(trimmed) == {"id", "number", "url", "head", "base"}
        full = read(self.get("/github" + trimmed["url"].partition("/github")[2]), 200)
        assert (full["id"], full["number"]) == (trimmed["id"], trimmed["number"])
        assert full["title"]
        assert full["html_url"].endswith(f"/pull/{full['number']}")

    def test_pages_are_linked(self) -> None:
        everything = [event["id"] for event in self.events()]
        first = self.get(EVENTS + "?per_page=4")
        assert 'page=2>; rel="next"' in first.headers["Link"]
        last_page = -(-len(everything) // 4)
        assert f'page={last_page}>; rel="last"' in first.headers["Link"]
        paged = [event["id"] for page in range(1, last_page + 1) for event in self.events(f"?per_page=4&page={page}")]
        assert paged == everything
        assert 'rel="next"' not in self.get(EVENTS + f"?per_page=4&page={last_page}").headers["Link"]

    def test_a_page_has_100_events_at_most_and_the_timeline_300(self) -> None:
        for _ in range(310):
            self.sandbox.platforms[0].happen("ada", "star", None)
        assert len(self.events("?per_page=500")) == 100
        assert len(self.events("?per_page=100&page=3")) == 100
        assert self.events("?per_page=100&page=4") == []

    def test_the_timeline_forgets_after_30_days(self) -> None:
        self.time += 29 * 86_400
        self.ordered("github/activity", {"user": "ada"})
        self.time += 86_400 * 3
        self.token = self.connect("github")
        assert len(self.events()) == 1

    def test_an_unchanged_answer_is_304_without_a_body_and_costs_nothing(self) -> None:
        first = self.get(EVENTS)
        assert first.headers["X-Poll-Interval"] == "60"
        again = self.get(EVENTS, If_None_Match=first.headers["ETag"])
        assert (again.code, again.body) == (304, b"")
        assert again.headers["X-Poll-Interval"] == "60"
        assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]

    def test_a_changed_answer_has_another_etag(self) -> None:
        first = self.get(EVENTS)
        self.ordered("github/activity", {"user": "ada"})
        again = self.get(EVENTS, If_None_Match=first.headers["ETag"])
        assert again.code == 200
        assert again.headers["ETag"] != first.headers["ETag"]

    def test_repositories_come_most_recently_pushed_first_with_the_rights_on_them(self) -> None:
        where = "ada-sandbox/paper-tape"
        self.ordered("github/activity", {"user": "ada", "kind": "push", "where": where})
        repos = json.loads(self.get("/github/api/user/repos?sort=pushed").body)
        assert repos[0]["full_name"] == where
        pushed = [repo["pushed_at"] for repo in repos]
        assert pushed == sorted(pushed, reverse=True)
        assert [repo["permissions"]["admin"] for repo in repos].count(True) == 3
        assert [repo["permissions"]["admin"] for repo in repos].count(False) == 1

    def test_who_one_is(self) -> None:
        me = read(self.get("/github/api/user"), 200)
        assert (me["login"], me["type"]) == ("ada-sandbox", "User")
        assert isinstance(me["id"], int)

    def test_others_see_only_what_is_public(self) -> None:
        private, public = "grace-sandbox/tide-clock", "grace-sandbox/compiler-garden"
        self.ordered("github/activity", {"user": "grace", "where": public})
        self.ordered("github/activity", {"user": "grace", "where": private})
        seen = json.loads(self.get("/github/api/users/grace-sandbox/events").body)
        assert seen[0]["repo"]["name"] == public
        assert private not in {event["repo"]["name"] for event in seen}
        own = json.loads(self.call("/github/api/users/grace-sandbox/events", self.connect("github", "grace")).body)
        assert own[0]["repo"]["name"] == private

    def test_5000_calls_an_hour(self) -> None:
        self.sandbox.platforms[0].allowance["ada"] = (4_999, self.time + 600)  # type: ignore[attr-defined]
        assert self.get("/github/api/user").headers["X-RateLimit-Remaining"] == "0"
        refused = self.get("/github/api/user")
        assert refused.code == 403
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert refused.headers["X-RateLimit-Reset"] == str(int(self.time + 600))
        self.time += 601
        assert self.get("/github/api/user").headers["X-RateLimit-Remaining"] == "4999"

    def test_a_call_without_a_user_agent_is_forbidden(self) -> None:
        refused = self.get("/github/api/user", User_Agent="")
        assert refused.code == 403
        assert b"User-Agent" in refused.body

    def test_refusals_have_githubs_shape(self) -> None:
        assert read(self.call("/github/api/user", "gho_made_up"), 401)["message"] == "Bad credentials"
        assert read(self.fetch("/github/api/user"), 401)["message"] == "Requires authentication"
        assert read(self.get("/github/api/nothing/here"), 404)["message"] == "Not Found"
        assert "documentation_url" in read(self.get("/github/api/users/nobody/events"), 404)
