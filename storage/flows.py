"""Connects under way: a user was sent to a platform and has not come back yet."""

import hashlib

import msgspec

from storage.records import ConnectionKey, Secret
from storage.transaction import Transaction
from storage.vault import Vault, WrongKey


class Flow(msgspec.Struct, frozen=True):
    key: ConnectionKey
    browser: str
    """Digest of the flow cookie: whoever comes back must hold it."""
    verifier: Secret
    return_to: str
    expires_at: float


def begin(tx: Transaction, vault: Vault, state: Secret, flow: Flow) -> None:
    """Only the state's digest is kept, and the verifier is sealed: a copy of the database opens nobody's door."""
    name = digest(state)
    tx.run(
        "INSERT INTO connect_flows (state, user_id, platform, browser, verifier, return_to, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        name,
        *flow.key,
        flow.browser,
        vault.seal(flow.verifier, f"flow:{name}"),
        flow.return_to,
        flow.expires_at,
    )
    tx.run("DELETE FROM connect_flows WHERE expires_at < ?", flow.expires_at - 86_400)


def take(tx: Transaction, vault: Vault, state: Secret) -> Flow | None:
    """Once: whoever comes second with the same state finds nothing, nor does who began it under a key that is gone by
    now. Its time is the caller's to judge."""
    name = digest(state)
    row = tx.one(
        "DELETE FROM connect_flows WHERE state = ? "
        "RETURNING user_id, platform, browser, verifier, return_to, expires_at",
        name,
    )
    if row is None:
        return None
    user, platform, browser, verifier, return_to, expires_at = row
    try:
        opened = vault.open(verifier, f"flow:{name}")
    except WrongKey:
        return None
    return Flow(ConnectionKey(user, platform), browser, opened, return_to, expires_at)


def digest(secret: Secret) -> str:
    return hashlib.sha256(secret.reveal().encode()).hexdigest()
