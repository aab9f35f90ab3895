"""Ways to bring the writer into a certain situation, and to wait for one."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from storage.database import Database, StorageUnavailable
from storage.transaction import Transaction

PATIENCE = 20.0


@contextmanager
def writer_held(database: Database) -> Iterator[None]:
    """What is written meanwhile waits, and is one group afterwards."""
    begun, go_on = Event(), Event()

    def unit(_tx: Transaction) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    held = database.write(unit)
    assert begun.wait(PATIENCE)
    try:
        yield
    finally:
        go_on.set()
        held.result(PATIENCE)


def eventually(holds: Callable[[], bool], within: float = PATIENCE) -> None:
    """For what no future tells of."""
    deadline = time.monotonic() + within
    pause = Event()
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        pause.wait(0.01)


def watch_probes(database: Database) -> list[str | None]:
    """What each look at whether the trouble is over found, as they go on."""
    found: list[str | None] = []
    probe = database._writer._probe

    def watched() -> Any:
        found.append(probe())
        return found[-1]

    database._writer._probe = watched  # type: ignore[method-assign]
    return found


def refusal(error: BaseException | None) -> str:
    """The reason that the database gave."""
    assert isinstance(error, StorageUnavailable), repr(error)
    return error.reason
