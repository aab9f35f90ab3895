"""An event on the wire: the same JSON on every transport, encoded once for each."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import frames
from handlers.frames import Encoding, Frame, joined, wire
from storage.records import Event

EVENT = Event("ada", 1042, "new_data", 1795176000.123, b'{"platform":"spotify","count":50}', "k3")
JSON = (
    b'{"type":"new_data","offset":1042,"cursor":"k3-1042","at":"2026-11-20T12:00:00.123Z",'
    b'"platform":"spotify","count":50}'
)


def test_an_event_is_one_flat_object() -> None:
    assert wire(EVENT) == JSON


@pytest.mark.parametrize("body", [b"{}", b"{ }", b" {\n} "])
def test_an_event_without_fields_is_still_an_object(body: bytes) -> None:
    event = Event("ada", 1, "connected", 0.0, body, "k3")
    assert wire(event) == b'{"type":"connected","offset":1,"cursor":"k3-1","at":"1970-01-01T00:00:00.000Z"}'


def test_each_transport_wraps_the_same_json() -> None:
    frame = Frame(EVENT)
    block = b"id: k3-1042\nevent: new_data\ndata: " + JSON + b"\n\n"
    assert frame.websocket == bytes([0x81, len(JSON)]) + JSON
    assert frame.block == block
    assert frame.chunk == b"%x\r\n" % len(block) + block + b"\r\n"


@pytest.mark.parametrize("encoding", ["websocket", "chunk", "block"])
def test_an_event_is_encoded_once_for_each_transport(encoding: Encoding, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[Event] = []
    monkeypatch.setattr(frames, "wire", lambda event: encoded.append(event) or wire(event))
    frame = Frame(EVENT)
    assert encoded == []
    assert joined([frame], encoding) is joined([frame], encoding)
    assert encoded == [EVENT]


def test_several_events_are_joined_in_order() -> None:
    first, second = Frame(EVENT), Frame(Event("ada", 1043, "token_refresh", 0.0, b"{}", "k3"))
    assert joined([first, second], "websocket") == first.websocket + second.websocket


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.lists(st.text())))
def test_whatever_the_fields_hold_survives_sse_lines(fields: dict[str, object]) -> None:
    pretty = json.dumps(fields, indent=2).replace("\n", "\r\n").encode()
    block = Frame(Event("ada", 7, "x", 0.0, pretty, "k3")).block.decode()
    lines = block.removesuffix("\n\n").split("\n")
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert lines[:2] == ["id: k3-7", "event: x"]
    assert len(lines) == 2 + len(data)
    own = {"type": "x", "offset": 7, "cursor": "k3-7", "at": "1970-01-01T00:00:00.000Z"}
    assert json.loads("\n".join(data)) == {**own, **fields}
