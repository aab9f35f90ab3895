"""What all calls to Slack's Web API share: its failures are HTTP 200 with `ok: false` and a word."""

from collections.abc import Mapping
from typing import Any

from actors.platforms.answers import structured, words
from actors.platforms.base import Answer, Call, Limit
from actors.platforms.failures import (
    GONE,
    BadAnswer,
    Forbidden,
    GrantRefused,
    NotFound,
    PlatformDown,
    PlatformError,
    RateLimited,
    Unauthorized,
    data_answer,
)

REFRESHABLE = frozenset({"invalid_auth", "not_authed", "token_expired", "token_revoked"})
"""Refusals of an access token that a new one may cure. A revoked one is among them: it may be one too many of those
that a workspace may have at a time."""
UNREADABLE = frozenset(
    {"channel_not_found", "not_in_channel", "method_not_supported_for_channel_type", "no_permission"}
)
"""This conversation can't be read, the others can."""
_RECONNECT = "Please connect again."
_ADMINISTRATOR = "An administrator of the workspace can allow it."
FORBIDDEN = {
    "missing_scope": _RECONNECT,
    "not_allowed_token_type": _RECONNECT,
    "access_denied": _ADMINISTRATOR,
    "ekm_access_denied": _ADMINISTRATOR,
    "team_access_not_granted": _ADMINISTRATOR,
}
"""And what helps: users are shown it."""
BUSY = frozenset(
    {"fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
    | {"org_login_required", "accesslimited"}
)
"""Trouble of theirs, or of the workspace for a while."""


def get(api: str, method: str, params: Mapping[str, Any], limit: Limit | None = None) -> Call:
    return Call("GET", f"{api}/{method}", params=params, limit=limit)


def post(api: str, method: str) -> Call:
    return Call("POST", f"{api}/{method}")


def error_of(answer: Answer) -> str | None:
    """The word for what went wrong; None when all is well, or when this is no answer of the Web API's."""
    said = structured(answer) if answer.status == 200 else None
    if said is None or said.get("ok") is not False:
        return None
    return words(said.get("error")) or "unknown_error"


def said(answer: Answer, now: float | None = None) -> dict[str, Any]:
    """What Slack answered, when it is one to work with. Everything else raises what it means."""
    error = error_of(data_answer(answer, now))
    if error is not None:
        raise _meaning(error)
    found = answer.json()
    if not isinstance(found, dict) or found.get("ok") is not True:
        raise BadAnswer(f"{answer.status}: Slack's answer says neither that it went well nor that it didn't")
    return found


def _meaning(error: str) -> PlatformError:
    gone = GONE.get(error)
    if gone is not None and gone.on_200 and error != "token_expired":
        return GrantRefused(gone.reason, gone.hint, f"200 {error}")
    if error in REFRESHABLE:
        return Unauthorized(f"200 {error}")
    if error in UNREADABLE:
        return NotFound(f"200 {error}")
    if error in FORBIDDEN:
        return Forbidden(f"Slack does not let this app see that ({error}). {FORBIDDEN[error]}")
    if error in ("ratelimited", "rate_limited"):
        return RateLimited("Slack takes no more calls for a minute", 60.0)
    return PlatformDown(f"Slack is in trouble ({error})") if error in BUSY else BadAnswer(f"Slack says “{error}”")
