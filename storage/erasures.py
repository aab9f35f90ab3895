"""Users who are to be forgotten: what was asked stands here until nothing of theirs is left."""

# ruff: noqa: S608 (the names in the SQL here are those of our own tables)

from typing import Any, NamedTuple

from storage import models
from storage.broadcasts import LAST
from storage.transaction import Transaction

KEPT = frozenset({"erasures", "sequences", "revoked_users", "revoked_tokens"})
"""What says that something is over has to outlive it: that the user is being forgotten, that their cursors are of
another life, that their old tokens aren't taken any more."""
CONNECTIONS = "platform_connections"
"""The rows by which their actors are found."""


class _Table(NamedTuple):
    name: str
    key: str
    """The columns of its primary key."""


def _tables() -> list[_Table]:
    """Every one that has rows of users, so that a new one isn't forgotten."""
    named = [
        _Table(model._meta.table_name, ", ".join(field.column_name for field in _primary(model)))
        for model in models.ALL
        if "user_id" in model._meta.columns and model._meta.table_name not in KEPT
    ]
    return sorted(named, key=lambda table: table.name == CONNECTIONS)


def _primary(model: type[Any]) -> list[Any]:
    fields: list[Any] = model._meta.get_primary_keys()
    return fields


TABLES = _tables()


def begin(tx: Transaction, user: str, at: float) -> None:
    """From here on it is finished, whatever happens to the process."""
    tx.run("INSERT INTO erasures (user_id, asked_at) VALUES (?, ?) ON CONFLICT (user_id) DO NOTHING", user, at)
    tx.run("DELETE FROM connect_flows WHERE user_id = ?", user)


def begun(tx: Transaction) -> list[str]:
    """Those that aren't finished, the earliest first."""
    return [user for (user,) in tx.all("SELECT user_id FROM erasures ORDER BY asked_at, user_id")]


def drop(tx: Transaction, user: str, limit: int) -> int:
    """At most `limit` rows of theirs; how many went. 0: nothing was left, and the user is forgotten.

    Whatever cursor the user's pages hold is of another life from then on: the sequence goes on beyond a gap that no
    cursor reaches over. So its row stays, which says no more than that there was such a user.
    """
    tx.run(f"UPDATE sequences SET head = head + 1, lowest = head + 2, heard = {LAST} WHERE user_id = ?", user)
    gone = 0
    for name, key in TABLES:
        if gone >= limit:
            return gone
        gone += tx.run(
            f"DELETE FROM {name} WHERE user_id = ? AND ({key}) IN (SELECT {key} FROM {name} WHERE user_id = ? LIMIT ?)",
            user,
            user,
            limit - gone,
        )
    if not gone:
        tx.run("DELETE FROM erasures WHERE user_id = ?", user)
    return gone
