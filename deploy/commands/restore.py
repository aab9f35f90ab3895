"""`run.py restore FILE`: a backup in place of the SQLite database, which is kept beside it.

The copy gets another epoch: cursors of clients may be of events that it never had, and would else be taken for places
in what it is told from now on.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from deploy.commands.backup import database_file
from deploy.errors import NotDone, SettingError
from deploy.opening import lock_beside
from deploy.settings import Settings
from storage import meta
from storage.copying import CannotCopy, copy
from storage.database import CannotOpen, Database
from storage.lock import AlreadyRunning
from storage.vault import Vault, WrongKey

BESIDE = ("-wal", "-shm", "")
"""What SQLite keeps of one database; the database itself last."""


def run(settings: Settings, file: Path) -> Iterator[str]:
    place = database_file(settings)
    try:
        with lock_beside(place):
            coming = place.with_name(f"{place.name}.restoring")
            _remove(coming)
            try:
                copy(file, coming)
                _begin_anew(coming, settings)
                kept = _put_aside(place)
                coming.rename(place)
            finally:
                _remove(coming)
    except WrongKey as error:
        raise SettingError("ENCRYPTION_KEY", str(error).removeprefix("ENCRYPTION_KEY ")) from None
    except (AlreadyRunning, CannotCopy, CannotOpen, OSError) as error:
        raise NotDone(str(error)) from None
    yield f"{place} is the backup now; clients are told to read their state anew."
    if kept is not None:
        yield f"What was there before is {kept}."


def _begin_anew(file: Path, settings: Settings) -> None:
    """That its key is here shows before anything is replaced; the steps it lacks are taken."""
    database = Database.open(f"sqlite:///{file}", vault=Vault(settings.encryption_bytes()))
    try:
        database.write(meta.new_epoch).result()
    finally:
        database.close()


def _put_aside(place: Path) -> Path | None:
    if not place.exists():
        return None
    kept = place.with_name(f"{place.name}.until-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    if kept.exists():
        raise NotDone(f"{kept} is there already")
    for ending in BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{place}{ending}").rename(f"{kept}{ending}")
    return kept


def _remove(file: Path) -> None:
    for ending in BESIDE:
        Path(f"{file}{ending}").unlink(missing_ok=True)
