"""Units of work that wait for the writer, in order of arrival."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Condition
from typing import Any, NamedTuple

from storage.transaction import Transaction
from storage.trouble import Reason

LIMIT = 100_000
"""About what can be done in the usual deadline: whoever came after these would only wait to be told no."""


class Ticket(NamedTuple):
    unit: Callable[[Transaction], Any]
    future: "Future[Any]"
    due: float
    """By the monotonic clock: not begun by then, it is never begun."""


class Line:
    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._tickets: deque[Ticket] = deque()
        self._changed = Condition()
        self._writer_waits = False
        self._refusing: Reason | None = None

    def join(self, ticket: Ticket) -> Reason | None:
        """Why it can't, or None."""
        with self._changed:
            if self._refusing:
                return self._refusing
            if len(self._tickets) >= self._limit:
                return "busy"
            self._tickets.append(ticket)
            if self._writer_waits:
                self._writer_waits = False
                self._changed.notify_all()
        return None

    def take(self, most: int) -> list[Ticket]:
        """The first ones, waiting for one to come; empty once the line is closed and nobody is left."""
        with self._changed:
            while not self._tickets:
                if self._refusing == "closed":
                    return []
                self._writer_waits = True
                self._changed.wait()
            tickets = self._tickets
            return [tickets.popleft() for _ in range(min(most, len(tickets)))]

    def give_back(self, tickets: Iterable[Ticket]) -> None:
        """They were first and are first again."""
        with self._changed:
            self._tickets.extendleft(reversed(list(tickets)))

    def overdue(self, now: float) -> list[Ticket]:
        """Takes out those whose time is over."""
        with self._changed:
            late = [ticket for ticket in self._tickets if ticket.due < now]
            if late:
                self._tickets = deque(ticket for ticket in self._tickets if ticket.due >= now)
            return late

    def refuse(self, reason: Reason) -> list[Ticket]:
        """Lets nobody join from now on, and hands over those who wait."""
        with self._changed:
            if self._refusing != "closed":
                self._refusing = reason
            waiting, self._tickets = list(self._tickets), deque()
            return waiting

    def welcome(self) -> None:
        with self._changed:
            if self._refusing != "closed":
                self._refusing = None

    def close(self) -> None:
        """Lets nobody join any more; those who wait are still served."""
        with self._changed:
            self._refusing = "closed"
            self._writer_waits = False
            self._changed.notify_all()

    def wait_until_closed(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._refusing == "closed", seconds)
