"""The devices that asked for web push: where their push service is, and what seals messages to them."""

import hashlib
import json

import msgspec

from storage.records import Secret
from storage.transaction import Transaction
from storage.vault import Vault

MOST = 20
"""Of one user; past it the oldest goes."""


class Subscription(msgspec.Struct, frozen=True):
    endpoint: Secret
    """Who knows it can push."""
    host: str
    """The push service, as it was named among those that are allowed."""
    p256dh: str
    auth: Secret


def keep(tx: Transaction, vault: Vault, user: str, subscription: Subscription, at: float) -> int:
    """How many devices the user has now. One browser is one user's at a time: its endpoint changes hands."""
    name = digest(subscription.endpoint)
    for id_, owner in tx.all("SELECT id, user_id FROM push_subscriptions WHERE endpoint_hash = ?", name):
        if owner != user:
            drop(tx, id_)
    parts = {
        "endpoint": subscription.endpoint.reveal(),
        "p256dh": subscription.p256dh,
        "auth": subscription.auth.reveal(),
    }
    tx.run(
        "INSERT INTO push_subscriptions (user_id, endpoint_hash, host, sealed, created_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (endpoint_hash) DO UPDATE "
        "SET host = excluded.host, sealed = excluded.sealed, created_at = excluded.created_at",
        user,
        name,
        subscription.host,
        vault.seal(Secret(json.dumps(parts)), bound_to(user, name)),
        at,
    )
    rows = tx.all("SELECT id FROM push_subscriptions WHERE user_id = ? ORDER BY created_at DESC, id DESC", user)
    for (id_,) in rows[MOST:]:
        drop(tx, id_)
    return min(len(rows), MOST)


def forget(tx: Transaction, user: str, endpoint: Secret) -> None:
    """Whether it is there or not; another user's stays."""
    for (id_,) in tx.all(
        "SELECT id FROM push_subscriptions WHERE endpoint_hash = ? AND user_id = ?", digest(endpoint), user
    ):
        drop(tx, id_)


def drop(tx: Transaction, id_: int) -> None:
    """With what was still to be pushed there."""
    tx.run("DELETE FROM pushes WHERE subscription_id = ?", id_)
    tx.run("DELETE FROM push_subscriptions WHERE id = ?", id_)


def opened(vault: Vault, user: str, name: str, host: str, sealed: str) -> Subscription:
    """From its row. Raises `WrongKey`."""
    parts = json.loads(vault.open(sealed, bound_to(user, name)).reveal())
    return Subscription(Secret(parts["endpoint"]), host, parts["p256dh"], Secret(parts["auth"]))


def digest(endpoint: Secret) -> str:
    return hashlib.sha256(endpoint.reveal().encode()).hexdigest()


def bound_to(user: str, name: str) -> str:
    return f"push_subscriptions:{user}:{name}"
