"""What Discord's API says of its limits: in the body of a refusal, to the fraction of a second, and in headers."""

import math
import re
from typing import Any

from actors.platforms.answers import LONGEST_WAIT, is_page, structured
from actors.platforms.base import Answer
from actors.platforms.failures import RateLimited, data_answer

SHUT_OUT = 3600.0
"""Seconds, where the page doesn't say: a ban ends after about an hour, and each try before that counts for the next."""


def data(answer: Answer, now: float | None = None) -> Answer:
    """The API's answer, when it is one to work with."""
    try:
        return data_answer(answer, now)
    except RateLimited as limited:
        raise (_ban(answer, limited) if is_page(answer) else _limit(answer, limited)) from None


def _ban(answer: Answer, limited: RateLimited) -> RateLimited:
    """What stands before Discord answers with a page: it has shut out this address, and with it everybody here."""
    seconds = limited.retry_after if "retry-after" in answer.headers else SHUT_OUT
    return RateLimited("429: Discord has shut this service out for too many refused calls", seconds, everybody=True)


def _limit(answer: Answer, limited: RateLimited) -> RateLimited:
    """A bucket is the user's own; the global limit is no bucket's."""
    said = structured(answer) or {}
    seconds = _seconds(said.get("retry_after"))
    if seconds is None:
        seconds = _seconds(answer.headers.get("x-ratelimit-reset-after"))
    scope = answer.headers.get("x-ratelimit-scope", "").strip().lower()
    everybody = said.get("global") is True or scope == "global" or "x-ratelimit-global" in answer.headers
    return RateLimited(limited.detail, limited.retry_after if seconds is None else seconds, everybody=everybody)


def rest(answer: Answer) -> float:
    """Seconds until there is another call, where this was the last one that its bucket had."""
    if answer.headers.get("x-ratelimit-remaining", "").strip() != "0":
        return 0.0
    return _seconds(answer.headers.get("x-ratelimit-reset-after")) or 0.0


def _seconds(value: Any) -> float | None:
    if isinstance(value, str):
        value = float(value) if re.fullmatch(r"\d{1,12}(\.\d{1,12})?", value.strip(), re.ASCII) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(max(float(value), 0.0), LONGEST_WAIT) if abs(value) < 1e300 else None
