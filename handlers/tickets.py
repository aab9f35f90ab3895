"""Single-use tickets: what may stand in an address instead of a token, since addresses are logged and remembered.

They are kept in memory, so a restart ends them; whoever asked for one asks again. A ticket that was used is
remembered for as long as it would have been good, so that a replay is told apart from one that is merely too old.
"""

import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from handlers.auth import Caller
from handlers.errors import NotAuthenticated, TooMany

LASTS = 30.0
PER_USER = 100
"""Tickets that one user gets in that time."""
IN_ALL = 50_000


class _Ticket(NamedTuple):
    caller: Caller
    ends: float


class Tickets:
    """Belongs to the loop."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._tickets: OrderedDict[str, _Ticket] = OrderedDict()
        """The oldest first: all last equally long."""
        self._used: set[str] = set()
        self._of_user: Counter[str] = Counter()

    def issue(self, caller: Caller) -> str:
        """Raises `TooMany`."""
        now = self._elapsed()
        self._forget(now)
        if self._of_user[caller.user] >= PER_USER or len(self._tickets) >= IN_ALL:
            raise TooMany("too_many_tickets", "Too many tickets were asked for.", headers={"Retry-After": "5"})
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = _Ticket(caller, now + LASTS)
        self._of_user[caller.user] += 1
        return ticket

    def take(self, ticket: str) -> Caller:
        """Whom it was issued to, once. Raises `NotAuthenticated`."""
        self._forget(self._elapsed())
        found = self._tickets.get(ticket)
        if found is None:
            raise NotAuthenticated("ticket_expired", "The ticket is not known any more.", hint="Get a new one.")
        if ticket in self._used:
            raise NotAuthenticated("ticket_used", "The ticket was used before.", hint="Get a new one each time.")
        self._used.add(ticket)
        return found.caller

    def _forget(self, now: float) -> None:
        while self._tickets:
            ticket, (caller, ends) = next(iter(self._tickets.items()))
            if ends > now:
                return
            del self._tickets[ticket]
            self._used.discard(ticket)
            self._of_user[caller.user] -= 1
            if not self._of_user[caller.user]:
                del self._of_user[caller.user]
