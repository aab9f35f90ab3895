"""What may be written as a schedule, and what is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.schedule import Cron, Every, Schedule, parse


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("30m", 1800), ("2h", 7200), ("1d", 86_400), ("1w", 604_800), (" 30m ", 1800)],
)
def test_a_duration_is_its_seconds(text: str, seconds: float) -> None:
    assert parse(text) == Every(seconds)


@pytest.mark.parametrize(
    ("line", "interval"),
    [
        ("*/30 * * * *", 1800),
        ("0 */6 * * *", 6 * 3600),
        ("15 3 * * *", 86_400),
        ("0 9-17 * * 1-5", 3600),
        ("0 4 * * MON", 604_800),
        ("0 0 1 * *", 28 * 86_400),
        ("*/7 * * * *", 240),
    ],
)
def test_the_interval_of_a_cron_line_is_its_shortest(line: str, interval: float) -> None:
    assert parse(line).interval == interval


def test_spaces_in_a_cron_line_do_not_matter() -> None:
    assert parse("  */30  *  * *\t* ") == parse("*/30 * * * *") == Cron("*/30 * * * *", 1800)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "30",
        "m",
        "0m",
        "-5m",
        "1.5h",
        "30 m",
        "30M",
        "\u0663\u0660m",
        "1000000w",
        "often",
        "* * * *",
        "* * * * * *",
        "@daily",
    ],
)
def test_what_is_neither_is_refused_with_examples_of_both(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a duration such as 30m.*or a cron line"):
        parse(text)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day-of-month"),
        ("* * * 13 *", "month"),
        ("* * * * 9", "day-of-week"),
        ("*/0 * * * *", "minute"),
        ("a b c d e", "minute"),
        ("0 0 31 2 *", "day-of-month"),
    ],
)
def test_a_wrong_cron_line_is_refused_with_the_field_that_is_wrong(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"cron line.*{why}"):
        parse(line)


field = st.text("0123456789*/,-#LW ", min_size=1, max_size=6)


@given(st.lists(field, min_size=5, max_size=5).map(" ".join))
def test_any_line_is_a_schedule_or_a_value_error(line: str) -> None:
    try:
        schedule = parse(line)
    except ValueError:
        return
    assert isinstance(schedule, Schedule)
    assert schedule.interval > 0
