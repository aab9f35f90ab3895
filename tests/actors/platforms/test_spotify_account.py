"""Whose Spotify account it is, and how long its grant lives."""

import pytest

from actors.platforms.failures import BadAnswer
from storage.records import Account
from tests.actors.platforms.people import spotify
from tests.fakes.conversation import answer, drive, payload


def test_the_account_is_the_id_that_never_changes() -> None:
    told = drive(spotify().identify(), [answer(200, payload("spotify/me"))])
    assert told.called == ["GET http://sp/v1/me"]
    assert told.calls[0].auth == "bearer"
    assert told.result == Account("aB3dE5fG7h", "Ada", {"id": "ada_l"})


def test_an_older_server_has_only_the_other_id() -> None:
    me = payload("spotify/me")
    del me["account_id"]
    me["display_name"] = None
    assert drive(spotify().identify(), [answer(200, me)]).result == Account("ada_l", "ada_l", {"id": "ada_l"})


@pytest.mark.parametrize("body", [{}, [], {"id": 7}])
def test_an_answer_that_names_nobody_is_a_bad_answer(body: object) -> None:
    assert isinstance(drive(spotify().identify(), [answer(200, body)]).error, BadAnswer)


def test_a_grant_lives_six_months_from_consent_at_least() -> None:
    """The shortest six months are 181 days: warned a day early is better than a day late."""
    assert spotify().grant_lifetime == 181 * 86_400


@pytest.mark.parametrize(
    ("data_type", "count", "line"),
    [
        ("recently_played", 50, "50 new tracks"),
        ("recently_played", 1, "1 new track"),
        ("currently_playing", 1, "Something is playing on Spotify"),
        ("gaps", 1, "Some plays are missing: Spotify remembers only the last 50"),
    ],
)
def test_what_was_found_in_words(data_type: str, count: int, line: str) -> None:
    assert spotify().found(data_type, count) == line
