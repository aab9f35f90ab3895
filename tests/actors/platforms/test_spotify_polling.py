"""Polling Spotify: what was played since, without gaps that nobody is told of, and what is playing."""

from typing import Any

import pytest

from actors.platforms.base import Answer
from actors.platforms.failures import BadAnswer, PlatformError, RateLimited
from tests.actors.platforms.people import ADA, NOW, spotify
from tests.fakes.conversation import Conversation, answer, drive, external_ids, payload

SILENCE = answer(204)
LAST = 1_795_173_600_123
AFTER = {"recently_played:after": str(LAST)}
LOOKED = {"currently_playing:at": str(int(NOW))}


def poll(cursors: dict[str, str], *answers: Answer | PlatformError) -> Conversation:
    return drive(spotify().poll(ADA, cursors, NOW), answers)


def played(count: int, until: int) -> Any:
    """`count` plays, newest first, a second apart, the last of them at `until` milliseconds."""
    page = payload("spotify/recently_played")
    song = page["items"][0]
    page["items"] = [
        song | {"played_at": f"2026-11-20T11:{20 + step // 60:02}:{step % 60:02}.123Z"}
        for step in range(until, until - count, -1)
    ]
    return page


def test_a_first_read_takes_the_last_fifty() -> None:
    told = poll({}, answer(200, payload("spotify/recently_played")), SILENCE)
    assert told.called[0] == "GET http://sp/v1/me/player/recently-played"
    assert dict(told.calls[0].params) == {"limit": 50}
    assert external_ids(told.items) == [
        "2026-11-20T11:20:00.123Z:4uLU6hMCjMI75M1A2tKUQC",
        "2026-11-20T11:10:00.500Z:1301WleyT98MSxVHPZCA6M",
    ]
    assert [item.at for item in told.items] == [1_795_173_600.123, 1_795_173_000.5]
    assert told.cursors == AFTER | LOOKED


def test_a_later_read_begins_a_second_before_the_last_play_so_that_none_slips_through() -> None:
    told = poll(AFTER, answer(200, payload("spotify/recently_played")), SILENCE)
    assert dict(told.calls[0].params) == {"limit": 50, "after": LAST - 1000}


@pytest.mark.parametrize("cursors", [None, {"after": None}], ids=["null", "empty"])
def test_an_empty_page_leaves_the_cursor_where_it_was(cursors: Any) -> None:
    empty = payload("spotify/recently_played") | {"items": [], "next": None, "cursors": cursors}
    told = poll(AFTER, answer(200, empty), SILENCE)
    assert told.items == []
    assert told.cursors == LOOKED


def test_the_cursor_never_goes_back() -> None:
    told = poll({"recently_played:after": str(LAST + 60_000)}, answer(200, payload("spotify/recently_played")), SILENCE)
    assert told.cursors == LOOKED


def test_a_cursor_that_makes_no_sense_is_a_first_read() -> None:
    told = poll({"recently_played:after": "yesterday"}, answer(200, payload("spotify/recently_played")), SILENCE)
    assert "after" not in told.calls[0].params
    assert told.cursors == AFTER | LOOKED


def test_a_local_file_has_no_id_and_goes_by_its_uri() -> None:
    page = payload("spotify/recently_played")
    page["items"][0]["track"] |= {"id": None, "uri": "spotify:local:Ada:Demo:Engine:213"}
    told = poll({}, answer(200, page), SILENCE)
    assert external_ids(told.items)[0] == "2026-11-20T11:20:00.123Z:spotify:local:Ada:Demo:Engine:213"


def test_what_is_no_play_among_them_is_passed_over() -> None:
    page = payload("spotify/recently_played")
    page["items"] += [
        None,
        {"track": None, "played_at": "2026-11-20T11:00:00Z"},
        {"track": {"id": "x"}, "played_at": "?"},
    ]
    assert len(poll({}, answer(200, page), SILENCE).items) == 2


@pytest.mark.parametrize("body", [{}, [], {"items": None}, b"<html>"], ids=str)
def test_what_has_no_list_is_a_bad_answer(body: Any) -> None:
    assert isinstance(poll(AFTER, answer(200, body)).error, BadAnswer)


# -- gaps -------------------------------------------------------------------------------------------


def test_fifty_plays_that_do_not_reach_back_to_the_last_known_one_leave_a_marker() -> None:
    told = poll(AFTER, answer(200, played(50, until=100)), SILENCE)
    assert len(told.items) == 51
    gap = told.items[-1]
    assert (gap.data_type, gap.external_id) == ("gaps", f"recently_played:{LAST}")
    assert gap.raw == {
        "dataType": "recently_played",
        "after": "2026-11-20T11:20:00.123Z",
        "before": "2026-11-20T11:20:51.123Z",
    }


def test_fifty_plays_that_reach_back_to_a_known_one_leave_none() -> None:
    told = poll(AFTER, answer(200, played(50, until=49)), SILENCE)
    assert {item.data_type for item in told.items} == {"recently_played"}


def test_fewer_than_fifty_plays_are_all_there_were() -> None:
    told = poll(AFTER, answer(200, played(49, until=100)), SILENCE)
    assert {item.data_type for item in told.items} == {"recently_played"}


def test_a_first_read_of_fifty_is_a_beginning_and_no_gap() -> None:
    told = poll({}, answer(200, played(50, until=100)), SILENCE)
    assert {item.data_type for item in told.items} == {"recently_played"}


# -- what is playing --------------------------------------------------------------------------------

NOTHING = answer(200, {"items": [], "cursors": None})


def test_what_is_playing_is_an_item() -> None:
    told = poll({}, NOTHING, answer(200, payload("spotify/currently_playing")))
    assert told.called[1] == "GET http://sp/v1/me/player/currently-playing"
    assert dict(told.calls[1].params) == {"additional_types": "track,episode"}
    (item,) = told.items
    assert (item.data_type, item.external_id) == ("currently_playing", "1795173610000:4uLU6hMCjMI75M1A2tKUQC")
    assert item.raw == payload("spotify/currently_playing")
    assert item.at == 1_795_173_610


def test_the_same_moment_of_the_same_track_is_the_same_item() -> None:
    first = poll({}, NOTHING, answer(200, payload("spotify/currently_playing")))
    later = poll({}, NOTHING, answer(200, payload("spotify/currently_playing") | {"progress_ms": 99_000}))
    assert external_ids(first.items) == external_ids(later.items)


@pytest.mark.parametrize(
    "silence",
    [
        pytest.param(SILENCE, id="204"),
        pytest.param(answer(200, payload("spotify/currently_playing") | {"item": None}), id="advertisement"),
        pytest.param(answer(200, payload("spotify/currently_playing") | {"is_playing": False}), id="paused"),
        pytest.param(answer(200, {}), id="empty-object"),
    ],
)
def test_silence_is_no_item(silence: Answer) -> None:
    told = poll({}, NOTHING, silence)
    assert told.error is None
    assert told.items == []


def test_what_was_played_is_stored_even_if_asking_what_is_playing_fails() -> None:
    told = poll({}, answer(200, payload("spotify/recently_played")), answer(502))
    assert len(told.items) == 2
    assert told.cursors == AFTER
    assert told.error is not None


# -- and when it is worth asking --------------------------------------------------------------------

HOUR = 3600


def ago(seconds: float) -> str:
    return str(int(NOW - seconds))


def test_nobody_who_listens_to_nothing_is_asked_what_is_on() -> None:
    told = poll(AFTER | {"currently_playing:at": ago(HOUR)}, NOTHING)
    assert told.called == ["GET http://sp/v1/me/player/recently-played"]
    assert told.cursors == {}


def test_who_has_just_played_something_is_asked_what_is_on() -> None:
    page = payload("spotify/recently_played")
    page["items"][0]["played_at"] = "2026-11-20T13:00:00.000Z"
    told = poll(AFTER | {"currently_playing:at": ago(HOUR)}, answer(200, page), SILENCE)
    assert len(told.calls) == 2


def test_who_has_stopped_playing_a_while_ago_is_not() -> None:
    page = payload("spotify/recently_played")
    page["items"][0]["played_at"] = "2026-11-20T12:45:00.000Z"
    assert len(poll(AFTER | {"currently_playing:at": ago(HOUR)}, answer(200, page)).calls) == 1


@pytest.mark.parametrize("looked_at", ["", "?", ago(6 * HOUR), ago(-HOUR)], ids=["never", "senseless", "long", "later"])
def test_a_few_times_a_day_everybody_is(looked_at: str) -> None:
    """An episode never shows among the plays."""
    assert len(poll(AFTER | {"currently_playing:at": looked_at}, NOTHING, SILENCE).calls) == 2


def test_who_listens_to_episodes_is_asked_each_time() -> None:
    episode = payload("spotify/currently_playing") | {"currently_playing_type": "episode"}
    first = poll({}, NOTHING, answer(200, episode))
    assert len(poll(AFTER | first.cursors, NOTHING, SILENCE).calls) == 2
    long_ago = {"currently_playing:episode_at": ago(15 * 24 * HOUR), "currently_playing:at": ago(HOUR)}
    assert len(poll(AFTER | long_ago, NOTHING).calls) == 1


def test_a_poll_that_somebody_asks_for_goes_without_what_spares_this_call() -> None:
    assert set(LOOKED) == spotify().sparing


# -- limits -----------------------------------------------------------------------------------------


def test_a_limit_is_waited_out_and_is_the_whole_apps() -> None:
    told = poll({}, answer(429, {"error": {"status": 429, "message": "Too many requests"}}, {"Retry-After": "17"}))
    assert isinstance(told.error, RateLimited)
    assert told.error.retry_after == 17
    assert spotify().limit_scope == "app"


@pytest.mark.parametrize(
    ("said", "seconds"), [({}, 3600), ({"Retry-After": "5"}, 3600), ({"Retry-After": "9000"}, 9000)]
)
def test_a_used_up_quota_is_left_alone_for_long(said: dict[str, str], seconds: int) -> None:
    body = {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}
    told = poll({}, answer(429, body, said))
    assert isinstance(told.error, RateLimited)
    assert told.error.retry_after == seconds
    assert "quota" in told.error.detail
