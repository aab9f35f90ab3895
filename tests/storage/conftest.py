"""A database of either kind, fresh for each test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.records import Event
from storage.vault import Vault
from tests.fakes.postgres import PostgresServer, find_programs

PROGRAMS = find_programs()
WITHOUT_POSTGRES = PROGRAMS is None and os.environ.get("CI", "").lower() not in ("true", "1")
KINDS = ["sqlite"] if WITHOUT_POSTGRES else ["sqlite", "postgres"]
KEY = b"k" * 32


def pytest_report_header() -> str:
    if PROGRAMS is None:
        return "PostgreSQL: NOT FOUND in /usr/lib/postgresql, " + (
            "so that storage is tested on SQLite alone" if WITHOUT_POSTGRES else "and CI needs it"
        )
    return f"PostgreSQL: {PROGRAMS}"


@pytest.fixture(autouse=True)
def _groups_not_cut_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much of what waits becomes one group is not to depend on how busy the machine is."""
    monkeypatch.setattr("storage.writer.GROUP_SECONDS", 60.0)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    if PROGRAMS is None:
        pytest.fail("PostgreSQL is not installed: install the Debian package `postgresql`", pytrace=False)
    server = PostgresServer(PROGRAMS)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/soulwire.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield server.new_schema()


@pytest.fixture
def published() -> list[Event]:
    """What the databases of `open_database` published."""
    return []


@pytest.fixture
def open_database(url: str, published: list[Event]) -> Iterator[Callable[..., Database]]:
    """Opens the database, as often as is asked; each is closed in the end."""
    opened: list[Database] = []

    def open_it(**options: object) -> Database:
        database = Database.open(url, **{"publish": published.extend, **options})  # type: ignore[arg-type]
        opened.append(database)
        return database

    yield open_it
    for database in opened:
        database.close()


@pytest.fixture
def database(open_database: Callable[..., Database]) -> Database:
    return open_database()


@pytest.fixture
def vault() -> Vault:
    return Vault([KEY])
