"""Cursors: an epoch and an offset, or no cursor at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.cursors import format_cursor, parse_cursor


@given(st.from_regex(r"[0-9a-f]{8}", fullmatch=True), st.integers(0, 10**17))
def test_what_is_written_is_read_again(epoch: str, offset: int) -> None:
    assert parse_cursor(format_cursor(epoch, offset)) == (epoch, offset)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "abc",
        "abc-",
        "-1",
        "abc--1",
        "abc-01",
        "abc-1x",
        "abc-1\n",
        "ABC-1",
        "abc-\N{ARABIC-INDIC DIGIT ONE}",
        " abc-1",
        "abc-" + "9" * 40,
    ],
)
def test_anything_else_is_no_cursor(text: str) -> None:
    assert parse_cursor(text) is None


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    parsed = parse_cursor(text)
    assert parsed is None or format_cursor(*parsed) == text
