"""What can go wrong between us and a platform, and which of it is permanent."""


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


class BadAnswer(PlatformError):
    """The platform answered, but not with what its documentation promises."""

    kind = "bad_answer"


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


class HookRefused(PlatformError):
    """No webhook can be registered here: no rights, unreachable address."""

    kind = "hook_refused"
