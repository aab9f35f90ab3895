"""Why Google no longer takes a refresh token, as far as it can be told: nearly all is `invalid_grant` to it."""

from collections.abc import Mapping
from typing import Any

from actors.platforms import failures
from actors.platforms.failures import GrantRefused

WEEK = 7 * 86_400.0
ABOUT = 1.5 * 86_400.0
"""Around a week: a grant's end is noticed at its next refresh, or when the service is back."""

RAPT = (
    "rapt_required",
    "Your organisation wants you to sign in to Google again from time to time, and now is such a time. "
    "Please reconnect.",
)
NAMED: Mapping[str, tuple[str, str]] = {"invalid_rapt": RAPT, "rapt_required": RAPT}
"""By `error_subtype`."""

UNKNOWN = (
    "token_limit",
    "Google no longer knows this access. It keeps a hundred for each account and app and drops the oldest without a "
    "word, and those unused for six months. Please reconnect.",
)
TESTING = (
    "google_testing_mode",
    "Google ends each access after seven days while the app's consent screen is set to “Testing”. Please reconnect; "
    "whoever runs this service can set it to “In production”.",
)


def named(refused: GrantRefused, said: Mapping[str, Any]) -> GrantRefused:
    """With the reason that stands in the answer beside the error, if any."""
    if refused.reason != "user_revoked":
        return refused
    known = NAMED.get(str(said.get("error_subtype")))
    if known is None and said.get("error_description") == "Bad Request":
        known = UNKNOWN  # a token that was withdrawn is called “expired or revoked”
    return refused if known is None else GrantRefused(*known, refused.detail)


def by_age(refused: GrantRefused, now: float, reauth_due_at: float | None, granted_at: float | None) -> GrantRefused:
    """A grant that died when it was a week old was one of an app in testing. Where nobody knows how old it was, one
    that came with an end and reached it most likely was."""
    if refused.reason not in ("user_revoked", UNKNOWN[0]):
        return refused
    if granted_at is not None:
        return _testing(refused) if abs(now - granted_at - WEEK) <= ABOUT else _aged(refused, now, reauth_due_at)
    return _testing(refused) if reauth_due_at is not None and now >= reauth_due_at else refused


def _testing(refused: GrantRefused) -> GrantRefused:
    return GrantRefused(*TESTING, refused.detail)


def _aged(refused: GrantRefused, now: float, reauth_due_at: float | None) -> GrantRefused:
    return failures.by_age(refused, now, reauth_due_at)
