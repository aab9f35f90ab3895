"""One user on one platform: its row, its token, its cursors. Only its own actor changes them."""

# ruff: noqa: S608 (every piece of SQL here is a constant of this file, every value a parameter)

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from storage.records import Account, Connection, ConnectionKey, Token
from storage.texts import clean, to_json
from storage.transaction import Transaction
from storage.vault import Vault

_COLUMNS = (
    "id",
    "user_id",
    "platform",
    "status",
    "generation",
    "account_id",
    "account_name",
    "account_details",
    "scope",
    "token_expires_at",
    "refresh_due_at",
    "reauth_due_at",
    "refresh_began_at",
    "last_sync",
    "next_poll",
    "hook_seen_at",
    "hook_error",
    "error_message",
    "reason",
    "halted",
    "granted_at",
    "leaving",
    "trouble_told",
    "reauth_notice_at",
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM platform_connections"
_OF_KEY = "WHERE user_id = ? AND platform = ?"

_UPDATABLE = frozenset(
    {
        "error_message",
        "halted",
        "hook_error",
        "hook_seen_at",
        "last_sync",
        "next_poll",
        "reason",
        "reauth_due_at",
        "reauth_notice_at",
        "refresh_began_at",
        "refresh_due_at",
        "status",
        "trouble_told",
    }
)


SAME_END = 86_400.0
"""An end of the grant that moves by less than this is the one that it had: answers round their seconds."""


# -- the row --------------------------------------------------------------------------------------
def create(tx: Transaction, key: ConnectionKey, at: float) -> Connection:
    """A pending row, or the one that exists."""
    tx.run(
        "INSERT INTO platform_connections "
        "(user_id, platform, status, generation, scope, halted, created_at, updated_at) "
        "VALUES (?, ?, 'pending', 0, '', 0, ?, ?) ON CONFLICT (user_id, platform) DO NOTHING",
        *key,
        at,
        at,
    )
    return _connection(tx.one(f"{_SELECT} {_OF_KEY}", *key))


def get(tx: Transaction, key: ConnectionKey) -> Connection | None:
    row = tx.one(f"{_SELECT} {_OF_KEY}", *key)
    return _connection(row) if row else None


def of_user(tx: Transaction, user: str) -> list[Connection]:
    return select(tx, "user_id = ? ORDER BY platform", user)


def select(tx: Transaction, where: str, *params: Any) -> list[Connection]:
    """For this package: the rows of which `where` is true."""
    return [_connection(row) for row in tx.all(f"{_SELECT} WHERE {where}", *params)]


def page(
    tx: Transaction,
    after: ConnectionKey | None,
    limit: int,
    user: str | None = None,
    platform: str | None = None,
    status: str | None = None,
) -> list[Connection]:
    """In order of key, those after `after`."""
    wanted = {"user_id = ?": user, "platform = ?": platform, "status = ?": status}
    conditions = "".join(f" AND {condition}" for condition, value in wanted.items() if value is not None)
    rows = tx.all(
        f"{_SELECT} WHERE (user_id, platform) > (?, ?){conditions} ORDER BY user_id, platform LIMIT ?",
        *(after or ("", "")),
        *(value for value in wanted.values() if value is not None),
        limit,
    )
    return [_connection(row) for row in rows]


def update(tx: Transaction, key: ConnectionKey, **columns: Any) -> None:
    """Sets what is known of it besides its token and account."""
    unknown = columns.keys() - _UPDATABLE
    if unknown or not columns:
        raise TypeError(f"not to be updated: {', '.join(sorted(unknown)) or 'nothing'}")
    assignments = ", ".join(f"{name} = ?" for name in columns)
    tx.run(
        f"UPDATE platform_connections SET {assignments}, updated_at = ? {_OF_KEY}",
        *map(_plain, columns.values()),
        time.time(),
        *key,
    )


def leave(tx: Transaction, key: ConnectionKey, *, purge: bool) -> None:
    """From now on it counts as disconnected; `leaving` says what of its end is still to be done."""
    tx.run(
        "UPDATE platform_connections SET status = 'disconnected', "
        "leaving = CASE WHEN leaving = 'purge' THEN leaving ELSE ? END, "
        "hook_seen_at = NULL, next_poll = NULL, error_message = NULL, reason = NULL, trouble_told = 0, "
        f"updated_at = ? {_OF_KEY}",
        "purge" if purge else "keep",
        time.time(),
        *key,
    )


def left(tx: Transaction, key: ConnectionKey) -> None:
    """Nothing of its end is left to be done."""
    tx.run(f"UPDATE platform_connections SET leaving = NULL, updated_at = ? {_OF_KEY}", time.time(), *key)


def remove_pending(tx: Transaction, key: ConnectionKey) -> None:
    """Whose connect came to nothing."""
    tx.run(f"DELETE FROM platform_connections {_OF_KEY} AND status = 'pending'", *key)


def prune_pending(tx: Transaction, before: float) -> int:
    """Those whose connect was cut off; it can't go on, for its code was never stored."""
    return tx.run("DELETE FROM platform_connections WHERE status = 'pending' AND created_at < ?", before)


def remove(tx: Transaction, key: ConnectionKey) -> None:
    """The row with its cursors; what was read from it stays."""
    tx.run(f"DELETE FROM platform_connections {_OF_KEY}", *key)
    forget_cursors(tx, key)


def others_of_account(tx: Transaction, key: ConnectionKey, platforms: Sequence[str], account_id: str) -> int:
    """How many other connections to the same account are alive on these platforms."""
    places = ", ".join("?" for _ in platforms)
    row = tx.one(
        f"SELECT count(*) FROM platform_connections WHERE platform IN ({places}) AND account_id = ? "
        "AND status = 'connected' AND NOT (user_id = ? AND platform = ?)",
        *platforms,
        account_id,
        *key,
    )
    return int(row[0])


# -- the token ------------------------------------------------------------------------------------
def token(tx: Transaction, vault: Vault, key: ConnectionKey) -> Token | None:
    row = tx.one(
        "SELECT access_token, refresh_token, token_expires_at, refresh_due_at, scope, reauth_due_at "
        f"FROM platform_connections {_OF_KEY}",
        *key,
    )
    if row is None or row[0] is None:
        return None
    access, refresh, *rest = row
    return Token(
        vault.open(access, bound_to(key, "access_token")),
        vault.open(refresh, bound_to(key, "refresh_token")) if refresh else None,
        *rest,
    )


def keep_token(
    tx: Transaction,
    vault: Vault,
    key: ConnectionKey,
    generation: int,
    token: Token,
    *,
    account: Account | None = None,
    status: str | None = None,
    granted_at: float | None = None,
    notice_at: float | None = None,
) -> bool:
    """False, and nothing is changed, when the token has been replaced since `generation` was read.

    `notice_at` is when to tell of the grant's end, if that is a new one.
    """
    columns: dict[str, Any] = {
        "access_token": vault.seal(token.access, bound_to(key, "access_token")),
        "refresh_token": vault.seal(token.refresh, bound_to(key, "refresh_token")) if token.refresh else None,
        "token_expires_at": token.expires_at,
        "refresh_due_at": token.refresh_due_at,
        "reauth_due_at": token.reauth_due_at,
        "scope": clean(token.scope),
        "refresh_began_at": None,
        "updated_at": time.time(),
    }
    if account is not None:
        columns["account_id"] = clean(account.id)
        columns["account_name"] = clean(account.name)
        columns["account_details"] = clean(to_json(account.details).decode())
    if status is not None:
        columns["status"] = status
    if granted_at is not None:
        columns["granted_at"] = granted_at
    assignments = ", ".join(f"{name} = ?" for name in columns)
    changed = tx.run(
        "UPDATE platform_connections SET reauth_notice_at = CASE "
        "WHEN abs(reauth_due_at - ?) < ? THEN reauth_notice_at ELSE ? END, "
        f"{assignments}, generation = generation + 1 {_OF_KEY} AND generation = ?",
        None if granted_at is not None else token.reauth_due_at,
        SAME_END,
        notice_at,
        *columns.values(),
        *key,
        generation,
    )
    return changed == 1


def forget_token(tx: Transaction, key: ConnectionKey) -> None:
    """A refresh that is under way then finds its generation gone."""
    tx.run(
        "UPDATE platform_connections SET access_token = NULL, refresh_token = NULL, token_expires_at = NULL, "
        "refresh_due_at = NULL, reauth_due_at = NULL, reauth_notice_at = NULL, refresh_began_at = NULL, "
        "generation = generation + 1, "
        f"updated_at = ? {_OF_KEY}",
        time.time(),
        *key,
    )


def bound_to(key: ConnectionKey, column: str) -> str:
    """The place in which a sealed token opens, and in no other."""
    return f"connection:{key}:{column}"


# -- cursors --------------------------------------------------------------------------------------
def cursors(tx: Transaction, key: ConnectionKey) -> dict[str, str]:
    return dict(tx.all(f"SELECT name, value FROM cursors {_OF_KEY}", *key))


def keep_cursors(tx: Transaction, key: ConnectionKey, cursors: Mapping[str, str]) -> None:
    """The others stay as they are."""
    for name, value in cursors.items():
        tx.run(
            "INSERT INTO cursors (user_id, platform, name, value) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (user_id, platform, name) DO UPDATE SET value = excluded.value",
            *key,
            clean(name),
            clean(value),
        )


def forget_cursors(tx: Transaction, key: ConnectionKey) -> None:
    tx.run(f"DELETE FROM cursors {_OF_KEY}", *key)


# -- over all of them -----------------------------------------------------------------------------
def counts(tx: Transaction) -> dict[tuple[str, str], int]:
    """How many there are per platform and status."""
    rows = tx.all("SELECT platform, status, count(*) FROM platform_connections GROUP BY platform, status")
    return {(platform, status): count for platform, status, count in rows}


def _connection(row: Any) -> Connection:
    values = dict(zip(_COLUMNS, row, strict=True))
    key = ConnectionKey(values.pop("user_id"), values.pop("platform"))
    account_id, name, details = (values.pop(column) for column in ("account_id", "account_name", "account_details"))
    account = None if account_id is None else Account(account_id, name, json.loads(details))
    halted, told = bool(values.pop("halted")), bool(values.pop("trouble_told"))
    return Connection(key=key, account=account, halted=halted, trouble_told=told, **values)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return clean(value) if isinstance(value, str) else value
