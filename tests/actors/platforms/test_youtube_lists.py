"""Reading YouTube: likes each time, uploads and subscriptions seldom, for every page is paid for."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Answer, Page
from actors.platforms.failures import BadAnswer, PlatformDown, PlatformError, RateLimited
from actors.platforms.youtube.api import until_midnight
from storage.records import Account
from tests.actors.platforms.googlers import SUB, youtube
from tests.actors.platforms.people import NOW
from tests.fakes.conversation import Conversation, answer, drive, external_ids, payload

API = "http://127.0.0.1:1/yt/youtube/v3"
ADA = Account(SUB, "Ada", {"channel": "UCada", "uploads": "UUada", "likes": "LL"})
DONE = {"uploads:at": str(int(NOW) - 60), "subscriptions:at": str(int(NOW) - 60)}
SEEN = DONE | {"liked_videos:seen": "like-1,like-0"}
QUOTA = answer(403, payload("youtube/quota"))
WHO = answer(200, {"sub": SUB, "email": "ada@example.com"})


def poll(cursors: dict[str, str], *answers: Answer | PlatformError, account: Account = ADA) -> Conversation:
    return drive(youtube().poll(account, cursors, NOW), answers)


def likes(*ids: str, page: str | None = None, total: int = 812) -> Answer:
    said = payload("youtube/likes")
    (one,) = said["items"]
    said |= {"items": [one | {"id": id_} for id_ in ids], "pageInfo": {"totalResults": total, "resultsPerPage": 50}}
    said.pop("nextPageToken")
    return answer(200, said | ({"nextPageToken": page} if page else {}))


SUBSCRIPTIONS = answer(200, payload("youtube/subscriptions"))
EMPTY = answer(200, {"kind": "youtube#playlistItemListResponse", "pageInfo": {"totalResults": 0}})


# -- who --------------------------------------------------------------------------------------------


def test_the_account_is_the_google_user_and_its_channel_is_remembered() -> None:
    told = drive(youtube().identify(), [WHO, answer(200, payload("youtube/channels"))])
    assert told.called[1] == f"GET {API}/channels"
    assert dict(told.calls[1].params) == {"part": "id,snippet,contentDetails", "mine": "true"}
    assert (told.result.id, told.result.name) == (SUB, "Ada")
    assert told.result.details == {
        "channel": "UC_x5XG1OV2P6uZZ5FSM9Ttw",
        "uploads": "UU_x5XG1OV2P6uZZ5FSM9Ttw",
        "likes": "LL",
    }


SIGN_UP = answer(
    401, {"error": {"code": 401, "message": "Unauthorized", "errors": [{"reason": "youtubeSignupRequired"}]}}
)


@pytest.mark.parametrize(
    "nothing",
    [answer(200, {"pageInfo": {"totalResults": 0}}), answer(200, {"items": []}), answer(200, {"items": [{}]}), SIGN_UP],
    ids=["absent", "empty", "nameless", "signup"],
)
def test_a_google_account_without_a_channel_is_told_what_to_do(nothing: Answer) -> None:
    error = drive(youtube().identify(), [WHO, nothing]).error
    assert error is not None
    assert (error.kind, "no channel" in error.detail) == ("no_channel", True)


# -- likes ------------------------------------------------------------------------------------------


def test_likes_are_read_with_the_time_of_the_like() -> None:
    told = poll(SEEN, likes("like-2", "like-1"))
    assert told.called == [f"GET {API}/playlistItems"]
    assert dict(told.calls[0].params) == {"part": "snippet,contentDetails", "playlistId": "LL", "maxResults": 50}
    assert external_ids(told.items) == ["like-2", "like-1"]
    assert (told.items[0].data_type, told.items[0].at) == ("liked_videos", 1_795_173_600.0)
    assert told.cursors == {"liked_videos:seen": "like-2,like-1"}


def test_reading_ends_at_the_page_with_a_known_one() -> None:
    told = poll(SEEN, likes("like-4", "like-3", page="2"), likes("like-2", "like-1", page="3"))
    assert told.calls[1].params["pageToken"] == "2"
    assert len(told.items) == 4
    assert [page.cursors for page in told.pages] == [{}, {"liked_videos:seen": "like-4,like-3"}]


def test_a_new_subscription_wants_the_hub_to_be_told() -> None:
    assert youtube().hooks_follow == {"subscriptions"}


def test_the_first_like_of_somebody_who_had_none_is_news() -> None:
    before = poll(DONE, likes()).cursors
    assert before["liked_videos:seen"] == ""
    assert [page.total for page in poll(DONE | before, likes("like-1")).pages] == [None]


def test_a_like_that_was_taken_back_is_not_the_only_one_remembered() -> None:
    """`like-1` is gone from the list; `like-0` still says where the known ones begin."""
    assert len(poll(SEEN, likes("like-2", "like-0", page="2")).calls) == 1


def test_a_first_read_is_bounded_and_told_as_it_goes() -> None:
    pages = [likes(*[f"l{page}-{number}" for number in range(50)], page=str(page)) for page in range(5)]
    told = poll(DONE, *pages)
    assert [(page.done, page.total) for page in told.pages] == [
        (50, 250),
        (100, 250),
        (150, 250),
        (200, 250),
        (250, 250),
    ]
    assert told.cursors["liked_videos:seen"].split(",") == [f"l0-{number}" for number in range(10)]


def test_nothing_liked_is_one_unit_and_no_trouble() -> None:
    assert poll(DONE, EMPTY).error is None
    gone = answer(404, {"error": {"code": 404, "message": "?", "errors": [{"reason": "playlistNotFound"}]}})
    assert poll(DONE, gone).error is None


def test_what_is_no_item_among_them_is_passed_over() -> None:
    said = payload("youtube/likes") | {"nextPageToken": None}
    said["items"] += [None, {}, {"id": ""}, {"id": "a,b"}]
    assert external_ids(poll(DONE, answer(200, said)).items) == ["TExfZGlzY28="]


# -- the rest, seldom -------------------------------------------------------------------------------


def test_uploads_and_subscriptions_are_read_when_their_time_has_come() -> None:
    told = poll({"liked_videos:seen": "like-1"}, likes("like-1"), likes("upload-1"), SUBSCRIPTIONS)
    assert told.called == [f"GET {API}/playlistItems", f"GET {API}/playlistItems", f"GET {API}/subscriptions"]
    assert told.calls[1].params["playlistId"] == "UUada"
    assert told.calls[2].params["order"] == "alphabetical"
    stored = [(item.data_type, item.external_id) for item in told.items]
    # An upload goes by its video, as it does when it is pushed.
    assert stored == [("liked_videos", "like-1"), ("uploads", "dQw4w9WgXcQ"), ("subscriptions", "sub-cs-talks")]
    assert told.cursors["uploads:at"] == told.cursors["subscriptions:at"] == str(int(NOW))


@pytest.mark.parametrize(("hours", "calls"), [(0, 1), (4.1, 1), (5.9, 3), (6, 3), (-1, 3)])
def test_every_third_poll_of_two_hours_reads_them(hours: float, calls: int) -> None:
    at = str(int(NOW - hours * 3600))
    cursors = SEEN | {"uploads:at": at, "subscriptions:at": at, "uploads:seen": "video-1"}
    told = poll(cursors, likes("like-1"), *[EMPTY, SUBSCRIPTIONS][: calls - 1])
    assert len(told.calls) == calls


@pytest.mark.parametrize(("hours", "calls"), [(6, 1), (22, 1), (24, 2)])
def test_whoever_never_uploaded_anything_is_looked_at_once_a_day(hours: float, calls: int) -> None:
    cursors = SEEN | {"uploads:at": str(int(NOW - hours * 3600)), "subscriptions:at": str(int(NOW))}
    assert len(poll(cursors, likes("like-1"), *[EMPTY][: calls - 1]).calls) == calls


def test_a_day_of_one_user_costs_less_than_a_unit_an_hour() -> None:
    cursors, units = SEEN | {"uploads:seen": "video-1"}, 0
    for hour in range(0, 24, 2):
        now = NOW + hour * 3600
        conversation = youtube().poll(ADA, cursors, now)
        step: Any = next(conversation)
        try:
            while True:
                if isinstance(step, Page):
                    cursors |= step.cursors
                    step = conversation.send(None)
                    continue
                units += step.cost
                step = conversation.send(SUBSCRIPTIONS if step.url.endswith("subscriptions") else likes("like-1"))
        except StopIteration as end:
            cursors |= end.value.cursors
    assert units == 12 + 3 + 3


def test_all_pages_of_subscriptions_are_read_for_they_are_in_no_order_of_time() -> None:
    first = answer(200, payload("youtube/subscriptions") | {"nextPageToken": "2"})
    told = poll(SEEN | {"subscriptions:at": "0"}, likes("like-1"), first, SUBSCRIPTIONS)
    assert told.calls[2].params["pageToken"] == "2"
    assert [page.cursors for page in told.pages[1:]] == [{}, {"subscriptions:at": str(int(NOW))}]


def test_a_channel_without_a_list_of_uploads_has_none() -> None:
    account = msgspec.structs.replace(ADA, details={"channel": "UCada"})
    assert len(poll({"liked_videos:seen": "l"}, likes("l"), SUBSCRIPTIONS, account=account).calls) == 2


# -- limits -----------------------------------------------------------------------------------------


def test_a_used_up_quota_is_the_apps_and_rests_until_midnight_in_california() -> None:
    error = poll(SEEN, QUOTA).error
    assert isinstance(error, RateLimited)
    assert error.retry_after == pytest.approx((18 * 60 + 53 + 1 / 3) * 60)  # it is 05:06:40 there
    assert "quota" in error.detail
    assert youtube().limit_scope == "app"
    assert (youtube().pace.daily, youtube().pace.zone) == (10_000, "America/Los_Angeles")


@pytest.mark.parametrize(
    ("there", "hours"), [("2026-07-01T23:59:00", 1 / 60), ("2026-11-01T00:00:00", 25), ("2026-03-08T00:00:00", 23)]
)
def test_that_midnight_knows_summer_time(there: str, hours: float) -> None:
    now = datetime.fromisoformat(there).replace(tzinfo=ZoneInfo("America/Los_Angeles")).timestamp()
    assert until_midnight(now) == pytest.approx(hours * 3600)


def test_a_short_limit_is_a_short_wait() -> None:
    body = {"error": {"code": 403, "message": "Slow down", "errors": [{"reason": "rateLimitExceeded"}]}}
    error = poll(SEEN, answer(403, body)).error
    assert isinstance(error, RateLimited)
    assert error.retry_after == 60


def test_what_was_liked_is_stored_even_if_the_rest_fails() -> None:
    told = poll({"liked_videos:seen": "l"}, likes("l"), answer(503))
    assert isinstance(told.error, PlatformDown)
    assert told.cursors == {"liked_videos:seen": "l"}


@pytest.mark.parametrize("body", [[], "x", 7, b"<html>"], ids=str)
def test_what_is_no_object_is_a_bad_answer(body: Any) -> None:
    assert isinstance(poll(SEEN, answer(200, body)).error, BadAnswer)
    assert isinstance(poll(SEEN | {"subscriptions:at": "0"}, likes("like-1"), answer(200, body)).error, BadAnswer)


WORDS = st.sampled_from(
    ["items", "id", "snippet", "contentDetails", "videoId", "publishedAt", "nextPageToken", "pageInfo"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.lists(values, min_size=1, max_size=4))
def test_any_answer_is_read_or_a_trouble_with_youtube(bodies: list[Any]) -> None:
    conversation = youtube().poll(ADA, {}, NOW)
    step: Any = next(conversation)
    try:
        for body in bodies * 50:
            if isinstance(step, Page):
                assert all(0 < len(item.external_id) <= 255 for item in step.items)
            step = conversation.send(None if isinstance(step, Page) else answer(200, body))
    except (StopIteration, PlatformError):
        return
