"""What a caller is told when something isn't done: a status, a code for programs, a sentence for people."""

from collections.abc import Mapping
from http.client import responses
from typing import Any, ClassVar

from tornado.web import HTTPError


class ApiError(HTTPError):
    """Ends a request with the JSON of `body`; anything else that is raised becomes a bare 500."""

    status: ClassVar[int] = 500

    def __init__(
        self, code: str, message: str, *, hint: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(type(self).status)
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = headers or {}

    def __str__(self) -> str:
        return self.message


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


class Unprocessable(ApiError):
    status = 422


class UpgradeNeeded(ApiError):
    """What a plain request to a path of WebSocket is told."""

    status = 426

    def __init__(self) -> None:
        told = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        super().__init__("websocket_only", "This path speaks WebSocket, version 13, and nothing else.", headers=told)


class TooMany(ApiError):
    status = 429


class BadGateway(ApiError):
    """A platform, not we."""

    status = 502


class Unavailable(ApiError):
    """Not now; the same request may be good later."""

    status = 503

    def __init__(self, code: str, message: str, *, retry_after: int = 5, hint: str | None = None) -> None:
        super().__init__(code, message, hint=hint, headers={"Retry-After": str(retry_after)})


def body(error: BaseException | None, status: int, request_id: str) -> dict[str, Any]:
    """The JSON of whatever ended a request. Of what we didn't mean to raise, nothing is told."""
    told: dict[str, Any]
    if isinstance(error, ApiError):
        told = {"code": error.code, "message": error.message}
        if error.hint:
            told["hint"] = error.hint
    elif status >= 500:
        told = {"code": "internal_error", "message": "Something went wrong here; it has been logged."}
    else:
        phrase = responses.get(status, "Error")
        told = {"code": phrase.lower().replace(" ", "_").replace("-", "_"), "message": f"{phrase}."}
    told["request_id"] = request_id
    return {"error": told}


_OF_STATUS: dict[int, type[ApiError]] = {
    kind.status: kind for kind in (BadRequest, Forbidden, NotFound, TooLarge, TooMany)
}


def with_status(status: int, code: str, message: str) -> ApiError:
    """For answers that somebody else has decided on."""
    return NotAuthenticated(code, message) if status == 401 else _OF_STATUS.get(status, BadRequest)(code, message)
