"""A database as a file beside the running service, and such a file put back: whole or not at all."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.commands import backup, restore
from deploy.errors import NotDone, SettingError
from deploy.settings import Settings
from storage import connections, events
from storage.database import Database
from storage.lock import ProcessLock
from storage.records import ConnectionKey, Draft, Secret, Token
from storage.vault import Vault
from tests.deploy.told import settings

ADA = ConnectionKey("ada", "github")


class Place:
    """A deployment's directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "soulwire.db"
        self.copy = folder / "copy.db"
        self.told = self.settings()

    def settings(self, **more: str) -> Settings:
        return settings(DATABASE_URL=f"sqlite:///{self.file}", **more)

    def open(self) -> Database:
        return Database.open(f"sqlite:///{self.file}", vault=Vault(self.told.encryption_bytes()))

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def serving(place: Place) -> Iterator[Database]:
    database = place.open()
    happen(database, "first")
    yield database
    database.close()


def happen(database: Database, what: str) -> None:
    database.write(lambda tx: events.append(tx, "ada", [Draft(what, {})], 1.0)).result(10)


def happened(database: Database) -> list[str]:
    return [one.type for one in database.read(lambda tx: events.since(tx, "ada", 0, 10))]


def test_a_backup_beside_a_running_service_has_what_was_committed(place: Place, serving: Database) -> None:
    assert next(iter(backup.run(place.told, place.copy))).startswith(str(place.copy))
    happen(serving, "second")
    serving.close()
    assert place.copy.stat().st_mode & 0o777 == 0o600
    assert "copy.db-wal" not in place.names()

    [*_, kept] = restore.run(place.told, place.copy)
    back = place.open()
    assert happened(back) == ["first"]
    back.close()

    old = kept.removeprefix("What was there before is ").removesuffix(".")
    place.file.unlink()
    os.rename(old, place.file)
    before = place.open()
    assert happened(before) == ["first", "second"]
    before.close()


def test_what_is_restored_is_of_another_epoch_and_its_tokens_open(place: Place, serving: Database) -> None:
    vault = Vault(place.told.encryption_bytes())
    token = Token(Secret("access"), Secret("refresh"))
    serving.write(lambda tx: connections.create(tx, ADA, 0.0)).result(10)
    serving.write(lambda tx: connections.keep_token(tx, vault, ADA, 0, token)).result(10)
    epoch = serving.epoch
    [*backup.run(place.told, place.copy)]
    serving.close()
    [*restore.run(place.told, place.copy)]

    back = place.open()
    assert back.epoch != epoch
    found = back.read(lambda tx: connections.token(tx, vault, ADA))
    assert found is not None
    assert found.access.reveal() == "access"
    back.close()


def test_a_backup_is_restored_where_nothing_is(place: Place, serving: Database) -> None:
    [*backup.run(place.told, place.copy)]
    serving.close()
    place.file.unlink()
    assert len([*restore.run(place.told, place.copy)]) == 1
    back = place.open()
    assert happened(back) == ["first"]
    back.close()


def test_nothing_is_written_over(place: Place, serving: Database) -> None:
    place.copy.write_text("dear")
    with pytest.raises(NotDone, match="is there already"):
        [*backup.run(place.told, place.copy)]
    assert place.copy.read_text() == "dear"


def test_nothing_is_restored_under_a_running_service(place: Place, serving: Database) -> None:
    [*backup.run(place.told, place.copy)]
    with ProcessLock(f"{place.file}.lock"), pytest.raises(NotDone, match="another Soulwire runs"):
        [*restore.run(place.told, place.copy)]
    assert happened(serving) == ["first"]


def test_a_backup_whose_key_is_not_here_is_refused_and_the_database_stays(place: Place, serving: Database) -> None:
    [*backup.run(place.told, place.copy)]
    serving.close()
    with pytest.raises(SettingError, match="ENCRYPTION_KEY: is not the one"):
        [*restore.run(place.settings(ENCRYPTION_KEY="1" * 64), place.copy)]
    assert place.names() == {"soulwire.db", "soulwire.db.lock", "copy.db"}
    place.open().close()


@pytest.mark.parametrize("what", ["missing", "text", "other", "damaged"])
def test_what_is_no_backup_is_refused_and_nothing_is_left(place: Place, serving: Database, what: str) -> None:
    [*backup.run(place.told, place.copy)]
    serving.close()
    if what == "damaged":
        pages = bytearray(place.copy.read_bytes())
        pages[8192:20480] = b"x" * 12288
        place.copy.write_bytes(pages)
    else:
        place.copy.unlink()
    if what == "text":
        place.copy.write_text("Dear diary, " * 500)
    if what == "other":
        other = sqlite3.connect(place.copy)
        other.execute("CREATE TABLE cakes (name TEXT)")
        other.close()
    with pytest.raises(NotDone, match=r"copy\.db"):
        [*restore.run(place.told, place.copy)]
    assert place.names() - {"copy.db"} == {"soulwire.db", "soulwire.db.lock"}
    back = place.open()
    assert happened(back) == ["first"]
    back.close()


def test_postgresql_has_its_own_tools(tmp_path: Path) -> None:
    told = settings(DATABASE_URL="postgresql://ada@127.0.0.1/soulwire")
    for command in (backup.run, restore.run):
        with pytest.raises(NotDone, match="pg_dump"):
            [*command(told, tmp_path / "copy.db")]
