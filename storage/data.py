"""Items read from platforms, each stored once: `user_platform_data`."""

# ruff: noqa: S608 (every piece of SQL here is a constant of this file, every value a parameter)

from collections import defaultdict
from collections.abc import Sequence
from random import Random
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from storage.records import ConnectionKey, Item
from storage.texts import clean, to_json
from storage.transaction import Transaction

PAGE_CHARACTERS = 4_000_000
"""Of the platforms' JSON in one page."""


class ItemRow(msgspec.Struct, frozen=True):
    """An item as it is kept."""

    id: str
    platform: str
    data_type: str
    external_id: str
    raw: msgspec.Raw
    """The platform's own JSON, as it is sent on."""
    at: float | None
    extracted_at: float


class Page(NamedTuple):
    rows: list[ItemRow]
    more: bool
    """There may be others after these."""


def add(tx: Transaction, key: ConnectionKey, items: Sequence[Item], at: float) -> dict[str, int]:
    """How many of each data type were new; what is known already stays as it is."""
    by_type: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
    for item in items:
        row = (_ids.next(at), *key, item.data_type, clean(item.external_id), to_json(item.raw).decode(), item.at, at)
        by_type[item.data_type].append(row)
    new = {
        data_type: tx.insert(
            "user_platform_data (id, user_id, platform, data_type, external_id, raw_data, at, extracted_at)",
            rows,
            "ON CONFLICT (user_id, platform, data_type, external_id) DO NOTHING",
        )
        for data_type, rows in by_type.items()
    }
    return {data_type: count for data_type, count in new.items() if count}


def known(tx: Transaction, key: ConnectionKey, items: Sequence[Item]) -> set[tuple[str, str]]:
    """Those that are stored already, by data type and external id."""
    names = {(item.data_type, item.external_id) for item in items}
    sql = "SELECT 1 FROM user_platform_data WHERE user_id = ? AND platform = ? AND data_type = ? AND external_id = ?"
    return {name for name in names if tx.one(sql, *key, name[0], clean(name[1])) is not None}


def page(
    tx: Transaction,
    user: str,
    platform: str | None = None,
    data_type: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page:
    """In order of extraction; `after` is the id of the last row of the page before. What is large makes fewer of
    them: nobody can have a thousand such in memory at once."""
    wanted = {"user_id = ?": user, "platform = ?": platform, "data_type = ?": data_type, "id > ?": after}
    conditions = " AND ".join(condition for condition, value in wanted.items() if value is not None)
    given = [value for value in wanted.values() if value is not None]
    sizes = tx.all(
        f"SELECT id, length(raw_data) FROM user_platform_data WHERE {conditions} ORDER BY id LIMIT ?", *given, limit
    )
    count = _fitting([size for _, size in sizes])
    rows = tx.all(
        "SELECT id, platform, data_type, external_id, raw_data, at, extracted_at FROM user_platform_data "
        f"WHERE {conditions} ORDER BY id LIMIT ?",
        *given,
        count,
    )
    return Page([_row(*row) for row in rows], more=len(sizes) == limit or count < len(sizes))


def _fitting(sizes: Sequence[int]) -> int:
    """How many of them make a page; the first does in any case."""
    before = 0
    for count, size in enumerate(sizes):
        if count and before + size > PAGE_CHARACTERS:
            return count
        before += size
    return len(sizes)


def _row(
    id_: str, platform: str, data_type: str, external_id: str, raw: str, at: float | None, extracted_at: float
) -> ItemRow:
    return ItemRow(id_, platform, data_type, external_id, msgspec.Raw(raw), at, extracted_at)


def purge(tx: Transaction, key: ConnectionKey) -> int:
    """Everything that was read from this connection; how much it was."""
    return tx.run("DELETE FROM user_platform_data WHERE user_id = ? AND platform = ?", *key)


class _Ids:
    """UUIDs of version 7 that only grow, so that the order of ids is the order of extraction."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last = 0
        self._bits = Random().getrandbits  # they need not be secret, and the system's would be a wait for each

    def next(self, at: float) -> str:
        with self._lock:
            self._last = max(int(at * 1000) << 74 | self._bits(73), self._last + 1 + self._bits(32))
            number = self._last
        time, high, low = number >> 74, number >> 62 & 0xFFF, number & (1 << 62) - 1
        return str(UUID(int=time << 80 | 7 << 76 | high << 64 | 2 << 62 | low))


_ids = _Ids()
