"""Webhooks that we registered at platforms: `platform_webhooks`."""

# ruff: noqa: S608 (every piece of SQL here is a constant of this file, every value a parameter)

import time
from collections.abc import Sequence

from storage.records import ConnectionKey, Hook, Secret
from storage.transaction import Transaction
from storage.vault import Vault, WrongKey

_OF_KEY = "WHERE user_id = ? AND platform = ?"


def of(tx: Transaction, vault: Vault, key: ConnectionKey) -> list[Hook]:
    """A connection's hooks, the oldest first; without those whose secret doesn't open, which verify nothing."""
    rows = tx.all(
        f"SELECT external_id, place, secret, expires_at, address FROM platform_webhooks {_OF_KEY} ORDER BY id", *key
    )
    return [
        Hook(external_id, where, secret, expires_at, address)
        for external_id, where, sealed, expires_at, address in rows
        if (secret := opened(vault, sealed, key, external_id)) is not None
    ]


def opened(vault: Vault, sealed: str, key: ConnectionKey, external_id: str) -> Secret | None:
    """None where it was sealed with a key that isn't here, or has been changed."""
    try:
        return vault.open(sealed, bound_to(key, external_id))
    except WrongKey:
        return None


def forget_unreadable(tx: Transaction, vault: Vault, key: ConnectionKey) -> int:
    """What nothing can be verified with is to be made anew; how many went."""
    rows = tx.all(f"SELECT external_id, secret FROM platform_webhooks {_OF_KEY}", *key)
    gone = [external_id for external_id, sealed in rows if opened(vault, sealed, key, external_id) is None]
    for external_id in gone:
        forget(tx, key, external_id)
    return len(gone)


def keep(tx: Transaction, vault: Vault, key: ConnectionKey, hook: Hook) -> None:
    """New, or in place of the one of the same external id."""
    tx.run(
        "INSERT INTO platform_webhooks "
        "(user_id, platform, external_id, place, secret, expires_at, address, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, platform, external_id) DO UPDATE SET "
        "place = excluded.place, secret = excluded.secret, expires_at = excluded.expires_at, "
        "address = excluded.address",
        *key,
        hook.external_id,
        hook.where,
        vault.seal(hook.secret, bound_to(key, hook.external_id)),
        hook.expires_at,
        hook.address,
        time.time(),
    )


def forget(tx: Transaction, key: ConnectionKey, external_id: str) -> None:
    tx.run(f"DELETE FROM platform_webhooks {_OF_KEY} AND external_id = ?", *key, external_id)


def forget_all(tx: Transaction, key: ConnectionKey) -> None:
    tx.run(f"DELETE FROM platform_webhooks {_OF_KEY}", *key)


def count(tx: Transaction, key: ConnectionKey) -> int:
    """Those that stand; one that watches nothing yet is only a secret that waits for its hook."""
    return int(tx.one(f"SELECT count(*) FROM platform_webhooks {_OF_KEY} AND place <> ''", *key)[0])


def counts(tx: Transaction, keys: Sequence[ConnectionKey]) -> dict[ConnectionKey, int]:
    """How many each of a page of connections has; `keys` in their order, those with none are left out."""
    if not keys:
        return {}
    rows = tx.all(
        "SELECT user_id, platform, count(*) FROM platform_webhooks "
        "WHERE (user_id, platform) >= (?, ?) AND (user_id, platform) <= (?, ?) AND place <> '' "
        "GROUP BY user_id, platform",
        *keys[0],
        *keys[-1],
    )
    return {ConnectionKey(user, platform): count for user, platform, count in rows}


def of_platforms(tx: Transaction) -> dict[str, int]:
    """How many stand at each platform."""
    return dict(tx.all("SELECT platform, count(*) FROM platform_webhooks WHERE place <> '' GROUP BY platform"))


def bound_to(key: ConnectionKey, external_id: str) -> str:
    """The place in which a sealed secret opens, and in no other."""
    return f"hook:{key}/{external_id}:secret"
