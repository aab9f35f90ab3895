"""Each user's events: one sequence, consecutive offsets, counted in the user's own row."""

from collections.abc import Sequence

from storage import broadcasts, pushes
from storage.broadcasts import LAST
from storage.records import Draft, Event
from storage.texts import to_json
from storage.transaction import Transaction

OURS = frozenset({"type", "offset", "cursor", "at"})
"""What an event is known by: a field of one of these names would take its place on the wire."""
_TAKE_PLACES = (
    f"INSERT INTO sequences (user_id, head, lowest, heard) VALUES (?, ?, 1, {LAST}) "  # noqa: S608
    "ON CONFLICT (user_id) DO UPDATE SET head = sequences.head + excluded.head "
    f"RETURNING head, heard, {LAST}"
)


def append(tx: Transaction, user: str, drafts: Sequence[Draft], at: float) -> list[Event]:
    """Gives them their places, stores them, and has them told after the commit; broadcasts that the user hasn't had
    come before them."""
    if not drafts:
        return []
    for draft in drafts:
        if not OURS.isdisjoint(draft.fields):
            raise ValueError(f"fields of {draft.type} that are the event's own: {sorted(OURS & draft.fields.keys())}")
    head, heard, last = tx.one(_TAKE_PLACES, user, len(drafts))
    if heard < last:
        head += broadcasts.copy(tx, [(user, head - len(drafts))], heard, last, taken=len(drafts))
    first = head - len(drafts) + 1
    events = [
        Event(user, offset, draft.type, at, to_json(draft.fields), tx.epoch)
        for offset, draft in enumerate(drafts, first)
    ]
    tx.insert(
        "events (user_id, position, type, at, body)",
        [(user, event.offset, event.type, at, event.body.decode()) for event in events],
    )
    pushes.queue(tx, events)
    tx.tell(events)
    return events


def since(tx: Transaction, user: str, offset: int, limit: int) -> list[Event]:
    """Those after `offset`, in order."""
    rows = tx.all(
        "SELECT position, type, at, body FROM events WHERE user_id = ? AND position > ? ORDER BY position LIMIT ?",
        user,
        offset,
        limit,
    )
    return [Event(user, position, type_, at, body.encode(), tx.epoch) for position, type_, at, body in rows]


def bounds(tx: Transaction, user: str) -> tuple[int, int]:
    """(lowest kept offset, head); lowest is head + 1 when nothing is kept."""
    return tuple(tx.one("SELECT lowest, head FROM sequences WHERE user_id = ?", user) or (1, 0))


def prune(tx: Transaction, older_than: float, keep: int, limit: int) -> int:
    """Drops at most about `limit` events that are too old or too many; how many went. 0: nothing is left to drop."""
    cuts: dict[str, int] = {}
    for user, position in tx.all(
        "SELECT user_id, position FROM events WHERE at < ? ORDER BY at LIMIT ?", older_than, limit
    ):
        cuts[user] = max(position, cuts.get(user, 0))
    for user, head in tx.all("SELECT user_id, head FROM sequences WHERE head - lowest >= ? LIMIT ?", keep, limit):
        cuts[user] = max(head - keep, cuts.get(user, 0))
    gone = 0
    for user, cut in cuts.items():
        if gone >= limit:
            break
        gone += _drop(tx, user, cut, limit - gone)
    return gone


def are_kept(tx: Transaction, events: Sequence[Event]) -> bool:
    """Whether the group that told these was committed. Waits for a commit that is still under way."""
    one = events[0]
    tx.run(  # changes nothing, but takes the row's lock, which that commit holds
        f"INSERT INTO sequences (user_id, head, lowest, heard) VALUES (?, 0, 1, {LAST}) "  # noqa: S608
        "ON CONFLICT (user_id) DO UPDATE SET head = sequences.head",
        one.user,
    )
    row = tx.one("SELECT type, at, body FROM events WHERE user_id = ? AND position = ?", one.user, one.offset)
    return row is not None and tuple(row) == (one.type, one.at, one.body.decode())


def _drop(tx: Transaction, user: str, cut: int, limit: int) -> int:
    """Drops up to and with `cut`, the oldest first: what is kept stays without a gap."""
    lowest, head = bounds(tx, user)
    cut = min(cut, lowest + limit - 1, head)
    tx.run("UPDATE sequences SET lowest = ? WHERE user_id = ? AND lowest <= ?", cut + 1, user, cut)
    return tx.run("DELETE FROM events WHERE user_id = ? AND position <= ?", user, cut)
