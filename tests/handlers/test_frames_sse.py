"""SSE blocks, as text, alone and as HTTP sends them."""

import pytest

from handlers.frames import LAST_CHUNK, http_chunk, sse_block, sse_heartbeat


def test_an_event_has_its_cursor_its_type_and_its_data() -> None:
    assert sse_block("new_data", b'{"count":1}', cursor="ab-7") == b'id: ab-7\nevent: new_data\ndata: {"count":1}\n\n'


def test_what_has_no_place_in_the_sequence_has_no_id() -> None:
    assert sse_block("token_expiring", b"{}") == b"event: token_expiring\ndata: {}\n\n"


def test_the_time_to_come_back_is_told_in_milliseconds() -> None:
    assert sse_block("close", b"{}", retry_ms=1500) == b"event: close\nretry: 1500\ndata: {}\n\n"


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
def test_a_line_end_in_the_data_begins_another_data_line(line_end: bytes) -> None:
    data = line_end.join([b"{", b'"a":1', b"}"])
    assert sse_block("x", data) == b'event: x\ndata: {\ndata: "a":1\ndata: }\n\n'


def test_two_line_ends_in_a_row_do_not_end_the_event() -> None:
    assert sse_block("x", b"a\r\r\n\nb") == b"event: x\ndata: a\ndata: \ndata: \ndata: b\n\n"


def test_a_heartbeat_is_a_comment() -> None:
    assert sse_heartbeat() == b":\n\n"


def test_a_heartbeat_can_carry_the_cursor() -> None:
    assert sse_heartbeat("ab-7") == b":\nid: ab-7\n\n"


def test_a_chunk_has_its_length_in_hexadecimal_before_it() -> None:
    assert http_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


def test_the_last_chunk_is_empty() -> None:
    assert LAST_CHUNK == b"0\r\n\r\n"
