"""An answer before anything in it is believed: what it is, what it says, how long it asks us to wait."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from actors.platforms.fields import decode

if TYPE_CHECKING:
    from actors.platforms.base import Answer

_MAY_BE_SECRET = re.compile(r"(?<![\w\-.~+/=:%])(?![a-z_]+(?![\w\-.~+/=:%]))[\w\-.~+/=:%]{20,}")
"""Long and without a space, and not a plain name such as an error's. Looked for where a word begins: else a page of
letters is gone through once for each of them."""

# -- what it is -------------------------------------------------------------------------------------


def words(value: Any) -> str:
    """A platform's own words, fit for a log line; whatever may be a token or a code is blotted out."""
    if not isinstance(value, str):
        return ""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in value[:4000]).split())
    return _MAY_BE_SECRET.sub("***", line)[:200]


def structured(answer: "Answer") -> dict[str, Any] | None:
    if is_form(answer):
        try:
            return dict(parse_qsl(answer.body.decode("ascii"), max_num_fields=50)) or None
        except ValueError:
            return None
    try:
        said = decode(answer.body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def is_data(answer: "Answer") -> bool:
    """Labelled as data. An answer that gives is taken in any wrapping, for a rotated token may be in it, and the old
    one dead; one that takes away is not."""
    label = _content_type(answer)
    return not label or label.endswith(("json", "javascript")) or is_form(answer)


def is_form(answer: "Answer") -> bool:
    return _content_type(answer) == "application/x-www-form-urlencoded"


def is_page(answer: "Answer") -> bool:
    return _content_type(answer) in ("text/html", "application/xhtml+xml") or answer.body.lstrip()[:1] == b"<"


def _content_type(answer: "Answer") -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_limit(answer: "Answer") -> bool:
    """A 403 that speaks of a limit: GitHub answers so, with or without the headers that say until when."""
    headers = answer.headers
    if "retry-after" in headers or _number(headers.get("x-ratelimit-remaining", "")) == 0:
        return True
    return "rate limit" in message(answer).lower()


def message(answer: "Answer") -> str:
    """What an API's error says, in the shapes `{"message"}`, `{"error": {"message"}}` and `{"error": "…"}`."""
    said = None if is_page(answer) else structured(answer)
    if said is None:
        return ""
    error = said.get("error")
    if isinstance(error, dict):
        return words(error.get("message"))
    return words(said.get("message")) or words(error)


# -- how long to wait -------------------------------------------------------------------------------

UNNAMED_WAIT = 60.0
"""Seconds, where a limit is reached and the platform doesn't say for how long."""
LONGEST_WAIT = 86_400.0


def wait(headers: Mapping[str, str], now: float | None = None) -> float:
    """Seconds until a limit that was reached is lifted: the longest of what the headers say."""
    said = [retry_after(headers, now), _until_reset(headers, now)]
    return max((seconds for seconds in said if seconds is not None), default=UNNAMED_WAIT)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """`Retry-After`, in seconds or as a date."""
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is None:
        then = _date(value)
        here = _clock_there(headers, now)
        seconds = then - here if then is not None and here is not None else None
    return None if seconds is None else _sane(seconds)


def _until_reset(headers: Mapping[str, str], now: float | None) -> float | None:
    reset = _number(headers.get("x-ratelimit-reset", ""))
    here = _clock_there(headers, now)
    if _number(headers.get("x-ratelimit-remaining", "")) != 0 or reset is None or here is None:
        return None
    return _sane(reset - here)


def _clock_there(headers: Mapping[str, str], now: float | None) -> float | None:
    """The platform's own time where it tells it: a clock of ours that is wrong must not shorten the wait."""
    there = _date(headers.get("date", ""))
    return there if there is not None else now


def _sane(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _number(value: str) -> float | None:
    return float(value) if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", value.strip(), re.ASCII) else None


def _date(value: str) -> float | None:
    try:
        at = parsedate_to_datetime(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
