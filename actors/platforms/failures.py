"""What can go wrong between us and a platform, and which of it is permanent.

`token_answer` and `data_answer` hold the one table that decides it. Permanent is only what a platform
says in so many words: a structured OAuth error, on a 4xx or, where a platform does so, on a 200. A page
of a proxy, a 5xx with whatever in it, half a JSON object say nothing about the grant.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.platforms.answers import is_data, is_limit, is_page, message, retry_after, structured, wait, words

if TYPE_CHECKING:
    from actors.platforms.base import Answer


class PlatformError(Exception):
    """Anything a conversation with a platform can end in. Transient unless a subclass says otherwise."""

    kind = "error"

    def __init__(self, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        """Seconds that the platform asked us to wait."""


class CallFailed(PlatformError):
    """No answer: the network, DNS, TLS, a time-out, too many bytes, or a closed circuit."""

    def __init__(self, kind: str, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail, retry_after)
        self.kind = kind


class PlatformDown(PlatformError):
    """A 5xx, or a page of a proxy in its place."""

    kind = "down"


class RateLimited(PlatformError):
    kind = "rate_limited"

    def __init__(self, detail: str, retry_after: float | None = None, *, everybody: bool = False) -> None:
        super().__init__(detail, retry_after)
        self.everybody = everybody
        """It isn't this user who is shut out but this service, whatever the platform's limits usually speak of."""


class BadAnswer(PlatformError):
    """The platform answered, but not with what its documentation promises."""

    kind = "bad_answer"


class NotFound(PlatformError):
    """What was asked for isn't there, or isn't for us to see; a cursor that has become too old, too."""

    kind = "not_found"


class Unauthorized(PlatformError):
    """The API does not take the access token. Refresh once, try again, then it is permanent."""

    kind = "unauthorized"


class Forbidden(PlatformError):
    """A 403 that no new token cures: a scope, a setting."""

    kind = "forbidden"


class GrantRefused(PlatformError):
    """Permanent: the platform says in so many words that the grant is gone."""

    kind = "grant_refused"

    def __init__(self, reason: str, hint: str, detail: str = "") -> None:
        super().__init__(detail or hint)
        self.reason = reason
        """A code: `user_revoked`, `expired_by_age`, `rotated_elsewhere`, `app_secret_changed` …"""
        self.hint = hint
        """For the user, in words."""


class AppMisconfigured(PlatformError):
    """The platform doesn't take this service's own id or secret. No grant is lost by that, and no user can mend it:
    once the setting is right, the next try works."""

    kind = "app_misconfigured"

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(hint)
        self.reason = reason
        self.hint = hint


class HookRefused(PlatformError):
    """No webhook can be registered here: no rights, unreachable address."""

    kind = "hook_refused"


# -- the table --------------------------------------------------------------------------------------


class Refusal(NamedTuple):
    """What an OAuth error of a token endpoint means."""

    reason: str
    hint: str
    on_200: bool = False
    """Some platforms say it with a success; from the others that would be no answer we know."""


GONE: Mapping[str, Refusal] = {
    "invalid_grant": Refusal(
        "user_revoked", "The platform has ended this access: it was withdrawn there, or has run out. Please reconnect."
    ),
    "bad_refresh_token": Refusal(
        "user_revoked",
        "The platform no longer takes this access: it was withdrawn there, or has run out. Please reconnect.",
        on_200=True,
    ),
    "invalid_refresh_token": Refusal(
        "rotated_elsewhere",
        "The platform has replaced this access since, perhaps for another copy of this service, or it was withdrawn "
        "there. Please reconnect.",
        on_200=True,
    ),
    "token_revoked": Refusal(
        "user_revoked", "This access was withdrawn at the platform. Please reconnect.", on_200=True
    ),
    "account_inactive": Refusal(
        "account_inactive", "The account there is no longer active. Reconnect once it is again.", on_200=True
    ),
    "token_expired": Refusal(
        "expired_by_age", "This access has run out at the platform. Please reconnect.", on_200=True
    ),
    "admin_policy_enforced": Refusal(
        "admin_policy",
        "Your organisation's administrator does not let this app see what it asks for. Ask them to allow it, then "
        "reconnect.",
    ),
    "unauthorized_client": Refusal(
        "app_secret_changed", "This access was given to another registration of the app. Please reconnect."
    ),
}
"""Errors of a refresh after which there is nothing left to refresh."""

CODE_REFUSED = Refusal(
    "code_expired", "The sign-in took too long or was used twice. Please connect again.", on_200=True
)
EXCHANGE_ONLY: Mapping[str, Refusal] = {
    "invalid_grant": CODE_REFUSED,
    "bad_verification_code": CODE_REFUSED,
    "invalid_code": CODE_REFUSED,
    "code_already_used": CODE_REFUSED,
    "unverified_user_email": Refusal(
        "email_unverified",
        "The platform wants a verified e-mail address first. Verify it there, then connect again.",
        on_200=True,
    ),
}
"""Errors of the exchange of a code, where these words mean something else or exist at all."""

_WRONG_CLIENT = Refusal(
    "app_secret_changed",
    "The platform does not take this service's client id and secret. Whoever runs it must correct them.",
)
_WRONG_REDIRECT = Refusal(
    "redirect_mismatch",
    "The platform does not know the address that it should send users back to. Whoever runs this service must "
    "enter it there.",
    on_200=True,
)
MISCONFIGURED: Mapping[str, Refusal] = {
    "invalid_client": _WRONG_CLIENT,
    "deleted_client": _WRONG_CLIENT,
    "disabled_client": _WRONG_CLIENT,
    "incorrect_client_credentials": _WRONG_CLIENT._replace(on_200=True),
    "invalid_client_id": _WRONG_CLIENT._replace(on_200=True),
    "bad_client_secret": _WRONG_CLIENT._replace(on_200=True),
    "redirect_uri_mismatch": _WRONG_REDIRECT,
    "bad_redirect_uri": _WRONG_REDIRECT,
    "invalid_team_for_non_distributed_app": Refusal(
        "app_not_distributed",
        "The app is registered for one workspace only. Whoever runs this service must have it distributed, or users "
        "connect from that workspace.",
        on_200=True,
    ),
}
"""Errors that speak of the app and not of the user's grant: nobody would be helped by reconnecting."""

_AGED = "The platform ends each access some months after you gave it, however often it is used. Please reconnect."

BUSY = frozenset({"server_error", "temporarily_unavailable", "internal_failure", "slow_down"})


def token_answer(answer: "Answer", *, exchanging: bool = False) -> dict[str, Any]:
    """What the token endpoint gave. `exchanging`: it was asked with a code, and not with a refresh token."""
    _refuse_trouble(answer)
    said = structured(answer)
    if said is None:
        raise BadAnswer(f"{answer.status}: the token endpoint's answer is not a JSON object")
    error = said.get("error")
    if error is None and 200 <= answer.status < 300:
        return said
    if not isinstance(error, str) or not is_data(answer):
        raise BadAnswer(f"{answer.status}: {words(error) or 'an answer that says nothing we know'}")
    raise _meaning(answer.status, error, words(said.get("error_description")), exchanging)


def _meaning(status: int, error: str, description: str, exchanging: bool) -> PlatformError:
    detail = f"{status} {words(error)}: {description}".rstrip(": ")
    gone = (EXCHANGE_ONLY.get(error) if exchanging else None) or GONE.get(error)
    if gone is not None and (status >= 400 or gone.on_200):
        return GrantRefused(gone.reason, gone.hint, detail)
    ours = MISCONFIGURED.get(error)
    if ours is not None and (status >= 400 or ours.on_200):
        return AppMisconfigured(ours.reason, ours.hint)
    return PlatformDown(detail) if error in BUSY else BadAnswer(detail)


def by_age(refused: GrantRefused, now: float, reauth_due_at: float | None) -> GrantRefused:
    """The same refusal, told for what it is when the grant's time was up: platforms use one word for both."""
    if reauth_due_at is None or now < reauth_due_at or refused.reason != "user_revoked":
        return refused
    return GrantRefused("expired_by_age", _AGED, refused.detail)


def data_answer(answer: "Answer", now: float | None = None) -> "Answer":
    """The API's answer, when it is one to work with: a 2xx, or a 304. Everything else raises what it means."""
    status = answer.status
    if 200 <= status < 300 or status == 304:
        return answer
    if status == 403 and is_limit(answer):
        raise RateLimited(f"403: {message(answer) or 'too many calls'}", wait(answer.headers, now))
    _refuse_trouble(answer, now)
    detail = f"{status}: {message(answer) or 'no reason given'}"
    if status == 401:
        raise Unauthorized(detail)
    if status == 403:
        raise Forbidden(detail)
    raise NotFound(detail) if status in (404, 410) else BadAnswer(detail)


def _refuse_trouble(answer: "Answer", now: float | None = None) -> None:
    """Raises what is no word about us at all."""
    status = answer.status
    if status == 429:
        # A page comes from what stands before the platform, which knows addresses and no users.
        said = message(answer) or "too many calls"
        raise RateLimited(f"429: {said}", wait(answer.headers, now), everybody=is_page(answer))
    if status >= 500 or status == 408:
        raise PlatformDown(f"{status}: the platform is in trouble", retry_after(answer.headers, now))
    if status >= 400 and is_page(answer):
        raise PlatformDown(f"{status}: a page for people instead of an answer, as proxies send")
    if not 200 <= status < 300 and status < 400:
        raise BadAnswer(f"{status}: redirected elsewhere")
