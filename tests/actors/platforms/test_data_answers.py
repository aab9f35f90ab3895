"""What an API's answer means, and how long a limit lasts."""

import pytest

from actors.platforms.base import Answer
from actors.platforms.failures import (
    BadAnswer,
    Forbidden,
    NotFound,
    PlatformDown,
    PlatformError,
    RateLimited,
    Unauthorized,
    data_answer,
)
from tests.fakes.conversation import answer

HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = b"<html>Forbidden</html>"
NOW = 1_795_180_000.0
AT_NOW = "Fri, 20 Nov 2026 13:06:40 GMT"
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}

MEANINGS: dict[str, tuple[Answer, type[PlatformError]]] = {
    "401-of-the-api": (answer(401, {"message": "Bad credentials", "status": "401"}), Unauthorized),
    "401-without-a-body": (answer(401), Unauthorized),
    "401-page-of-a-proxy": (answer(401, PAGE, HTML), PlatformDown),
    "403-of-the-api": (answer(403, {"message": "Resource not accessible by integration"}), Forbidden),
    "403-scope": (answer(403, {"error": {"status": 403, "message": "Insufficient client scope"}}), Forbidden),
    "403-page-of-a-proxy": (answer(403, PAGE, HTML), PlatformDown),
    "403-page-without-a-label": (answer(403, b"  <!doctype html>"), PlatformDown),
    "404": (answer(404, {"message": "Not Found"}), NotFound),
    "404-page-of-a-proxy": (answer(404, PAGE, HTML), PlatformDown),
    "410": (answer(410, {"error": {"code": 410, "message": "Sync token is no longer valid"}}), NotFound),
    "400": (answer(400, {"message": "Problems parsing JSON"}), BadAnswer),
    "422": (answer(422, {"message": "Validation Failed"}), BadAnswer),
    "301-to-elsewhere": (answer(301, b"", {"Location": "https://example.com"}), BadAnswer),
    "408": (answer(408), PlatformDown),
    "500": (answer(500, {"message": "Server Error"}), PlatformDown),
    "502-page": (answer(502, PAGE, HTML), PlatformDown),
    "503": (answer(503), PlatformDown),
    "429": (answer(429), RateLimited),
    "429-page-of-a-ban": (answer(429, PAGE, HTML), RateLimited),
    "403-primary-limit": (answer(403, {"message": "no"}, {"X-RateLimit-Remaining": "0"}), RateLimited),
    "403-secondary-limit": (answer(403, SECONDARY), RateLimited),
    "403-with-retry-after": (answer(403, {"message": "slow"}, {"Retry-After": "9"}), RateLimited),
}


@pytest.mark.parametrize(("shape", "kind"), MEANINGS.values(), ids=MEANINGS)
def test_what_an_answer_means(shape: Answer, kind: type[PlatformError]) -> None:
    with pytest.raises(PlatformError) as trouble:
        data_answer(shape, NOW)
    assert type(trouble.value) is kind


@pytest.mark.parametrize("status", [200, 201, 204, 206, 304])
def test_a_good_answer_is_handed_on(status: int) -> None:
    good = answer(status)
    assert data_answer(good) is good


WAITS = {
    "seconds": ({"Retry-After": "42"}, 42.0),
    "date-by-our-clock": ({"Retry-After": "Fri, 20 Nov 2026 13:08:40 GMT"}, 120.0),
    "date-by-the-platforms-own-clock": (
        {"Retry-After": "Fri, 20 Nov 2026 15:08:40 GMT", "Date": "Fri, 20 Nov 2026 15:07:40 GMT"},
        60.0,
    ),
    "date-in-the-past": ({"Retry-After": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0.0),
    "until-the-reset": ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795180900"}, 900.0),
    "until-the-reset-by-the-platforms-clock": (
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795180900", "Date": "Fri, 20 Nov 2026 13:11:40 GMT"},
        600.0,
    ),
    "the-longer-of-two": (
        {"Retry-After": "30", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795180900", "Date": AT_NOW},
        900.0,
    ),
    "reset-of-a-limit-that-was-not-reached": ({"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "1795180900"}, 60.0),
    "not-said": ({}, 60.0),
    "nonsense": ({"Retry-After": "soon"}, 60.0),
    "negative": ({"Retry-After": "-5"}, 60.0),
    "for-ever": ({"Retry-After": "999999999999"}, 86_400.0),
    "a-number-of-no-end": ({"Retry-After": "9" * 400}, 60.0),
}


@pytest.mark.parametrize(("headers", "seconds"), WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("status", [403, 429])
def test_how_long_a_limit_lasts(status: int, headers: dict[str, str], seconds: float) -> None:
    with pytest.raises(RateLimited) as limited:
        data_answer(answer(status, SECONDARY, headers), NOW)
    assert limited.value.retry_after == seconds


def test_a_reset_that_no_clock_can_be_held_against_is_not_guessed() -> None:
    with pytest.raises(RateLimited) as limited:
        data_answer(answer(429, b"", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795180900"}))
    assert limited.value.retry_after == 60


def test_the_platforms_words_are_kept_without_what_may_be_a_secret() -> None:
    with pytest.raises(Forbidden) as trouble:
        data_answer(answer(403, {"message": "Token gho_16C7e42F292c6912E7710c838347Ae178B4a\nmay not do this"}))
    assert trouble.value.detail == "403: Token *** may not do this"


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Insufficient scope"},
        {"error": {"status": 403, "message": "Insufficient scope"}},
        {"error": "Insufficient scope"},
    ],
    ids=["github", "spotify-and-google", "slack"],
)
def test_each_platforms_way_of_saying_why_is_understood(body: object) -> None:
    with pytest.raises(Forbidden, match="^403: Insufficient scope$"):
        data_answer(answer(403, body))


def test_half_an_emoji_in_an_answer_is_no_reason_to_lose_the_rest() -> None:
    assert answer(200, rb'{"name": "tune \ud83d", "id": 7}').json() == {"name": "tune ?", "id": 7}


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1e999}', b"\xff"])
def test_what_is_not_json_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        Answer(200, {}, body).json()
