"""Inbound webhooks as they came. The table is the queue: `due_at` is set as long as there is something to do."""

# ruff: noqa: S608 (every piece of SQL here is a constant of this file, every value a parameter)

from collections.abc import Sequence
from typing import Any

import msgspec

from storage.records import ConnectionKey, Delivery
from storage.transaction import Transaction


class DeliveryRow(msgspec.Struct, frozen=True):
    """A delivery as admins see it."""

    id: int
    user: str
    platform: str
    delivery_id: str
    kind: str
    state: str
    """`received`, `retrying`, `done` or `parked`."""
    reason: str | None
    attempts: int
    at: float
    due_at: float | None


class Summary(msgspec.Struct, frozen=True):
    """One platform's deliveries."""

    kept: int
    """All that are still there, whatever became of them."""
    waiting: int
    parked: int
    last_at: float | None


AT_ONCE = 0.0
"""When a new one is due: at any time, so that a clock set back doesn't hold it up."""


def add(tx: Transaction, delivery: Delivery) -> int | None:
    """Its row; None when it is a repeat of one that this connection has."""
    return add_all(tx, [delivery])[0]


def add_all(tx: Transaction, arrived: Sequence[Delivery]) -> list[int | None]:
    """The same for many, in their order."""
    return tx.insert_new(
        "deliveries",
        ("user_id", "platform", "delivery_id"),
        ("kind", "state", "attempts", "at", "due_at", "body"),
        [(*one.key, one.delivery_id, one.kind, "received", one.attempts, one.at, AT_ONCE, one.body) for one in arrived],
    )


def is_first_about(tx: Transaction, delivery: Delivery, about: str) -> bool:
    """Whether none came before it to this connection whose id begins like that, up to a colon."""
    earlier = tx.one(
        "SELECT 1 FROM deliveries WHERE user_id = ? AND platform = ? AND delivery_id >= ? AND delivery_id < ? "
        "AND id < ? LIMIT 1",
        *delivery.key,
        f"{about}:",
        f"{about};",  # the sign after the colon
        delivery.id,
    )
    return earlier is None


# -- working them off -----------------------------------------------------------------------------
def unfinished(tx: Transaction, key: ConnectionKey, now: float, limit: int) -> list[Delivery]:
    """Received, or retrying and due; in order of arrival."""
    rows = tx.all(
        "SELECT id, delivery_id, kind, body, at, attempts FROM deliveries "
        "WHERE user_id = ? AND platform = ? AND due_at <= ? ORDER BY id LIMIT ?",
        *key,
        now,
        limit,
    )
    return [
        Delivery(key, delivery_id, kind, bytes(body), at, id_, attempts)
        for id_, delivery_id, kind, body, at, attempts in rows
    ]


def charge(tx: Transaction, ids: Sequence[int]) -> None:
    """Counts a try that is about to be made."""
    for id_ in ids:
        tx.run("UPDATE deliveries SET attempts = attempts + 1 WHERE id = ?", id_)


def finish_all(tx: Transaction, ids: Sequence[int], at: float) -> int:
    """How many of them were still unfinished: of two callers, one is told of each."""
    return tx.run(
        "UPDATE deliveries SET state = 'done', reason = NULL, due_at = NULL, done_at = ? "
        f"WHERE id IN ({', '.join('?' * len(ids))}) AND due_at IS NOT NULL",
        at,
        *ids,
    )


def retry(tx: Transaction, id_: int, reason: str, at: float) -> bool:
    """Leaves it for another try at `at`, and counts that one already."""
    left = _settle(tx, id_, "retrying", reason, at)
    if left:
        charge(tx, [id_])
    return left


def park(tx: Transaction, id_: int, reason: str) -> bool:
    """Gives up on it until an admin replays it."""
    return _settle(tx, id_, "parked", reason, None)


def park_all(tx: Transaction, key: ConnectionKey, reason: str) -> int:
    """Gives up on all that wait for this connection; how many."""
    return tx.run(
        "UPDATE deliveries SET state = 'parked', reason = ?, due_at = NULL "
        "WHERE user_id = ? AND platform = ? AND due_at IS NOT NULL",
        reason,
        *key,
    )


def purge(tx: Transaction, key: ConnectionKey) -> int:
    """All that ever came for this connection and is still kept; how many."""
    return tx.run("DELETE FROM deliveries WHERE user_id = ? AND platform = ?", *key)


def waiting_keys(tx: Transaction, now: float, limit: int, after: ConnectionKey | None = None) -> list[ConnectionKey]:
    """Connections with something to do now, in order of key."""
    rows = tx.all(
        "SELECT DISTINCT user_id, platform FROM deliveries WHERE due_at <= ? AND (user_id, platform) > (?, ?) "
        "ORDER BY user_id, platform LIMIT ?",
        now,
        *(after or ("", "")),
        limit,
    )
    return [ConnectionKey(*row) for row in rows]


# -- for admins -----------------------------------------------------------------------------------
def page(
    tx: Transaction,
    *,
    state: str | None = None,
    user: str | None = None,
    platform: str | None = None,
    after: int | None = None,
    limit: int,
) -> list[DeliveryRow]:
    """The newest first; `after` is the last row of the page before."""
    wanted = {"state = ?": state, "user_id = ?": user, "platform = ?": platform, "id < ?": after}
    conditions = [condition for condition, value in wanted.items() if value is not None]
    params: list[Any] = [value for value in wanted.values() if value is not None]
    if state in ("received", "retrying"):
        conditions.append("due_at IS NOT NULL")  # lets the small index do
    if state == "parked":
        conditions[conditions.index("state = ?")] = "state = 'parked'"
        params.remove("parked")
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    rows = tx.all(
        "SELECT id, user_id, platform, delivery_id, kind, state, reason, attempts, at, due_at "
        f"FROM deliveries {where}ORDER BY id DESC LIMIT ?",
        *params,
        limit,
    )
    return [DeliveryRow(*row) for row in rows]


def replay(tx: Transaction, id_: int) -> ConnectionKey | None:
    """A parked or retrying one is as if it had just come; None when there is nothing to do again."""
    row = tx.one(
        "UPDATE deliveries SET state = 'received', reason = NULL, attempts = 1, due_at = ? "
        "WHERE id = ? AND state IN ('parked', 'retrying') RETURNING user_id, platform",
        AT_ONCE,
        id_,
    )
    return ConnectionKey(*row) if row else None


def prune(tx: Transaction, before: float, limit: int) -> list[str]:
    """Drops the finished and the parked that came before; looks at the `limit` oldest only. The state of each."""
    rows = tx.all(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM "
        "(SELECT id, at FROM deliveries WHERE due_at IS NULL ORDER BY id LIMIT ?) AS oldest WHERE at < ?) "
        "RETURNING state",
        limit,
        before,
    )
    return [state for (state,) in rows]


def summary(tx: Transaction) -> dict[str, Summary]:
    """Per platform that ever sent something that is still kept."""
    kept = {
        platform: (count, last)
        for platform, count, last in tx.all("SELECT platform, count(*), max(id) FROM deliveries GROUP BY platform")
    }
    waiting = dict(tx.all("SELECT platform, count(*) FROM deliveries WHERE due_at IS NOT NULL GROUP BY platform"))
    parked = dict(tx.all("SELECT platform, count(*) FROM deliveries WHERE state = 'parked' GROUP BY platform"))
    return {
        platform: Summary(
            count,
            waiting.get(platform, 0),
            parked.get(platform, 0),
            tx.one("SELECT at FROM deliveries WHERE id = ?", last)[0],
        )
        for platform, (count, last) in kept.items()
    }


def _settle(tx: Transaction, id_: int, state: str, reason: str, due_at: float | None) -> bool:
    changed = tx.run(
        "UPDATE deliveries SET state = ?, reason = ?, due_at = ? WHERE id = ? AND due_at IS NOT NULL",
        state,
        reason,
        due_at,
        id_,
    )
    return changed == 1
