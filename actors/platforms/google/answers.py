"""How Google's APIs say no: a status, and a reason in one of three places."""

from typing import Any

from actors.platforms.answers import message, structured, wait
from actors.platforms.base import Answer
from actors.platforms.failures import AppMisconfigured, Forbidden, RateLimited, data_answer
from actors.platforms.fields import dig, text

LIMITS = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "quotaExceeded"}
    | {"dailyLimitExceeded"}
)
SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
SWITCHED_OFF = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
NOT_THE_TOKEN = frozenset({"youtubeSignupRequired", "push.webhookUrlUnauthorized"})
"""Reasons of a 401 that no new token cures."""


def reason(answer: Answer) -> str:
    """`rateLimitExceeded`, `authError` …, or in the newer answers `RESOURCE_EXHAUSTED`; empty where there is none."""
    error = dig(structured(answer), "error")
    for name in ("errors", "details"):
        listed = dig(error, name)
        for one in listed if isinstance(listed, list) else []:
            if said := text(one, "reason"):
                return said
    return text(error, "status") or ""


def rejects_token(answer: Answer) -> bool:
    return answer.status == 401 and reason(answer) not in NOT_THE_TOKEN


def checked(answer: Answer, now: float | None = None) -> Answer:
    """As `data_answer`, with Google's own reasons."""
    if answer.status not in (401, 403, 429):
        return data_answer(answer, now)
    why = reason(answer)
    detail = f"{answer.status}: {message(answer) or why}"
    if answer.status != 401 and why in LIMITS:
        raise RateLimited(detail, wait(answer.headers, now))
    if answer.status == 403 and why in SWITCHED_OFF:
        raise AppMisconfigured(
            "api_disabled",
            "This API is not switched on in the app's project at Google. Whoever runs this service must switch it on.",
        )
    if answer.status == 403 and why in SCOPE:
        raise Forbidden("Google was not allowed to show us this. Please connect again and leave everything ticked.")
    if answer.status == 401 and why in NOT_THE_TOKEN:
        raise Forbidden(detail)
    return data_answer(answer, now)


# -- careful reading of what is in them -------------------------------------------------------------


def listed(said: Any, name: str) -> list[Any]:
    """Google leaves out what is empty."""
    found = dig(said, name)
    return found if isinstance(found, list) else []


def opaque(said: Any, *path: str, longest: int = 4096) -> str | None:
    """A token or an id that is handed back as it came."""
    found = dig(said, *path)
    if not isinstance(found, str) or not 0 < len(found) <= longest or not found.isprintable():
        return None
    return found


def whole(said: Any, *path: str) -> int | None:
    """A number of 64 bits, which Google's JSON has as text, and now and then as a number."""
    found = dig(said, *path)
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) <= 20:
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        return None
    return found if 0 <= found < 2**64 else None
