"""The epoch: as long as it is the same, what was told is still there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from storage import meta
from storage.database import Database, engine_for
from tests.storage.gathering import PATIENCE


@pytest.fixture
def boots(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes this another run of the machine."""

    def boot(name: str) -> None:
        monkeypatch.setattr(meta, "boot_id", lambda: name)

    boot("monday")
    return boot


def crash(database: Database, tmp_path: Path) -> str:
    """The database as a crash at this moment leaves it, opened by another process: as far as its file goes."""
    database.write(lambda tx: tx.one("PRAGMA wal_checkpoint(FULL)")).exception(PATIENCE)
    copy = tmp_path / "after-the-crash.db"
    source = tmp_path / "soulwire.db"
    copy.write_bytes(source.read_bytes())
    wal = tmp_path / "soulwire.db-wal"
    copy.with_name(copy.name + "-wal").write_bytes(wal.read_bytes())
    return f"sqlite:///{copy}"


def epoch_of(url: str, **options: str) -> str:
    database = Database.open(url, **options)  # type: ignore[arg-type]
    database.close()
    return database.epoch


def test_each_database_has_its_own(url: str, tmp_path: Path) -> None:
    assert epoch_of(url) != epoch_of(f"sqlite:///{tmp_path}/another.db")


@pytest.mark.parametrize("durability", ["full", "normal"])
def test_it_outlives_an_orderly_end(url: str, boots: Callable[[str], None], durability: str) -> None:
    before = epoch_of(url, durability=durability)
    boots("tuesday")
    assert epoch_of(url, durability=durability) == before


def test_it_outlives_a_crash_of_the_process(
    open_database: Callable[..., Database], tmp_path: Path, boots: Callable[[str], None]
) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/soulwire.db", durability="normal")
    after = crash(database, tmp_path)
    assert epoch_of(after, durability="normal") == database.epoch
    database.close()


def test_a_crash_of_the_machine_ends_it_when_commits_were_not_forced(
    tmp_path: Path, boots: Callable[[str], None]
) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/soulwire.db", durability="normal")
    after = crash(database, tmp_path)
    boots("tuesday")
    new = epoch_of(after, durability="full")
    assert new != database.epoch
    boots("wednesday")
    assert epoch_of(after) == new
    database.close()


def test_a_crash_of_the_machine_takes_nothing_that_was_forced(tmp_path: Path, boots: Callable[[str], None]) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/soulwire.db", durability="full")
    after = crash(database, tmp_path)
    boots("tuesday")
    assert epoch_of(after, durability="normal") == database.epoch
    database.close()


def test_a_tool_beside_the_service_does_not_call_the_end_orderly(tmp_path: Path, boots: Callable[[str], None]) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/soulwire.db", durability="normal")
    Database.open(f"sqlite:///{tmp_path}/soulwire.db", durability="full").close()
    after = crash(database, tmp_path)
    boots("tuesday")
    assert epoch_of(after) != database.epoch
    database.close()


def test_that_commits_are_at_risk_is_itself_forced_to_the_disk(tmp_path: Path) -> None:
    session = engine_for(f"sqlite:///{tmp_path}/soulwire.db", "normal").writer(durable=True)
    assert session.tx.one("PRAGMA synchronous") == (2,)
    session.close()


def test_the_machine_tells_one_run_from_another() -> None:
    assert meta.boot_id() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
