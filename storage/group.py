"""Units of work that become one transaction."""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from storage.engine import Engine, Session
from storage.line import Ticket
from storage.records import Event

Outcome = tuple["Future[Any]", Any, Exception | None]


class _UnitFailed(Exception):
    """A unit failed by itself; the others have to be run without it."""


class Group:
    """Raises whatever the database itself fails with; a unit's own error is an outcome."""

    def __init__(self, engine: Engine, session: Session) -> None:
        self._engine = engine
        self._session = session
        self.begun: list[Ticket] = []
        self.committing = False
        """From here on an error may leave open whether it was committed."""

    @property
    def told(self) -> list[Event]:
        return self._session.tx.told or []

    def commit(self, tickets: Iterable[Ticket]) -> list[Outcome]:
        try:
            outcomes = self._run(tickets)
        except _UnitFailed:
            # Rare, and so not prepared for: savepoints around all of them would cost as much as most of their work.
            self._session.rollback()
            outcomes = self._run_apart()
        self._commit()
        return outcomes

    def commit_again(self, session: Session) -> list[Outcome]:
        """On another connection, when the first was lost on the way."""
        self._session = session
        outcomes = self._run_apart()
        self._commit()
        return outcomes

    def _commit(self) -> None:
        self.committing = True
        self._session.commit()

    def _run(self, tickets: Iterable[Ticket]) -> list[Outcome]:
        """All in one go."""
        outcomes: list[Outcome] = []
        tx = self._session.tx
        tx.told = []
        self._session.begin()
        for ticket in tickets:
            self.begun.append(ticket)
            try:
                outcomes.append((ticket.future, ticket.unit(tx), None))
            except Exception as error:
                if self._engine.reason(error):
                    raise
                raise _UnitFailed from error
        if self._session.is_spoiled():
            raise _UnitFailed
        return outcomes

    def _run_apart(self) -> list[Outcome]:
        """Each in a savepoint, so that one that fails takes only itself back."""
        outcomes: list[Outcome] = []
        session = self._session
        session.tx.told = told = list[Event]()
        session.begin()
        for unit, future, _ in self.begun:
            before = len(told)
            session.begin_unit()
            try:
                value = unit(session.tx)
                if session.is_spoiled():
                    raise RuntimeError("the unit went on after its SQL had failed")
            except Exception as error:
                if self._engine.reason(error):
                    raise
                session.undo_unit()
                del told[before:]
                outcomes.append((future, None, error))
            else:
                session.keep_unit()
                outcomes.append((future, value, None))
        return outcomes
