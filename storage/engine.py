"""What the writer and the readers ask of a database, whichever it is."""

from abc import ABC, abstractmethod
from contextlib import suppress

import peewee

from storage.transaction import Transaction
from storage.trouble import Reason


class Session(ABC):
    """One connection, opened through peewee, and its transaction."""

    def __init__(self, peewee_database: peewee.Database, tx: Transaction) -> None:
        self.peewee = peewee_database
        self.tx = tx

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def commit(self) -> None: ...

    @abstractmethod
    def rollback(self) -> None: ...

    @abstractmethod
    def is_spoiled(self) -> bool:
        """Whether an error has left the transaction such that it can't be committed."""

    @abstractmethod
    def begin_unit(self) -> None: ...

    @abstractmethod
    def keep_unit(self) -> None: ...

    @abstractmethod
    def undo_unit(self) -> None: ...

    def close(self) -> None:
        """What was not committed is gone. Never raises: a connection that is lost can't be closed properly."""
        with suppress(Exception):
            self.peewee.close()


class Engine(ABC):
    """SQLite or PostgreSQL: how to connect, and what its errors mean."""

    may_lose_commits: bool
    """Whether a crash of the machine can take back what was committed."""

    @abstractmethod
    def writer(self, *, durable: bool = False) -> Session:
        """With `durable`, every commit is on disk before it returns, whatever this engine was asked for."""

    @abstractmethod
    def reader(self) -> Session: ...

    @abstractmethod
    def reason(self, error: BaseException) -> Reason | None:
        """What is wrong with the database; None when the error is the statement's own fault."""
