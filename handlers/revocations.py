"""Which tokens are refused though they are signed and have not expired: all in memory, so that asking costs nothing.

Storage has the same, and is read at the start. A token that doesn't say when it was issued counts as older than any
revocation, and so does one of the same second that has only whole seconds.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from storage import revocations
from storage.revocations import Revoked

Write = Callable[[Callable[[Any], None]], object]

FEW = 1_000
"""Revoked tokens that are remembered before it is looked whether some of them have expired."""


class Revocations:
    """Belongs to the loop."""

    def __init__(self, known: Revoked | None = None, write: Write | None = None) -> None:
        """`write` is given what is learned later, to keep it."""
        self._before, self._tokens = known or Revoked({}, {})
        self._write = write
        self._enough = FEW

    def refuse_before(self, user: str, at: float) -> None:
        self._before[user] = max(at, self._before.get(user, at))

    def refuse_token(self, user: str, jti: str, expires_at: float | None, now: float) -> None:
        if len(self._tokens) >= self._enough:
            self._forget_expired(now)
        self._tokens[user, jti] = expires_at

    def cover(self, user: str, jti: str | None, issued_at: float | None, expires_at: float) -> bool:
        before = self._before.get(user)
        if before is not None and (issued_at is None or issued_at < before):
            return True
        if jti is None or (user, jti) not in self._tokens:
            return False
        self._learn(user, jti, expires_at)
        return True

    def _forget_expired(self, now: float) -> None:
        """Those tokens are refused anyway."""
        self._tokens = {key: ends for key, ends in self._tokens.items() if ends is None or ends > now}
        self._enough = max(FEW, 2 * len(self._tokens))

    def _learn(self, user: str, jti: str, expires_at: float) -> None:
        """Until when it has to be kept."""
        known = self._tokens[user, jti]
        if known is None or known < expires_at:
            self._tokens[user, jti] = expires_at
            if self._write is not None:
                self._write(partial(revocations.revoke_token, user=user, jti=jti, expires_at=expires_at))
