"""Killed in the middle of writing: whatever was reported as done is there afterwards, once."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from storage import deliveries, events
from storage.database import Database
from tests.storage import crashing

ROOT = Path(__file__).parents[2]
ROUNDS = 6
USERS = [f"user-{number}" for number in range(crashing.THREADS)]


def write_and_be_killed(url: str, durability: str, lines: int) -> list[str]:
    """What the child said was done."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.storage.crashing", url, durability],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as child:
        assert child.stdout
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        said += child.stdout.readlines()
    return [line for line in said if line.endswith("\n")]


@pytest.mark.parametrize("durability", ["full", "normal"])
def test_everything_reported_is_there_once(url: str, durability: str) -> None:
    said: list[str] = []
    for _ in range(ROUNDS):
        said += write_and_be_killed(url, durability, random.randint(1, 400))
    database = Database.open(url, durability=durability)
    stored = Counter(row.delivery_id for row in database.read(lambda tx: deliveries.page(tx, limit=1_000_000)))
    assert set(stored.values()) == {1}
    for user in USERS:
        kept = database.read(lambda tx, user=user: events.since(tx, user, 0, 1_000_000))
        assert [event.offset for event in kept] == list(range(1, len(kept) + 1))
        names = {event.offset: msgspec.json.decode(event.body)["delivery_id"] for event in kept}
        assert set(names.values()) <= stored.keys()
        for line in said:
            name, delivery_id, offset = line.split()
            if name == user:
                assert names[int(offset)] == delivery_id
    assert database.read(lambda tx: deliveries.waiting_keys(tx, 10.0, 9)) == []
    database.close()
