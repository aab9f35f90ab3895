"""A SQLite database copied to one file, all of one moment, beside whoever writes to it."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote


class CannotCopy(Exception):
    """In one line for whoever asked for it; nothing was left behind."""


def copy(source: Path, target: Path) -> None:
    """`target` is there whole and on disk, or not at all, and never in place of another file."""
    if not source.is_file():
        raise CannotCopy(f"there is no database {source}")
    if target.exists():
        raise CannotCopy(f"{target} is there already")
    part = target.with_name(f"{target.name}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        _fill(source, part)
        _to_disk(part)
        part.rename(target)
        _to_disk(target.parent)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise CannotCopy(f"{source} can't be copied to {target}: {error}") from None
    except CannotCopy:
        part.unlink(missing_ok=True)
        raise


def _fill(source: Path, part: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{quote(str(source.absolute()))}?mode=ro", uri=True)) as before,
        closing(sqlite3.connect(part)) as after,
    ):
        before.backup(after)
        after.execute("PRAGMA journal_mode = DELETE")  # one file and none beside it, also where nothing can be written
        if after.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise CannotCopy(f"{source} is damaged")
        if after.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is None:
            raise CannotCopy(f"{source} is not a database of Soulwire's")


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
