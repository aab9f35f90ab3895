"""Connections for reading: a few, each used by one thread at a time."""

import threading
from collections.abc import Callable
from typing import TypeVar

from storage.engine import Engine, Session
from storage.transaction import Transaction
from storage.trouble import StorageUnavailable

T = TypeVar("T")

SESSIONS = 8
WAIT = 5.0
"""Seconds that a query waits for a connection."""


class Readers:
    def __init__(self, engine: Engine, epoch: str, sessions: int = SESSIONS) -> None:
        self._engine = engine
        self._epoch = epoch
        self._free = threading.Semaphore(sessions)
        self._idle: list[Session] = []  # append and pop are atomic; to look and then pop is not
        self._closed = False

    def read(self, query: Callable[[Transaction], T]) -> T:
        """Everything that `query` reads is of one moment."""
        if not self._free.acquire(timeout=WAIT):
            raise StorageUnavailable("timeout")
        try:
            return self._read(query)
        finally:
            self._free.release()

    def close(self) -> None:
        self._closed = True
        while session := self._take_idle():
            session.close()

    def _read(self, query: Callable[[Transaction], T]) -> T:
        while True:
            session = self._take_idle()
            fresh = session is None
            try:
                session = session or self._connect()
                session.begin()
                result = query(session.tx)
                session.commit()
            except Exception as error:
                if session:
                    session.close()
                reason = self._engine.reason(error)
                if reason == "lost" and not fresh:
                    continue  # it died while it was idle
                if reason:
                    raise StorageUnavailable(reason) from error
                raise
            self._give_back(session)
            return result

    def _take_idle(self) -> Session | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _connect(self) -> Session:
        if self._closed:
            raise StorageUnavailable("closed")
        session = self._engine.reader()
        session.tx.epoch = self._epoch
        return session

    def _give_back(self, session: Session) -> None:
        self._idle.append(session)
        if self._closed:
            self.close()
