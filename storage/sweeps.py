"""Connections by what is due for them: small pages by index, however many there are."""

from typing import NamedTuple

from storage.connections import select
from storage.records import Connection
from storage.transaction import Transaction


class Place(NamedTuple):
    """Where in the order of time a page ended."""

    at: float = 0.0
    id: int = 0


def overdue(tx: Transaction, now: float, after: Place, limit: int) -> list[Connection]:
    """Connected ones whose token should have been refreshed by now, the longest due first."""
    return _until(tx, "refresh_due_at", now, after, limit)


def unnoticed(tx: Transaction, now: float, after: Place, limit: int) -> list[Connection]:
    """Connected ones that are to be told by now that their grant ends."""
    return _until(tx, "reauth_notice_at", now, after, limit)


def grants_ending(tx: Transaction, before: float, after: Place, limit: int) -> list[Connection]:
    """Connected ones whose grant ends before then, whatever we do."""
    return _until(tx, "reauth_due_at", before, after, limit)


def count_grants_ending(tx: Transaction, before: float) -> dict[str, int]:
    """How many they are per platform."""
    return dict(
        tx.all(
            "SELECT platform, count(*) FROM platform_connections "
            "WHERE status = 'connected' AND reauth_due_at IS NOT NULL AND reauth_due_at <= ? GROUP BY platform",
            before,
        )
    )


def connected(tx: Transaction, platform: str, after: int, limit: int) -> list[Connection]:
    """All of a platform, in order of id."""
    return select(tx, "platform = ? AND status = 'connected' AND id > ? ORDER BY id LIMIT ?", platform, after, limit)


def _until(tx: Transaction, column: str, until: float, after: Place, limit: int) -> list[Connection]:
    return select(
        tx,
        f"status = 'connected' AND {column} IS NOT NULL AND {column} <= ? AND {column} >= ? "
        f"AND ({column}, id) > (?, ?) ORDER BY {column}, id LIMIT ?",
        until,
        after.at,
        *after,
        limit,
    )
