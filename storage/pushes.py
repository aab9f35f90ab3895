"""What is still to be pushed: one row for each event and device, written with the event, gone once it is done with."""

from collections.abc import Sequence

import msgspec
import structlog

from storage import subscriptions
from storage.records import Event
from storage.subscriptions import Subscription
from storage.transaction import Transaction
from storage.vault import Vault, WrongKey

log = structlog.get_logger()

PUSHED = ("notification", "needs_reauth")
"""The types of events that people are to hear of with no page open."""


KEEPS = 86_400.0
"""Seconds after which nobody wants to hear of it any more."""


class Push(msgspec.Struct, frozen=True):
    id: int
    subscription_id: int
    to: Subscription | None
    """None: no key opens it any more."""
    event: Event | None
    """None: it is no longer kept."""
    at: float
    attempts: int
    """Tries that have failed."""


def queue(tx: Transaction, events: Sequence[Event]) -> None:
    """In the unit that writes them."""
    for event in events:
        if event.type in PUSHED:
            tx.run(
                "INSERT INTO pushes (subscription_id, host, user_id, position, at, due_at, attempts) "
                "SELECT id, host, user_id, ?, ?, ?, 0 FROM push_subscriptions WHERE user_id = ?",
                event.offset,
                event.at,
                event.at,
                event.user,
            )


def due(tx: Transaction, vault: Vault, host: str, now: float, limit: int) -> list[Push]:
    """Those whose time has come, the first one first."""
    rows = tx.all(
        "SELECT p.id, p.subscription_id, p.user_id, p.position, p.at, p.attempts, s.endpoint_hash, s.sealed, "
        "e.type, e.at, e.body FROM pushes p JOIN push_subscriptions s ON s.id = p.subscription_id "
        "LEFT JOIN events e ON e.user_id = p.user_id AND e.position = p.position "
        "WHERE p.host = ? AND p.due_at <= ? ORDER BY p.due_at, p.id LIMIT ?",
        host,
        now,
        limit,
    )
    return [_push(tx, vault, host, *row) for row in rows]


def next_due(tx: Transaction) -> float | None:
    (at,) = tx.one("SELECT min(due_at) FROM pushes")
    return at if at is None else float(at)


def waiting(tx: Transaction) -> int:
    """How many are still to be pushed."""
    (count,) = tx.one("SELECT count(*) FROM pushes")
    return int(count)


def done(tx: Transaction, id_: int) -> None:
    """It is there, or is not wanted any more."""
    tx.run("DELETE FROM pushes WHERE id = ?", id_)


def again(tx: Transaction, id_: int, due_at: float) -> None:
    tx.run("UPDATE pushes SET attempts = attempts + 1, due_at = ? WHERE id = ?", due_at, id_)


def prune(tx: Transaction, older_than: float, limit: int) -> int:
    """Drops those of which nobody wants to hear any more; how many went."""
    return tx.run(
        "DELETE FROM pushes WHERE id IN (SELECT id FROM pushes WHERE at < ? ORDER BY at LIMIT ?)", older_than, limit
    )


def _push(
    tx: Transaction,
    vault: Vault,
    host: str,
    id_: int,
    subscription_id: int,
    user: str,
    position: int,
    at: float,
    attempts: int,
    name: str,
    sealed: str,
    type_: str | None,
    event_at: float,
    body: str,
) -> Push:
    try:
        to = subscriptions.opened(vault, user, name, host, sealed)
    except WrongKey as error:
        log.error("value_unreadable", place=subscriptions.bound_to(user, name), error=str(error))
        to = None
    event = None if type_ is None else Event(user, position, type_, event_at, body.encode(), tx.epoch)
    return Push(id_, subscription_id, to, event, at, attempts)
