"""From every earlier version to today's: nothing is lost, and the result is the same as a new database."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import peewee
import psycopg
import pytest

from storage import connections, deliveries, events, migrations, models
from storage.database import CannotOpen, Database, engine_for
from storage.records import Draft
from tests.storage.people import ADA, NOON, a_delivery

STEPS = sorted(path.stem for path in Path(migrations.__file__).parent.glob("[0-9]*.py"))


def schema(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Per table its columns, and its indexes by what they say."""
    session = engine_for(url, "full").writer()
    try:
        found = session.peewee
        return {
            table: [
                *((column.name, column.data_type, column.null) for column in found.get_columns(table)),
                *sorted((index.name, tuple(index.columns), index.unique) for index in found.get_indexes(table)),
            ]
            for table in sorted(found.get_tables())
            if not table.startswith("sqlite_")
        }
    finally:
        session.close()


def migrate(url: str, target: str) -> None:
    session = engine_for(url, "full").writer()
    migrations.migrate(session.peewee, target)
    session.close()


def test_every_step_has_a_number_of_its_own() -> None:
    numbers = [int(step[:4]) for step in STEPS]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1


@pytest.mark.parametrize("version", STEPS)
def test_an_earlier_version_becomes_what_a_new_one_is(url: str, tmp_path: Path, version: str) -> None:
    migrate(url, version)
    Database.open(url).close()
    migrated = schema(url)
    assert {table for table in migrated if "migration" not in table} == {model._meta.table_name for model in models.ALL}
    if url.startswith("sqlite"):
        new = f"sqlite:///{tmp_path}/new.db"
        Database.open(new).close()
        assert migrated == schema(new)


@pytest.mark.parametrize("version", STEPS)
def test_what_an_earlier_version_kept_is_still_there(
    url: str, open_database: Callable[..., Database], version: str
) -> None:
    migrate(url, version)
    write_as_the_first_version_did(url)
    database = open_database()
    found = database.read(lambda tx: connections.get(tx, ADA))
    assert found is not None
    assert (found.status, found.generation, found.next_poll) == ("connected", 3, NOON)
    assert [row.delivery_id for row in database.read(lambda tx: deliveries.page(tx, limit=9))] == ["1"]
    assert database.write(lambda tx: events.append(tx, "ada", [Draft("a")], NOON)).result()[0].offset == 8
    assert [event.offset for event in database.read(lambda tx: events.since(tx, "ada", 0, 9))] == [7, 8]


def write_as_the_first_version_did(url: str) -> None:
    session = engine_for(url, "full").writer()
    tx = session.tx
    session.begin()
    tx.run(
        "INSERT INTO platform_connections "
        "(user_id, platform, status, generation, scope, next_poll, halted, created_at, updated_at) "
        "VALUES ('ada', 'github', 'connected', 3, '', ?, 0, 1.0, 1.0)",
        NOON,
    )
    tx.run("INSERT INTO sequences (user_id, head, lowest) VALUES ('ada', 7, 7)")
    tx.run("INSERT INTO events (user_id, position, type, at, body) VALUES ('ada', 7, 'a', 1.0, '{}')")
    deliveries.add(tx, a_delivery("1"))
    session.commit()
    session.close()


def test_opening_again_changes_nothing(url: str) -> None:
    Database.open(url).close()
    before = schema(url)
    Database.open(url).close()
    assert schema(url) == before


def test_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    Database.open(url).close()
    insert = f"INSERT INTO {migrations.HISTORY} (name, applied) VALUES ('9999_the_future', '2030-01-01 00:00:00')"
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute(insert)
        connection.close()
    else:
        with psycopg.connect(url) as server:
            server.execute(insert)
    with pytest.raises(CannotOpen, match=r"newer version of Soulwire: it has 9999_the_future$"):
        Database.open(url)


def test_a_step_that_fails_half_way_leaves_no_half(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Database.open(url).close()
    before = schema(url)
    folder = tmp_path / "steps"
    folder.mkdir()
    for step in Path(migrations.__file__).parent.glob("[0-9]*.py"):
        (folder / step.name).write_text(step.read_text())
    (folder / "9998_broken.py").write_text(
        "def up(migrator, database):\n"
        "    database.execute_sql('CREATE TABLE half (a INTEGER)')\n"
        "    database.execute_sql('CREATE NONSENSE')\n"
    )
    monkeypatch.setattr(migrations, "__file__", str(folder / "__init__.py"))
    with pytest.raises(CannotOpen):
        Database.open(url)
    assert schema(url) == before


@pytest.mark.parametrize("model", models.ALL, ids=lambda model: model._meta.table_name)
def test_models_and_tables_have_the_same_columns(url: str, model: type[peewee.Model]) -> None:
    Database.open(url).close()
    session = engine_for(url, "full").writer()
    columns = {
        column.name: (column.null, column.primary_key) for column in session.peewee.get_columns(model._meta.table_name)
    }
    keys = {field.column_name for field in model._meta.get_primary_keys()}
    declared = {field.column_name: field.null for field in model._meta.sorted_fields}
    session.close()
    assert columns.keys() == declared.keys()
    assert {name for name, (_, primary) in columns.items() if primary} == keys
    # SQLite calls the parts of a primary key nullable.
    assert {name for name, (null, primary) in columns.items() if null and not primary} == {
        name for name, null in declared.items() if null
    }
