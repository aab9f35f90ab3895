"""Careful reads from JSON that strangers wrote: what isn't there, or isn't of the right type, is None."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

LINE = 200
"""Characters of somebody's text that fit in a line for people."""


def decode(body: bytes) -> Any:
    """The JSON value in `body`, such as can be stored and sent again; ValueError when there is none."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        return _mended(body)


def _mended(body: bytes) -> Any:
    # A title cut in the middle of an emoji leaves half a surrogate pair: legal in JSON, in no UTF-8. It becomes "?".
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
        return msgspec.json.decode(text.encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


DEPTH = 64
"""Platforms' payloads are some ten levels deep; what is far deeper was made to hurt."""


def decode_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; ValueError with what else it is."""
    try:
        found = decode(body)
    except ValueError:
        raise ValueError("it is not JSON") from None
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    if body.count(b"{") + body.count(b"[") > DEPTH and not _is_within(found, DEPTH):
        raise ValueError("it is nested too deeply")
    return found


def _is_within(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, dict | list)
        ]
        if not level:
            return True
    return False


def dig(value: Any, *path: str) -> Any:
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text(value: Any, *path: str) -> str | None:
    """One printable line, cut to `LINE` characters; None when nothing is left."""
    found = dig(value, *path)
    if not isinstance(found, str):
        return None
    line = " ".join(found[: 4 * LINE].split())
    # The zero-width joiner holds emoji together; all else that doesn't print can only mislead.
    line = "".join(sign for sign in line if sign.isprintable() or sign == "\u200d")
    return line if len(line) <= LINE else line[: LINE - 1] + "…"


def number(value: Any, *path: str) -> int | None:
    found = dig(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 2**63 else None


def link(value: Any, *path: str) -> str | None:
    """An address that a page may link to: nothing but http and https."""
    found = dig(value, *path)
    if not isinstance(found, str) or len(found) > 2000 or not found.isprintable() or " " in found:
        return None
    return found if found.startswith(("https://", "http://")) else None


def moment(value: Any, *path: str) -> float | None:
    """Unix seconds of an ISO 8601 time; one without a zone is taken as UTC."""
    found = dig(value, *path)
    if not isinstance(found, str):
        return None
    try:
        at = datetime.fromisoformat(found)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
