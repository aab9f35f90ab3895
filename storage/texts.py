"""Values as text that either database takes."""

import json
import math
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def to_json(value: Any) -> bytes:
    """JSON of whatever a platform sent; what is odd but harmless in it never stops a unit."""
    try:
        return _encode(value)
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(_without_nan(value), separators=(",", ":")).encode()


def clean(text: str) -> str:
    """Without what PostgreSQL or UTF-8 can't hold."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _without_nan(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return value
