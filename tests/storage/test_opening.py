"""A database that can't be opened: one line that says why, and no password in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from storage.database import CannotOpen, Database


def line(url: str, **options: str) -> str:
    with pytest.raises(CannotOpen) as refused:
        Database.open(url, **options)  # type: ignore[arg-type]
    text = str(refused.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    "url",
    ["", "soulwire.db", "sqlite:soulwire.db", "sqlite://soulwire.db", "mysql://host/name", "postgresql+x://host/name"],
)
def test_an_address_of_no_known_kind(url: str) -> None:
    assert line(url) == "the database's address is sqlite:///file.db or postgresql://user@host/name"


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:"])
def test_sqlite_without_a_file(url: str) -> None:
    assert "needs a file" in line(url)


def test_a_directory_that_is_missing(tmp_path: Path) -> None:
    assert f"{tmp_path}/nowhere" in line(f"sqlite:///{tmp_path}/nowhere/soulwire.db")
    assert not (tmp_path / "nowhere").exists()


def test_a_directory_in_place_of_a_file(tmp_path: Path) -> None:
    assert "is a directory" in line(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Dear diary, " * 500)
    assert "not a database" in line(f"sqlite:///{file}")
    assert file.read_text() == "Dear diary, " * 500


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    Database.open(f"sqlite:///{tmp_path}/soulwire.db").close()
    assert (tmp_path / "soulwire.db").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "soulwire.db"
    file.touch()
    file.chmod(0o640)
    database = Database.open(f"sqlite:///{file}")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}, "also of what stands beside it"
    database.close()


def test_a_durability_that_does_not_exist(tmp_path: Path) -> None:
    assert "'fast'" in line(f"sqlite:///{tmp_path}/soulwire.db", durability="fast")


def test_a_server_that_is_not_there() -> None:
    text = line("postgresql://ada:secret-word@127.0.0.1:1/soulwire")
    assert "refused" in text
    assert "secret-word" not in text


@pytest.mark.parametrize("url", ["postgresql://ada:secret-word@host:port/x", "postgresql://ada:secret-word@[::1/x"])
def test_an_address_that_postgresql_can_not_read(url: str) -> None:
    assert "secret-word" not in line(url)


def test_a_relative_path_is_taken_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Database.open("sqlite:///soulwire.db").close()
    assert (tmp_path / "soulwire.db").exists()


@pytest.mark.parametrize("durability", ["full", "normal"])
def test_either_durability_opens(open_database: Callable[..., Database], durability: str) -> None:
    database = open_database(durability=durability)
    assert database.write(lambda tx: tx.one("SELECT 1")[0]).result() == 1


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
def test_sqlite_forces_commits_to_the_disk_only_when_asked_to(
    tmp_path: Path, durability: str, synchronous: int
) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/soulwire.db", durability=durability)
    assert database.write(lambda tx: tx.one("PRAGMA synchronous")[0]).result() == synchronous
    assert database.read(lambda tx: tx.one("PRAGMA journal_mode")[0]) == "wal"
    database.close()
