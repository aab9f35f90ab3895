"""Whose GitHub account it is, and the end of its token there."""

import pytest

from actors.platforms.base import Answer
from actors.platforms.failures import BadAnswer, PlatformDown, Unauthorized
from storage.records import Account, Secret, Token
from tests.actors.platforms.people import github
from tests.fakes.conversation import answer, drive, payload

TOKEN = Token(Secret("gho_1"))


def test_the_account_is_its_number_and_the_login_a_detail() -> None:
    told = drive(github().identify(), [answer(200, payload("github/user"))])
    assert told.called == ["GET http://gh/api/user"]
    assert told.calls[0].auth == "bearer"
    assert told.calls[0].headers["Accept"] == "application/vnd.github+json"
    assert told.result == Account("583231", "The Octocat", {"login": "octocat"})


def test_somebody_without_a_name_goes_by_the_login() -> None:
    told = drive(github().identify(), [answer(200, payload("github/user") | {"name": None})])
    assert told.result.name == "octocat"


@pytest.mark.parametrize("body", [{}, [], {"id": "583231", "login": "octocat"}, {"id": 1, "login": None}])
def test_an_answer_that_names_nobody_is_a_bad_answer(body: object) -> None:
    assert isinstance(drive(github().identify(), [answer(200, body)]).error, BadAnswer)


def test_a_token_that_is_not_taken_is_told_as_such() -> None:
    told = drive(github().identify(), [answer(401, {"message": "Bad credentials"})])
    assert isinstance(told.error, Unauthorized)


def test_revoking_ends_this_token_alone_and_shows_it_nowhere() -> None:
    told = drive(github().revoke(TOKEN), [answer(204)])
    (call,) = told.calls
    assert told.called == ["DELETE http://gh/api/applications/app-1/token"]
    assert call.auth == "basic"
    assert call.json == {"access_token": Secret("gho_1")}
    assert "gho_1" not in repr(call)


@pytest.mark.parametrize("gone", [answer(404, {"message": "Not Found"}), answer(422, {"message": "no"})])
def test_a_token_that_is_gone_already_is_as_good_as_revoked(gone: Answer) -> None:
    assert drive(github().revoke(TOKEN), [gone]).error is None


def test_a_token_that_could_not_be_revoked_is_told() -> None:
    assert isinstance(drive(github().revoke(TOKEN), [answer(502)]).error, PlatformDown)
