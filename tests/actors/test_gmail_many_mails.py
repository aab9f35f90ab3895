"""Hundreds of mails at once: all of them are stored, and Gmail's limit of a user's minute is kept."""

from pathlib import Path

import pytest

from storage import data
from tests.bench.day.life import Life
from tests.bench.day.people import HOUR

MAILS = 900


@pytest.mark.parametrize("pushed", [True, False])
def test_all_come_within_minutes_and_none_beyond_the_limit(tmp_path: Path, pushed: bool) -> None:
    life = Life(tmp_path, {"gmail": ["ada"]}, pushed=pushed)
    life.connect_everybody()
    life.live(2 * HOUR)
    for number in range(MAILS):
        life.ends["gmail"].happen("ada", f"mail {number}")
    life.live(HOUR + 600)

    rows = life.database.read(lambda tx: data.page(tx, "ada", "gmail", "messages", None, 1000).rows)
    life.close()
    assert len(rows) == MAILS
    assert life.book.broken == []
