"""WebSocket frames, byte for byte."""

import pytest

from handlers.frames import PING_FRAME, websocket_frame


def test_a_short_message_has_its_length_in_the_second_byte() -> None:
    assert websocket_frame(b"hi") == b"\x81\x02hi"


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_longer_messages_have_longer_lengths(size: int, head: bytes) -> None:
    payload = b"x" * size
    assert websocket_frame(payload) == head + payload


def test_a_ping_is_a_final_control_frame_without_payload() -> None:
    assert PING_FRAME == b"\x89\x00"
