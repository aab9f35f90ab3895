"""Which users stand behind an address that a webhook names: an account's, or one of a hook."""

from collections.abc import Sequence

import msgspec

from storage import hooks
from storage.records import ConnectionKey, Secret
from storage.transaction import Transaction
from storage.vault import Vault


class Behind(msgspec.Struct, frozen=True):
    user: str
    secret: Secret | None = None
    """The hook's, where the address is one of a hook."""
    where: str = ""
    heard_at: float | None = None
    """When a webhook or a handshake last reached this connection."""


def keep(tx: Transaction, key: ConnectionKey, addresses: Sequence[str]) -> None:
    """In place of those that the connection had."""
    forget(tx, key)
    for address in dict.fromkeys(addresses):
        tx.run("INSERT INTO platform_addresses (platform, address, user_id) VALUES (?, ?, ?)", key[1], address, key[0])


def forget(tx: Transaction, key: ConnectionKey) -> None:
    tx.run("DELETE FROM platform_addresses WHERE user_id = ? AND platform = ?", *key)


def behind(tx: Transaction, vault: Vault, platform: str, address: str) -> list[Behind]:
    """Those who are connected, by account or by hook."""
    accounts = tx.all(
        "SELECT a.user_id, c.hook_seen_at FROM platform_addresses a JOIN platform_connections c "
        "ON c.user_id = a.user_id AND c.platform = a.platform "
        "WHERE a.platform = ? AND a.address = ? AND c.status <> 'disconnected' ORDER BY a.user_id",
        platform,
        address,
    )
    of_hooks = tx.all(
        "SELECT h.user_id, h.external_id, h.place, h.secret, c.hook_seen_at "
        "FROM platform_webhooks h JOIN platform_connections c "
        "ON c.user_id = h.user_id AND c.platform = h.platform "
        "WHERE h.platform = ? AND h.address = ? AND c.status <> 'disconnected' ORDER BY h.user_id, h.id",
        platform,
        address,
    )
    return [Behind(user, heard_at=heard_at) for user, heard_at in accounts] + [
        Behind(user, secret, place, heard_at)
        for user, external_id, place, sealed, heard_at in of_hooks
        if (secret := hooks.opened(vault, sealed, ConnectionKey(user, platform), external_id)) is not None
    ]
