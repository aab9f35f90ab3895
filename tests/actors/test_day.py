"""A day of ten users with everything in it, by virtual clock: fresh in time, within the limits, no token too old."""

from collections.abc import Iterator

import pytest

from tests.bench.day import tally
from tests.bench.day.life import Life
from tests.bench.day.people import DAY, happenings, people
from tests.bench.day.tally import Row

USERS = 10
SHARES = {"spotify": 3, "youtube": 2, "calendar": 2, "discord": 2, "linkedin": 1}


@pytest.fixture(scope="module", params=[True, False], ids=["pushed", "polled"])
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    who = people(USERS)
    life = Life(tmp_path_factory.mktemp("day"), who, pushed=request.param)
    life.connect_everybody()
    life.expect(happenings(who, 0, 2, seed=3))
    life.live(2 * DAY + tally.AFTERWARDS)
    yield life
    life.close()


@pytest.fixture
def rows(life: Life) -> dict[str, Row]:
    return {row.platform: row for row in tally.rows(life)}


def test_everybody_who_connects_stays_connected(life: Life) -> None:
    assert life.statuses() == {"connected": 3 * USERS + sum(SHARES.values())}
    assert life.fatal == []


def test_everything_that_happens_is_seen_within_its_platforms_interval(rows: dict[str, Row]) -> None:
    assert sum(row.happened for row in rows.values()) >= 35 * USERS
    assert [row for row in rows.values() if not row.on_time] == []


def test_no_limit_is_exceeded_no_token_used_after_its_expiry_and_none_that_was_rotated_away(life: Life) -> None:
    assert life.book.broken == []


def test_tokens_are_renewed_before_they_end_and_not_all_the_time(rows: dict[str, Row]) -> None:
    assert 10 * 28 <= rows["gmail"].tokens <= 10 * 30
    assert 10 * 3 <= rows["github"].tokens <= 10 * 4
    assert rows["linkedin"].tokens == 0


def test_a_mail_costs_two_calls_and_a_message_that_was_pushed_none(life: Life, rows: dict[str, Row]) -> None:
    if life.ends["slack"].pushes:
        assert rows["gmail"].data <= 10 * (2 * 10 + 1)
        assert rows["slack"].data <= 10 * 3
        assert rows["gmail"].pushed == rows["gmail"].happened


def test_a_day_stays_within_its_budget(life: Life, rows: dict[str, Row]) -> None:
    if life.ends["slack"].pushes:
        assert sum(row.data for row in rows.values()) <= 5000 * USERS / 100
