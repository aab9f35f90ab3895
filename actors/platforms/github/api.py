"""What all calls to GitHub's API share."""

from collections.abc import Mapping
from typing import Any, Literal

from actors.platforms.base import Answer, Call

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


def call(
    method: str,
    url: str,
    *,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    auth: Literal["bearer", "basic"] = "bearer",
) -> Call:
    return Call(method, url, params=params or {}, headers=HEADERS | dict(headers or {}), json=json, auth=auth)


def has_next(answer: Answer) -> bool:
    """There is a further page. Its number is counted here: an address from an answer is never called with a token."""
    return 'rel="next"' in answer.headers.get("link", "")
