"""From what a token endpoint gave to what is kept. Pure."""

from actors.platforms.base import Grant
from storage.records import Token

MARGIN = 600.0


def granted(grant: Grant, now: float, *, before: Token | None = None, lifetime: float | None = None) -> Token:
    """The token to keep. `before` is the one that was refreshed: what the answer leaves out stays as it was.

    `lifetime` is how long the platform lets a grant live from the user's consent, where its answers don't say.
    """
    expires_at = now + grant.expires_in if grant.expires_in else None
    margin = min(MARGIN, grant.expires_in / 5) if grant.expires_in else 0.0
    refresh = grant.refresh or (before.refresh if before else None)
    return Token(
        access=grant.access,
        refresh=refresh,
        expires_at=expires_at,
        refresh_due_at=expires_at - margin if expires_at and refresh else None,
        scope=grant.scope if grant.scope is not None else (before.scope if before else ""),
        reauth_due_at=_grant_ends(grant, now, before, lifetime, refresh is None),
    )


def _grant_ends(
    grant: Grant, now: float, before: Token | None, lifetime: float | None, unrefreshable: bool
) -> float | None:
    if grant.refresh_expires_in:
        return now + grant.refresh_expires_in
    if before is not None:
        return before.reauth_due_at
    if lifetime is not None:
        return now + lifetime
    if unrefreshable and grant.expires_in:
        return now + grant.expires_in
    return None
