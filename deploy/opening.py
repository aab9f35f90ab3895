"""The deployment's database, opened with its keys and, when it is a SQLite file, for this process alone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.errors import CannotStart, SettingError
from deploy.settings import Settings
from storage.database import CannotOpen, Database, StorageUnavailable
from storage.lock import AlreadyRunning, ProcessLock
from storage.records import Secret
from storage.vault import Vault, WrongKey


@contextmanager
def opened(settings: Settings, vault: Vault | None, *, alone: bool = True) -> Iterator[Database]:
    """Migrated, and closed at the end. Raises `CannotStart`, and `SettingError` when the key isn't the database's.

    With a vault, its first key counts among the database's from now on.
    """
    with ExitStack() as held:
        try:
            lock = _lock(settings.database_url) if alone else None
            if lock:
                held.enter_context(lock)
            database = Database.open(settings.database_url.reveal(), durability=settings.durability, vault=vault)
        except WrongKey as error:
            raise SettingError("ENCRYPTION_KEY", str(error).removeprefix("ENCRYPTION_KEY ")) from None
        except (AlreadyRunning, CannotOpen, StorageUnavailable) as error:
            raise CannotStart(str(error)) from None
        except OSError as error:
            raise CannotStart(f"the database can't be opened: {error}") from None
        held.callback(database.close)
        yield database


def sqlite_file(url: Secret) -> Path | None:
    """Where the database is, when it isn't a server's."""
    scheme, _, rest = url.reveal().partition("://")
    return Path(rest[1:]) if scheme == "sqlite" else None


def lock_beside(file: Path) -> ProcessLock:
    return ProcessLock(f"{file}.lock")


def _lock(url: Secret) -> ProcessLock | None:
    """A PostgreSQL server minds its clients itself."""
    file = sqlite_file(url)
    return lock_beside(file) if file else None
