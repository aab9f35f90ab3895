"""Tokens of the app that are refused before their time: a user's older ones, or one by its `jti`."""

from typing import NamedTuple

from storage.transaction import Transaction


class Revoked(NamedTuple):
    """Everything that is refused."""

    before: dict[str, float]
    """By user: tokens issued earlier than this."""
    tokens: dict[tuple[str, str], float | None]
    """By user and `jti`: when the token would have expired, where that is known."""


def everything(tx: Transaction) -> Revoked:
    before = dict(tx.all("SELECT user_id, issued_before FROM revoked_users"))
    tokens = tx.all("SELECT user_id, jti, expires_at FROM revoked_tokens")
    return Revoked(before, {(user, jti): expires_at for user, jti, expires_at in tokens})


def revoke_before(tx: Transaction, user: str, at: float) -> None:
    """What was refused already stays so."""
    tx.run(
        "INSERT INTO revoked_users (user_id, issued_before) VALUES (?, ?) ON CONFLICT (user_id) DO UPDATE SET "
        "issued_before = excluded.issued_before WHERE excluded.issued_before > revoked_users.issued_before",
        user,
        at,
    )


def revoke_token(tx: Transaction, user: str, jti: str, expires_at: float | None) -> None:
    """`expires_at` may be learned later; the later of two that are known counts."""
    tx.run(
        "INSERT INTO revoked_tokens (user_id, jti, expires_at) VALUES (?, ?, ?) ON CONFLICT (user_id, jti) DO UPDATE "
        "SET expires_at = excluded.expires_at WHERE excluded.expires_at IS NOT NULL "
        "AND (revoked_tokens.expires_at IS NULL OR excluded.expires_at > revoked_tokens.expires_at)",
        user,
        jti,
        expires_at,
    )


def prune(tx: Transaction, now: float, limit: int) -> int:
    """Drops those whose token has expired by itself; how many went."""
    return tx.run(
        "DELETE FROM revoked_tokens WHERE (user_id, jti) IN "
        "(SELECT user_id, jti FROM revoked_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)",
        now,
        limit,
    )
