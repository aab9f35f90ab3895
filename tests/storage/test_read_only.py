"""A database that can be read but not written: refused while it lasts, and back at work by itself."""

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from storage import meta
from storage.database import Database
from tests.fakes.postgres import PostgresServer
from tests.storage.gathering import eventually, refusal, watch_probes

NOBODY = 65534


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.writer.PROBE_EVERY", 0.1)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own, which is closed to others."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def allow(folder: Path, *, writing: bool) -> None:
    for path in folder.iterdir():
        path.chmod(0o666 if writing else 0o444)
    folder.chmod(0o777 if writing else 0o555)


def test_a_file_that_may_not_be_written(folder: Path) -> None:
    database = Database.open(f"sqlite:///{folder}/soulwire.db")
    database.write(lambda tx: meta.keep(tx, "a", "x")).result()
    database.read(lambda tx: meta.value(tx, "a"))
    allow(folder, writing=False)
    # Modes don't bind root: let the writer's thread touch files as nobody does.
    if os.geteuid() == 0:
        database.write(lambda tx: ctypes.CDLL(None).setfsuid(NOBODY)).result()
    probes = watch_probes(database)
    # What is open already stays writable, whatever the modes say: make it look again.
    database.write(lambda tx: tx.one("PRAGMA query_only = 1")).result()
    assert refusal(database.write(lambda tx: meta.keep(tx, "a", "y")).exception(20)) == "read_only"
    eventually(lambda: len(probes) >= 3)
    assert set(probes) == {"read_only"}
    assert database.health().reason == "read_only"
    assert database.read(lambda tx: meta.value(tx, "a")) == "x"
    allow(folder, writing=True)
    eventually(lambda: database.health().ok)
    database.write(lambda tx: meta.keep(tx, "a", "z")).result()
    assert database.read(lambda tx: meta.value(tx, "a")) == "z"
    database.close()


def test_a_server_that_lets_nobody_write(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    database = Database.open(url)
    try:
        set_read_only(url, "on")
        eventually(lambda: database.write(lambda tx: meta.keep(tx, "a", "x")).exception(20) is not None)
        assert refusal(database.write(lambda tx: meta.keep(tx, "a", "y")).exception(20)) == "read_only"
        assert database.health().reason == "read_only"
    finally:
        set_read_only(url, "off")
    eventually(lambda: database.health().ok)
    database.write(lambda tx: meta.keep(tx, "a", "z")).result()
    database.close()
    postgres.drop_database(url)


def set_read_only(url: str, value: str) -> None:
    with psycopg.connect(url, autocommit=True, options="-c default_transaction_read_only=off") as other:
        other.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        other.execute("SELECT pg_reload_conf()")
