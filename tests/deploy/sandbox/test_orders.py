"""Who may give orders, how, and what is answered."""

import json
from typing import Any

import jwt
from tornado.httpclient import HTTPResponse

from deploy.sandbox.places import endpoints
from tests.deploy.sandbox.scene import SECRET, SERVICE, START, SandboxCase, read

PAGE = SERVICE
STRANGER = "https://evil.example"


def code(answer: HTTPResponse) -> tuple[int, str]:
    return answer.code, json.loads(answer.body)["error"]["code"]


class Orders(SandboxCase):
    people = 2

    # -- from where ----------------------------------------------------------------------------------
    def test_another_host_is_refused_for_it_may_be_a_page_that_points_its_name_here(self) -> None:
        for host in (f"evil.example:{self.get_http_port()}", "127.0.0.1.evil.example", "0.0.0.0", "[bad"):
            answer = self.order("github/activity", {"user": "ada"}, Host=host)
            assert answer.code in (400, 403)
        assert code(self.order("github/calls", method="GET", Host="evil.example")) == (403, "not_loopback")

    def test_the_names_of_this_machine_are_taken(self) -> None:
        for host in ("localhost:3002", "127.0.0.1", "[::1]:3002"):
            assert self.order("github/activity", {"user": "ada"}, Host=host).code == 200

    def test_an_order_that_is_not_json_by_its_type_is_refused(self) -> None:
        for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
            answer = self.order("github/activity", {"user": "ada"}, Content_Type=content_type)
            assert code(answer) == (415, "not_json")
        assert (
            self.order("github/activity", {"user": "ada"}, Content_Type="application/json; charset=utf-8").code == 200
        )

    def test_the_services_page_may_make_things_happen_and_sign_people_in(self) -> None:
        for path in ("github/activity", "token"):
            preflight = self.order(path, method="OPTIONS", Origin=PAGE)
            assert preflight.code == 204
            assert preflight.headers["Access-Control-Allow-Origin"] == PAGE
            assert preflight.headers["Access-Control-Allow-Headers"] == "Content-Type"
            answer = self.order(path, {"user": "ada"}, Origin=PAGE)
            assert answer.code == 200
            assert answer.headers["Access-Control-Allow-Origin"] == PAGE

    def test_the_services_page_may_do_nothing_else(self) -> None:
        for path in ("github/fault", "github/lifetime", "github/code", "github/calls"):
            answer = self.order(path, method="OPTIONS", Origin=PAGE)
            assert answer.code == 403
            assert "Access-Control-Allow-Origin" not in answer.headers

    def test_other_pages_may_do_nothing(self) -> None:
        for origin in (STRANGER, "null", "http://127.0.0.1:3999"):
            for method, body in (("OPTIONS", None), ("POST", {"user": "ada"})):
                answer = self.order("github/activity", body, method, Origin=origin)
                assert answer.code == 403
                assert "Access-Control-Allow-Origin" not in answer.headers
        assert self.calls("github") == []

    # -- what ----------------------------------------------------------------------------------------
    def test_an_unknown_kind_is_answered_with_those_that_there_are(self) -> None:
        answer = self.order("spotify/activity", {"user": "ada", "kind": "dance"})
        assert code(answer) == (400, "unknown_kind")
        assert "now_playing" in json.loads(answer.body)["error"]["message"]

    def test_unknown_people_places_and_platforms_are_said_in_words(self) -> None:
        assert code(self.order("github/activity", {"user": "nobody"})) == (404, "unknown_person")
        assert code(self.order("github/code", {"user": "root"})) == (404, "unknown_person")
        assert code(self.order("github/activity", {"user": "ada", "where": "x/y"})) == (400, "unknown_place")
        assert code(self.order("myspace/activity", {"user": "ada"})) == (404, "unknown_platform")
        assert code(self.order("nothing", {})) == (404, "not_found")

    def test_malformed_orders_are_refused(self) -> None:
        bad: list[Any] = [[], "ada", {}, {"user": 7}, {"user": "ada", "kidn": "push"}, {"user": "ada", "kind": 1}]
        for body in bad:
            assert code(self.order("github/activity", body)) == (400, "malformed")
        broken = self.fetch(
            "/_control/github/activity", method="POST", body="{", headers={"Content-Type": "application/json"}
        )
        assert code(broken) == (400, "malformed")

    def test_a_token_is_signed_as_the_app_signs_it(self) -> None:
        token = self.ordered("token", {"user": "root", "role": "admin", "ttl": 60})["token"]
        claims = jwt.decode(token, SECRET, ["HS256"], audience="soulwire", options={"verify_exp": False})
        assert (claims["sub"], claims["role"]) == ("root", "admin")
        assert claims["iat"] == START
        assert claims["exp"] == START + 60
        assert claims["jti"]
        assert "iss" not in claims

    def test_a_token_is_a_users_for_an_hour_unless_said_otherwise(self) -> None:
        token = self.ordered("token", {"user": "ada"})["token"]
        claims = jwt.decode(token, SECRET, ["HS256"], audience="soulwire", options={"verify_exp": False})
        assert (claims["role"], claims["exp"]) == ("user", START + 3_600)

    def test_a_role_that_is_not_one_is_refused(self) -> None:
        assert code(self.order("token", {"user": "ada", "role": "emperor"})) == (400, "malformed")

    def test_calls_are_listed_with_whose_they_were_and_how_they_ended(self) -> None:
        given = self.connect("github", "user-0002")
        self.call("/github/api/user", given)
        self.call("/github/api/user", "gho_made_up")
        told = [(each["user"], each["method"], each["path"], each["status"]) for each in self.calls("github")]
        assert told == [
            ("user-0002", "POST", "/github/login/oauth/access_token", 200),
            ("user-0002", "GET", "/github/api/user", 200),
            (None, "GET", "/github/api/user", 401),
        ]
        assert self.calls("github")[0]["at"] == "2026-11-20T18:40:00.000Z"
        assert self.calls("spotify") == []

    def test_the_overview_says_who_and_what_there_is(self) -> None:
        told = read(self.order("", method="GET"), 404)
        assert told["error"]["code"] == "not_found"
        overview = read(self.fetch("/_control"), 200)
        assert overview["people"] == ["ada", "grace", "alan", "user-0001", "user-0002"]
        assert set(overview["platforms"]) == set(endpoints(0))
        assert "push" in overview["platforms"]["github"]["kinds"]
