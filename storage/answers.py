"""What callers were answered to requests that they may make again under the same key."""

from typing import NamedTuple

from storage.transaction import Transaction


class Kept(NamedTuple):
    digest: str
    """Of the request that was answered."""
    answer: str


def recall(tx: Transaction, caller: str, key: str, now: float) -> Kept | None:
    row = tx.one(
        "SELECT digest, answer FROM kept_answers WHERE caller = ? AND request_key = ? AND expires_at > ?",
        caller,
        key,
        now,
    )
    return Kept(*row) if row else None


def keep(tx: Transaction, caller: str, key: str, kept: Kept, until: float) -> None:
    """In the unit that does what was asked; an answer of yesterday makes room."""
    tx.run(
        "INSERT INTO kept_answers (caller, request_key, digest, answer, expires_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (caller, request_key) DO UPDATE "
        "SET digest = excluded.digest, answer = excluded.answer, expires_at = excluded.expires_at",
        caller,
        key,
        *kept,
        until,
    )


def prune(tx: Transaction, now: float, limit: int) -> int:
    """Drops those whose time is over; how many went."""
    return tx.run(
        "DELETE FROM kept_answers WHERE (caller, request_key) IN "
        "(SELECT caller, request_key FROM kept_answers WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
        now,
        limit,
    )
