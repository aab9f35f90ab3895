"""What the database can be in trouble with, and how it says so."""

from typing import Literal, NamedTuple

Reason = Literal["locked", "full", "read_only", "timeout", "busy", "lost", "closed"]

IN_WORDS: dict[Reason, str] = {
    "locked": "another process holds the database",
    "full": "there is no room left for the database",
    "read_only": "the database can't be written to",
    "timeout": "the database did not get to it in time",
    "busy": "more is waiting for the database than it can do in time",
    "lost": "the database can't be reached",
    "closed": "the database is closed",
}


class StorageUnavailable(Exception):
    """The work was not done, and would not have been whatever it was.

    Under `lost` alone it may have been done all the same: the connection went while it was being committed.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"{reason}: {IN_WORDS[reason]}")
        self.reason = reason


class CannotOpen(Exception):
    """Why the database can't be opened at all, in one line for whoever starts the service."""


class Health(NamedTuple):
    ok: bool
    reason: Reason | None
    since: float
    """Unix seconds; since when it has been as it is."""
