"""A connection's row and its token, as its actor has them in hand. Both can be read anew.

The bottom of `ConnectionActor`: what is stored, and how it is read and changed.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import structlog

from actors.clock import Clock
from actors.platforms.base import Platform
from actors.platforms.failures import GrantRefused
from actors.pool import PooledActor
from actors.shared import Shared
from storage import connections
from storage.records import Account, Connection, ConnectionKey, Token
from storage.vault import WrongKey

log = structlog.get_logger()
T = TypeVar("T")

STILL_GOOD = 60.0
"""A token that expires sooner is refreshed before it is used."""
UNREADABLE = (
    "token_unreadable",
    "What was stored of this access can no longer be read: it was sealed with a key that this service doesn't have, or "
    "has been changed. Please reconnect.",
)


class ConnectionRow(PooledActor):
    def __init__(self, key: ConnectionKey, shared: Shared, incarnation: int) -> None:
        super().__init__()
        self.key = key
        self.shared = shared
        self.incarnation = incarnation
        self._row: Connection | None = None
        self._token: Token | None = None
        self._borrowed: Token | None = None

    # -- who it is -------------------------------------------------------------------------------

    @property
    def names(self) -> dict[str, str]:
        """What every log line of this actor carries."""
        return {"user": self.key.user, "platform": self.key.platform}

    @property
    def clock(self) -> Clock:
        return self.shared.clock

    @property
    def platform(self) -> Platform:
        return self.shared.platforms[self.key.platform]

    @property
    def row(self) -> Connection:
        if self._row is None:
            raise RuntimeError(f"{self.key} was told something before it was woken")
        return self._row

    @property
    def account(self) -> Account:
        return self.row.account or Account("", "")

    # -- storage ---------------------------------------------------------------------------------

    def write(self, unit: Callable[[Any], T]) -> T:
        """Waits for the commit: the writer waits for nobody, so this ends."""
        return self.shared.database.write(unit).result()

    def read(self, query: Callable[[Any], T]) -> T:
        return self.shared.database.read(query)

    def change(self, unit: Callable[[Any], T]) -> T:
        """A write, and the row as it is then. Not in a read of its own: that may fail where the write did not, and
        the actor would go on with what was true before, such as a refresh token that is spent."""

        def both(tx: Any) -> tuple[T, Connection | None]:
            return unit(tx), connections.get(tx, self.key)

        result, row = self.write(both)
        self._take(row)
        return result

    def reload(self) -> Connection:
        return self._take(self.read(lambda tx: connections.get(tx, self.key)))

    def _take(self, row: Connection | None) -> Connection:
        if row is None:
            raise LookupError(f"{self.key} is gone from storage")
        if self._row is not None and self._row.generation != row.generation:
            self._token = None
        self._row = row
        return row

    def update_row(self, **columns: Any) -> None:
        self.change(lambda tx: connections.update(tx, self.key, **columns))

    def shares_account(self, slugs: Sequence[str]) -> bool:
        """Whether another live connection on these platforms is to the same account."""
        return self.read(lambda tx: connections.others_of_account(tx, self.key, slugs, self.account.id)) > 0

    # -- the token -------------------------------------------------------------------------------

    def token(self) -> Token:
        """Unsealed on first use."""
        if self._borrowed is not None:
            return self._borrowed
        if self._token is None:
            self._token = self._unsealed()
        if self._token is None:
            raise GrantRefused(*UNREADABLE)
        return self._token

    def _unsealed(self) -> Token | None:
        try:
            return self.read(lambda tx: connections.token(tx, self.shared.vault, self.key))
        except WrongKey as trouble:
            log.error("token_unreadable", **self.names, reason=str(trouble))
            return None

    def borrow(self, token: Token | None) -> None:
        """Use this one for the calls that come, though it isn't the connection's."""
        self._borrowed = token

    def token_is_good(self) -> bool:
        expires_at = self.row.token_expires_at
        return expires_at is None or self.clock.now() < expires_at - STILL_GOOD

    def has_token(self) -> bool:
        try:
            return bool(self.token())
        except GrantRefused:
            return False

    def can_refresh(self) -> bool:
        return self.token().refresh is not None

    def refresh_is_due(self) -> bool:
        due = self.row.refresh_due_at
        return due is not None and self.clock.now() >= due
