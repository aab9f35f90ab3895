"""GitHub's webhooks: made where one administers, pinged, signed, and what each happening sends."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs

from tornado.httpclient import HTTPResponse

from tests.deploy.sandbox.scene import Receiver, SandboxCase, read

REPO = "ada-sandbox/night-sky-notes"
HOOKS = f"/github/api/repos/{REPO}/hooks"
SIX = ["push", "issues", "pull_request", "release", "star", "fork"]


class HookCase(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        self.receiver = Receiver()
        self.token = self.connect("github")

    def tearDown(self) -> None:
        self.receiver.close()
        super().tearDown()

    def make(self, events: list[str] | None = None, path: str = HOOKS, **config: str) -> HTTPResponse:
        body: dict[str, Any] = {"name": "web", "active": True}
        body["config"] = {"url": self.receiver.url, "content_type": "json", "secret": "s3cret", **config}
        if events is not None:
            body["events"] = events
        return self.call(path, self.token, "POST", body)

    def made(self, events: list[str] | None = None, **config: str) -> dict[str, Any]:
        """A hook, its ping already delivered and forgotten."""
        hook = read(self.make(events, **config), 201)
        self.sent()
        self.receiver.requests.clear()
        return hook

    def happens(self, kind: str, where: str = REPO) -> dict[str, Any]:
        told = self.ordered("github/activity", {"user": "ada", "kind": kind, "where": where})
        self.sent()
        return told


class MakingHooks(HookCase):
    def test_a_hook_is_made_and_its_secret_never_shown(self) -> None:
        answer = self.make(SIX)
        hook = read(answer, 201)
        assert answer.headers["Location"] == hook["url"]
        assert hook["events"] == SIX
        assert hook["config"] == {
            "content_type": "json", "insecure_ssl": "0", "secret": "********", "url": self.receiver.url,
        }  # fmt: skip
        assert hook["last_response"] == {"code": None, "status": "unused", "message": None}
        assert json.loads(self.call(HOOKS, self.token).body)[0]["id"] == hook["id"]

    def test_a_new_hook_is_pinged(self) -> None:
        hook = read(self.make(SIX), 201)
        self.sent()
        ping = self.receiver.bodies("ping")[0]
        assert ping["hook_id"] == hook["id"]
        assert ping["zen"]
        assert ping["repository"]["full_name"] == REPO
        shown = read(self.call(f"{HOOKS}/{hook['id']}", self.token), 200)
        assert shown["last_response"] == {"code": 202, "status": "active", "message": "OK"}

    def test_without_admin_rights_the_repository_is_not_there(self) -> None:
        assert self.make(SIX, "/github/api/repos/open-almanac-sandbox/almanac/hooks").code == 404
        assert self.make(SIX, "/github/api/repos/grace-sandbox/tide-clock/hooks").code == 404

    def test_the_same_hook_twice_is_refused(self) -> None:
        self.made(SIX)
        refused = read(self.make(SIX), 422)
        assert refused["errors"][0]["message"] == "Hook already exists on this repository"
        assert self.make(["push"]).code == 201

    def test_an_event_has_20_hooks_at_most(self) -> None:
        for number in range(20):
            assert self.make(["push"], url=f"{self.receiver.url}/{number}").code == 201
        assert self.make(["push"], url=f"{self.receiver.url}/20").code == 422
        self.sent()

    def test_what_makes_no_sense_is_refused(self) -> None:
        assert self.make(["pushed"]).code == 422
        assert self.make(SIX, url="").code == 422
        assert self.make(SIX, content_type="xml").code == 422
        assert self.call(HOOKS, self.token, "POST", ["not", "a", "hook"]).code == 422

    def test_nothing_is_ever_sent_to_another_machine(self) -> None:
        assert self.make(SIX, url="https://example.com/hook").code == 422
        assert self.make(SIX, url="http://192.168.1.2/hook").code == 422

    def test_a_hook_can_be_changed_and_removed(self) -> None:
        own = f"{HOOKS}/{self.made(SIX)['id']}"
        assert read(self.call(own, self.token, "PATCH", {"active": False}), 200)["active"] is False
        self.happens("push")
        assert self.receiver.requests == []
        read(self.call(own, self.token, "PATCH", {"active": True, "events": ["star"]}), 200)
        self.happens("push")
        self.happens("star")
        assert [request.headers["X-GitHub-Event"] for request in self.receiver.requests] == ["star"]
        assert self.call(own, self.token, "DELETE").code == 204
        assert self.call(own, self.token).code == 404
        self.happens("star")
        assert len(self.receiver.requests) == 1


class Pushes(HookCase):
    def test_a_push_has_githubs_headers_and_both_signatures(self) -> None:
        hook = self.made(SIX)
        told = self.happens("push")
        request = self.receiver.requests[0]
        headers = request.headers
        assert headers["Content-Type"] == "application/json"
        assert headers["User-Agent"].startswith("GitHub-Hookshot/")
        assert headers["X-GitHub-Event"] == "push"
        assert [headers["X-GitHub-Delivery"]] == told["deliveries"]
        assert headers["X-GitHub-Hook-ID"] == str(hook["id"])
        assert headers["X-GitHub-Hook-Installation-Target-Type"] == "repository"
        assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(json.loads(request.body)["repository"]["id"])
        sha256 = hmac.new(b"s3cret", request.body, hashlib.sha256).hexdigest()
        sha1 = hmac.new(b"s3cret", request.body, hashlib.sha1).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={sha256}"
        assert headers["X-Hub-Signature"] == f"sha1={sha1}"

    def test_without_a_secret_nothing_is_signed(self) -> None:
        self.made(SIX, secret="")
        self.happens("push")
        assert "X-Hub-Signature-256" not in self.receiver.requests[0].headers

    def test_a_hook_for_forms_gets_one_field_signed_as_it_is_sent(self) -> None:
        self.made(SIX, content_type="form")
        self.happens("push")
        request = self.receiver.requests[0]
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert json.loads(parse_qs(request.body.decode())["payload"][0])["ref"] == "refs/heads/main"
        signed = hmac.new(b"s3cret", request.body, hashlib.sha256).hexdigest()
        assert request.headers["X-Hub-Signature-256"] == f"sha256={signed}"

    def test_only_what_was_subscribed_to_is_sent(self) -> None:
        self.made(["issues"])
        self.happens("push")
        assert self.receiver.requests == []
        self.happens("issues")
        assert len(self.receiver.requests) == 1

    def test_a_star_on_all_of_it_is_sent_twice_and_a_release_three_times(self) -> None:
        self.made(["*"])
        self.happens("star")
        self.happens("release")
        sent = [(r.headers["X-GitHub-Event"], json.loads(r.body)["action"]) for r in self.receiver.requests]
        assert sorted(sent[:2]) == [("star", "created"), ("watch", "started")]
        assert sorted(sent[2:]) == [("release", "created"), ("release", "published"), ("release", "released")]
        assert len({request.headers["X-GitHub-Delivery"] for request in self.receiver.requests}) == 5

    def test_another_repositorys_hook_hears_nothing(self) -> None:
        self.made(SIX)
        self.happens("push", "ada-sandbox/paper-tape")
        assert self.receiver.requests == []

    def test_push_and_poll_tell_of_the_same_things(self) -> None:
        self.made(["*"])
        for kind in (*SIX, "issue_comment", "create"):
            self.happens(kind)
        polled = {event["type"]: event for event in json.loads(self.polled())}
        pushed = {kind: self.receiver.bodies(kind)[0] for kind in (*SIX, "issue_comment", "create")}
        assert pushed["push"]["after"] == polled["PushEvent"]["payload"]["head"]
        assert pushed["push"]["before"] == polled["PushEvent"]["payload"]["before"]
        assert pushed["issues"]["issue"] == polled["IssuesEvent"]["payload"]["issue"]
        pull = pushed["pull_request"]["pull_request"]
        assert pull["id"] == polled["PullRequestEvent"]["payload"]["pull_request"]["id"]
        assert pull["title"]
        assert pushed["release"]["release"] == polled["ReleaseEvent"]["payload"]["release"]
        assert pushed["star"]["starred_at"] == polled["WatchEvent"]["created_at"]
        assert pushed["fork"]["forkee"]["id"] == polled["ForkEvent"]["payload"]["forkee"]["id"]
        assert pushed["issue_comment"]["comment"] == polled["IssueCommentEvent"]["payload"]["comment"]
        assert pushed["create"]["ref"] == polled["CreateEvent"]["payload"]["ref"]
        senders = {(body["sender"]["id"], body["repository"]["id"]) for body in pushed.values()}
        assert senders == {(each["actor"]["id"], each["repo"]["id"]) for each in list(polled.values())[:8]}

    def polled(self) -> str:
        return self.call("/github/api/users/ada-sandbox/events?per_page=8", self.token).body.decode()

    def test_only_in_a_push_are_the_repositorys_times_whole_seconds(self) -> None:
        self.made(SIX)
        self.happens("push")
        self.happens("issues")
        in_push, in_issues = self.receiver.bodies("push")[0], self.receiver.bodies("issues")[0]
        assert isinstance(in_push["repository"]["pushed_at"], int)
        assert in_push["repository"]["owner"]["name"] == "ada-sandbox"
        assert isinstance(in_issues["repository"]["pushed_at"], str)
        assert in_push["head_commit"]["timestamp"].endswith("+00:00")
        assert in_push["commits"][-1] == in_push["head_commit"]
