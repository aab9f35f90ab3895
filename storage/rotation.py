"""Seals everything anew with the first key, beside a running service that already seals with it."""

# ruff: noqa: S608 (every piece of SQL here is a constant of this file, every value a parameter)

from collections.abc import Callable, Iterator
from typing import NamedTuple

import structlog

from storage import connections, hooks, subscriptions
from storage.database import Database
from storage.records import ConnectionKey
from storage.transaction import Transaction
from storage.vault import Vault, WrongKey

log = structlog.get_logger()

PIECE = 200
PASSES = 3
"""What the service writes between a look and the change is looked at again, so often at most."""


class Rotation(NamedTuple):
    values: int
    """All that are sealed."""
    renewed: int
    """Sealed anew; in a dry run, to be sealed anew."""
    unreadable: int
    """None of the keys opens them; they are left as they are."""
    overtaken: int
    """Changed by the service just then, and to be looked at again."""

    @property
    def complete(self) -> bool:
        """Whether the other keys are needed no longer."""
        return not self.unreadable and not self.overtaken


class _Column(NamedTuple):
    table: str
    name: str
    names: str
    """The column that tells this value's place from others of the same connection."""
    bound_to: Callable[[ConnectionKey, str], str]
    platform: str = "platform"
    """The column of its connection's platform."""


_COLUMNS = (
    _Column("platform_connections", "access_token", "'access_token'", connections.bound_to),
    _Column("platform_connections", "refresh_token", "'refresh_token'", connections.bound_to),
    _Column("platform_webhooks", "secret", "external_id", hooks.bound_to),
    _Column(
        "push_subscriptions", "sealed", "endpoint_hash", lambda key, name: subscriptions.bound_to(key.user, name), "''"
    ),
)


class _Value(NamedTuple):
    id: int
    place: str
    sealed: str


def rotate(database: Database, vault: Vault, *, dry_run: bool = False) -> Rotation:
    """May be broken off and begun again."""
    found = _pass(database, vault, dry_run=dry_run)
    renewed = found.renewed
    for _ in range(PASSES - 1):
        if not found.overtaken:
            break
        found = _pass(database, vault, dry_run=dry_run)
        renewed += found.renewed
    if found.complete and not dry_run:
        database.write(vault.retire_others).result()
    return found._replace(renewed=renewed)


def _pass(database: Database, vault: Vault, *, dry_run: bool) -> Rotation:
    values = renewed = unreadable = overtaken = 0
    for column in _COLUMNS:
        for piece in _pieces(database, column):
            old = [value for value in piece if not vault.is_current(value.sealed)]
            new = dict(_sealed_anew(vault, old))
            done = len(new) if dry_run else _replace(database, column, new)
            values += len(piece)
            renewed += done
            unreadable += len(old) - len(new)
            overtaken += len(new) - done
    return Rotation(values, renewed, unreadable, overtaken)


def _pieces(database: Database, column: _Column) -> Iterator[list[_Value]]:
    after = 0
    while rows := database.read(lambda tx, after=after: _page(tx, column, after)):  # type: ignore[misc]
        yield rows
        after = rows[-1].id


def _page(tx: Transaction, column: _Column, after: int) -> list[_Value]:
    rows = tx.all(
        f"SELECT id, user_id, {column.platform}, {column.names}, {column.name} FROM {column.table} "
        f"WHERE {column.name} IS NOT NULL AND id > ? ORDER BY id LIMIT ?",
        after,
        PIECE,
    )
    return [
        _Value(id_, column.bound_to(ConnectionKey(user, platform), name), sealed)
        for id_, user, platform, name, sealed in rows
    ]


def _sealed_anew(vault: Vault, values: list[_Value]) -> Iterator[tuple[_Value, str]]:
    for value in values:
        try:
            yield value, vault.seal(vault.open(value.sealed, value.place), value.place)
        except WrongKey as error:
            log.error("value_unreadable", place=value.place, error=str(error))


def _replace(database: Database, column: _Column, new: dict[_Value, str]) -> int:
    """How many were still what they had been; the generation stays, for the token is the same."""

    def unit(tx: Transaction) -> int:
        return sum(
            tx.run(
                f"UPDATE {column.table} SET {column.name} = ? WHERE id = ? AND {column.name} = ?",
                sealed,
                value.id,
                value.sealed,
            )
            for value, sealed in new.items()
        )

    return database.write(unit, deadline=60).result() if new else 0
