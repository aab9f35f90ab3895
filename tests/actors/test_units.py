"""The units of a platform's day outlive the process, in the real database."""

from pathlib import Path
from queue import SimpleQueue

from actors import units
from actors.allowance import Spent
from storage import meta
from storage.database import Database

SOON = 10


def test_what_was_booked_is_there_after_a_restart_and_each_platform_has_its_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/soulwire.db"
    heard: SimpleQueue[bool] = SimpleQueue()
    database = Database.open(url)
    assert units.booked(database, "youtube") is None
    for spent in (Spent(1000.0, 50.0), Spent(1000.0, 100.0)):
        units.book(database, "youtube", spent, heard.put)
        assert heard.get(timeout=SOON) is True
    database.close()

    units.book(database, "youtube", Spent(1000.0, 150.0), heard.put)
    assert heard.get(timeout=SOON) is False
    database = Database.open(url)
    assert units.booked(database, "youtube") == Spent(1000.0, 100.0)
    assert units.booked(database, "other") is None
    database.close()


def test_what_nobody_can_read_keeps_nothing_from_starting(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/soulwire.db")
    database.write(lambda tx: meta.keep(tx, "units:youtube", "[1")).result()

    assert units.booked(database, "youtube") is None
    database.close()
