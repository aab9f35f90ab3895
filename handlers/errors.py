"""What a caller is told when something isn't done: a status, a code for programs, a sentence for people."""

from collections.abc import Mapping
from http.client import responses
from typing import Any


class ApiError(Exception):
    """Ends a request with the JSON of `errors`; anything else that is raised becomes a bare 500."""

    status = 500

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status or type(self).status
        self.headers = headers or {}


class BadRequest(ApiError):
    status = 400


class NotAuthenticated(ApiError):
    """No token, or one that is not good. Nothing but another token helps."""

    status = 401

    def __init__(self, code: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(code, message, hint=hint, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(ApiError):
    status = 403


class NotFound(ApiError):
    status = 404


class Conflict(ApiError):
    status = 409


class TooLarge(ApiError):
    status = 413


class UnsupportedMedia(ApiError):
    status = 415


class TooMany(ApiError):
    status = 429


class Unavailable(ApiError):
    """Not now; the same request may be good later."""

    status = 503

    def __init__(self, code: str, message: str, *, retry_after: int = 5, hint: str | None = None) -> None:
        super().__init__(code, message, hint=hint, headers={"Retry-After": str(retry_after)})


def of_status(status: int) -> ApiError:
    """The error for a status that Tornado itself came to, such as an unknown path."""
    phrase = responses.get(status, "Error")
    code = phrase.lower().replace(" ", "_").replace("-", "_").replace("'", "")
    if status >= 500:
        return ApiError("internal_error", "Something went wrong here; it has been logged.", status=status)
    return ApiError(code, f"{phrase}.", status=status)


def body(error: ApiError, request_id: str) -> dict[str, Any]:
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.hint:
        told["hint"] = error.hint
    told["request_id"] = request_id
    return {"error": told}
