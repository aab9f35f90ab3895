"""A device is sent the event itself, or as much of it as fits."""

import json
from typing import Any

from actors.webpush.encryption import LARGEST
from actors.webpush.payload import payload
from storage.records import Event


def sent(**fields: Any) -> dict[str, Any]:
    data = payload(Event("ada", 7, "notification", 0.0, json.dumps(fields).encode(), "e"))
    assert len(data) <= LARGEST
    return dict(json.loads(data))


def test_it_is_the_event_as_on_every_transport() -> None:
    placed = {"type": "notification", "offset": 7, "cursor": "e-7", "at": "1970-01-01T00:00:00.000Z"}
    assert sent(title="Hi", extra={"a": [1]}) == placed | {"title": "Hi", "extra": {"a": [1]}}


def test_long_texts_are_cut_and_the_rest_stays() -> None:
    told = sent(title="Hi", body="ü" * 20_000, extra={"a": 1})
    assert told["body"] == "ü" * 999 + "…"
    assert (told["title"], told["extra"]) == ("Hi", {"a": 1})
    assert "truncated" not in told


def test_what_is_too_much_otherwise_leaves_what_a_notification_is_made_of() -> None:
    told = sent(title="Hi", body="x" * 5000, url="https://app.example/1", items=["y" * 100] * 100)
    assert told["truncated"] is True
    assert (told["title"], told["url"]) == ("Hi", "https://app.example/1")
    assert "items" not in told


def test_an_address_is_whole_or_not_there() -> None:
    told = sent(
        title="t" * 3000, url="https://app.example/" + "u" * 3900, reconnect_url="https://app.example/2", x="y" * 9000
    )
    assert "url" not in told
    assert told["reconnect_url"] == "https://app.example/2"


def test_whatever_it_is_it_fits() -> None:
    assert sent(**{f"f{number}": "🎵" * 50 for number in range(500)})["truncated"] is True
    assert sent(**dict.fromkeys(("id", "title", "body", "message", "hint", "source", "level"), "🎵" * 4000))["title"]
