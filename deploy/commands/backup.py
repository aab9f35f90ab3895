"""`run.py backup FILE`: the SQLite database as one file, beside a running service."""

from collections.abc import Iterator
from pathlib import Path

from deploy.errors import NotDone
from deploy.opening import sqlite_file
from deploy.settings import Settings
from storage.copying import CannotCopy, copy


def run(settings: Settings, file: Path) -> Iterator[str]:
    try:
        copy(database_file(settings), file)
    except CannotCopy as error:
        raise NotDone(str(error)) from None
    yield f"{file} has the database as it was just now; it opens with this ENCRYPTION_KEY only."


def database_file(settings: Settings) -> Path:
    file = sqlite_file(settings.database_url)
    if file is None:
        raise NotDone("this database is PostgreSQL's: deploy/README.md has how pg_dump and pg_restore are used with it")
    return file
