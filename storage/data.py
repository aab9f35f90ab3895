"""Items read from platforms, each stored once: `user_platform_data`."""

# ruff: noqa: S608 (every piece of SQL here is a constant of this file, every value a parameter)

import json
from collections import defaultdict
from collections.abc import Sequence
from random import Random
from threading import Lock
from typing import Any
from uuid import UUID

import msgspec

from storage.records import ConnectionKey, Item
from storage.texts import clean, to_json
from storage.transaction import Transaction


class ItemRow(msgspec.Struct, frozen=True):
    """An item as it is kept."""

    id: str
    platform: str
    data_type: str
    external_id: str
    raw: Any
    at: float | None
    extracted_at: float


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
) -> list[ItemRow]:
    """In order of extraction; `after` is the id of the last row of the page before."""
    wanted = {"user_id = ?": user, "platform = ?": platform, "data_type = ?": data_type, "id > ?": after}
    conditions = " AND ".join(condition for condition, value in wanted.items() if value is not None)
    rows = tx.all(
        "SELECT id, platform, data_type, external_id, raw_data, at, extracted_at FROM user_platform_data "
        f"WHERE {conditions} ORDER BY id LIMIT ?",
        *(value for value in wanted.values() if value is not None),
        limit,
    )
    return [
        ItemRow(id_, platform, data_type, external_id, json.loads(raw), at, extracted_at)
        for id_, platform, data_type, external_id, raw, at, extracted_at in rows
    ]


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
