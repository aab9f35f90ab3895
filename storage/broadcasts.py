"""Events for everybody: one row each, copied into a user's sequence before the next thing that this user is told.

Their numbers are consecutive, like a sequence's offsets, and a user's row says up to which number they were `heard`.
A broadcast that is no longer kept still takes its place in the sequence of whoever never had it: to their cursor it is
an event that has been let go, which is told as such.
"""

# ruff: noqa: S608 (every piece of SQL here is a constant of this file, every value a parameter)

from collections import defaultdict
from collections.abc import Sequence

from storage import pushes
from storage.records import Draft, Event
from storage.texts import to_json
from storage.transaction import MOST_ROWS, Transaction

LAST = "(SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'broadcasts')"
"""The number of the latest, whether it is still kept or not."""
MOST_COPIED = 1000
"""To one user at once. Whoever missed more is as one whose events are no longer kept."""


def add(tx: Transaction, draft: Draft, at: float) -> int:
    """Its number."""
    (number,) = tx.one(
        "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'broadcasts' "
        "RETURNING CAST(value AS BIGINT)"
    )
    body = to_json(draft.fields).decode()
    tx.run("INSERT INTO broadcasts (id, type, at, body) VALUES (?, ?, ?, ?)", number, draft.type, at, body)
    return int(number)


def is_behind(tx: Transaction, user: str) -> bool:
    """Whether there is something that the user hasn't had, or the user is not known yet."""
    row = tx.one(f"SELECT heard < {LAST} FROM sequences WHERE user_id = ?", user)
    return row is None or bool(row[0])


def hear(tx: Transaction, users: Sequence[str]) -> None:
    """Gives each of them what they haven't had. Who is new has missed nothing, and will miss nothing from now on."""
    for start in range(0, len(users), MOST_ROWS):
        some = users[start : start + MOST_ROWS]
        (last,) = tx.one(f"SELECT {LAST}")
        tx.insert(
            "sequences (user_id, head, lowest, heard)",
            [(user, 0, 1, last) for user in some],
            "ON CONFLICT (user_id) DO NOTHING",
        )
        alike: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for user, head, heard in tx.all(
            f"SELECT user_id, head, heard FROM sequences WHERE user_id IN ({_marks(some)}) AND heard < ?", *some, last
        ):
            alike[heard].append((user, head))
        for heard, places in alike.items():
            copy(tx, places, heard, last)


def copy(tx: Transaction, places: Sequence[tuple[str, int]], heard: int, last: int, *, taken: int = 0) -> int:
    """The broadcasts after `heard`, into the sequence of each of these users behind its head; how many offsets that
    takes. `taken`: so many offsets behind that head are given out already, and move on."""
    rows = tx.all("SELECT type, at, body FROM broadcasts WHERE id > ? ORDER BY id", max(heard, last - MOST_COPIED))
    gone = last - heard - len(rows)
    events = [
        Event(user, head + gone + number, type_, at, body.encode(), tx.epoch)
        for user, head in places
        for number, (type_, at, body) in enumerate(rows, 1)
    ]
    if gone:
        for user, head in places:
            tx.run("DELETE FROM events WHERE user_id = ? AND position <= ?", user, head)
    tx.insert(
        "events (user_id, position, type, at, body)",
        [(event.user, event.offset, event.type, event.at, event.body.decode()) for event in events],
    )
    pushes.queue(tx, events)
    users = [user for user, _ in places]
    tx.run(
        "UPDATE sequences SET head = head + ?, heard = ?, "
        "lowest = CASE WHEN ? > 0 THEN head - ? + ? + 1 ELSE lowest END "
        f"WHERE user_id IN ({_marks(users)})",
        last - heard,
        last,
        gone,
        taken,
        gone,
        *users,
    )
    tx.tell(events)
    return last - heard


def with_devices_behind(tx: Transaction, after: str, limit: int) -> list[str]:
    """Users, by name, to whose devices something is to be pushed that they haven't had."""
    rows = tx.all(
        "SELECT DISTINCT p.user_id FROM push_subscriptions p JOIN sequences s ON s.user_id = p.user_id "
        f"WHERE p.user_id > ? AND s.heard < {LAST} "
        f"AND EXISTS (SELECT 1 FROM broadcasts b WHERE b.id > s.heard AND b.type IN ({_marks(pushes.PUSHED)})) "
        "ORDER BY p.user_id LIMIT ?",
        after,
        *pushes.PUSHED,
        limit,
    )
    return [user for (user,) in rows]


def prune(tx: Transaction, older_than: float, keep: int, limit: int) -> int:
    """Drops at most `limit` that are too old or too many, the oldest first; how many went."""
    return tx.run(
        "DELETE FROM broadcasts WHERE id IN (SELECT id FROM broadcasts WHERE id <= COALESCE("
        f"(SELECT max(id) FROM broadcasts WHERE at < ?), 0) OR id <= {LAST} - ? ORDER BY id LIMIT ?)",
        older_than,
        keep,
        limit,
    )


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
