"""The units of a day that are booked in the database, so that a restart begins no new count."""

from functools import partial
from typing import Any

import msgspec
import structlog

from actors.allowance import Booked, Spent
from storage import meta
from storage.database import Database, StorageUnavailable

log = structlog.get_logger()


def booked(database: Database, platform: str) -> Spent | None:
    """What the last run booked; what it wrote and nobody can read any more counts as nothing."""
    text = database.read(lambda tx: meta.value(tx, _name(platform)))
    try:
        return msgspec.json.decode(text, type=Spent) if text else None
    except msgspec.DecodeError:
        log.warning("units_unreadable", platform=platform)
        return None


def book(database: Database, platform: str, spent: Spent, heard: Booked) -> None:
    """Never blocks; `heard` is told, on any thread, whether it is stored."""
    future = database.write(partial(_keep, platform, spent))
    future.add_done_callback(lambda done: heard(_is_stored(done)))


def _keep(platform: str, spent: Spent, tx: Any) -> None:
    meta.keep(tx, _name(platform), msgspec.json.encode(spent).decode())


def _is_stored(done: Any) -> bool:
    error = done.exception()
    if error is not None and not isinstance(error, StorageUnavailable):
        log.error("units_not_booked", error=str(error))
    return error is None


def _name(platform: str) -> str:
    return f"units:{platform}"
