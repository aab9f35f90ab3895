"""Streams are read the same in whichever pieces they come."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from deploy.probing.parsing import CLOSE, PING, TEXT, Block, Blocks, Chunks, Frames, close_of, masked_frame
from handlers.frames import http_chunk, sse_block, sse_heartbeat, websocket_frame

CUTS = some.lists(some.integers(0, 400), max_size=12)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[one:two] for one, two in pairwise(edges)]


@given(some.lists(some.sampled_from([0, 5, 125, 126, 200, 65_535, 65_536]), max_size=5), CUTS)
def test_frames(sizes: list[int], cuts: list[int]) -> None:
    told = [(TEXT, b"x" * size) for size in sizes] + [(PING, b""), (CLOSE, b"\x0f\xa0gone")]
    frames = Frames()
    found = [
        one
        for piece in pieces(b"".join(websocket_frame(payload, opcode) for opcode, payload in told), cuts)
        for one in frames.feed(piece)
    ]
    assert found == told
    assert close_of(told[-1][1]) == (4000, "gone")


@pytest.mark.parametrize("head", [b"\x01\x02hi", b"\xc1\x02hi", b"\x81\x82masked"])
def test_a_frame_that_no_server_may_send_is_an_error(head: bytes) -> None:
    with pytest.raises(ValueError, match="masked"):
        Frames().feed(head)


@given(CUTS, some.sampled_from([b"\n", b"\r", b"\r\n"]))
def test_blocks(cuts: list[int], line_end: bytes) -> None:
    told = sse_block("new", b"one\ntwo", cursor="e-1", retry_ms=1500) + sse_heartbeat() + sse_heartbeat("e-2")
    blocks = Blocks()
    found = [one for piece in pieces(told.replace(b"\n", line_end), cuts) for one in blocks.feed(piece)]
    if line_end == b"\r":
        found += blocks.feed(b":")  # a line feed might have followed
    wanted = [
        Block("new", b"one\ntwo", "e-1", 1500),
        Block("message", b"", None, None),
        Block("message", b"", "e-2", None),
    ]
    assert found == wanted


@given(some.lists(some.binary(min_size=1, max_size=80), max_size=5), CUTS)
def test_chunks(parts: list[bytes], cuts: list[int]) -> None:
    chunks = Chunks()
    coded = b"".join(map(http_chunk, parts)) + b"0\r\n\r\n"
    assert b"".join(chunks.feed(piece) for piece in pieces(coded, cuts)) == b"".join(parts)
    assert chunks.ended


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_what_a_client_sends_is_masked(size: int) -> None:
    frame = masked_frame(b"x" * size)
    head = 2 if size < 126 else 4 if size < 65_536 else 10
    assert frame[1] & 0x80
    assert (len(frame), frame[head : head + 4], frame[head + 4 :]) == (head + 4 + size, bytes(4), b"x" * size)
