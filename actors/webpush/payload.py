"""What a device is sent: the event as on every transport, cut where it wouldn't fit."""

from collections.abc import Mapping
from typing import Any

import msgspec

from actors.webpush.encryption import LARGEST
from storage.records import Event, iso

SHOWN = (
    *("id", "level", "source", "title", "body", "message"),
    *("platform", "reason", "hint", "reconnect_url", "url", "persistent"),
)
"""What a notification on a screen is made of."""
LENGTHS = (1000, 300, 100)
"""To which texts are cut, as far as it needs."""
_encode = msgspec.json.Encoder().encode


def payload(event: Event) -> bytes:
    placed = {"type": event.type, "offset": event.offset, "cursor": event.cursor, "at": iso(event.at)}
    fields: dict[str, Any] = msgspec.json.decode(event.body)
    shown = {name: fields[name] for name in SHOWN if isinstance(fields.get(name), str | int | float)}
    for told in (
        fields,
        *(_cut(fields, length) for length in LENGTHS),
        *(_cut(shown, length) | {"truncated": True} for length in LENGTHS),
    ):
        data = _encode(placed | told)
        if len(data) <= LARGEST:
            return data
    return _encode(placed | {"truncated": True})


def _cut(fields: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Texts end in an ellipsis; an address would lead elsewhere then, so it stays whole or goes."""
    cut = {}
    for name, value in fields.items():
        if not isinstance(value, str) or len(value) <= length:
            cut[name] = value
        elif not name.endswith("url"):
            cut[name] = value[: length - 1] + "…"
        elif length > LENGTHS[-1]:
            cut[name] = value
    return cut
