"""What the sandbox remembers, in one SQLite file.

Used from the loop's thread only, never across an `await`. Nothing is synced to the disk: what is
committed survives the process, which is what tests kill, and a commit costs some 20 µs.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    platform TEXT, user TEXT, made_at REAL, PRIMARY KEY (platform, user)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, platform TEXT, user TEXT, expires_at REAL, used INTEGER DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS consents (code TEXT PRIMARY KEY, redirect_uri TEXT, challenge TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS grants (
    id INTEGER PRIMARY KEY, platform TEXT, user TEXT, scope TEXT, consented_at REAL, ends_at REAL, live INTEGER);
CREATE INDEX IF NOT EXISTS grants_of ON grants (platform, user);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, grant_id INTEGER, kind TEXT, expires_at REAL, state TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_of ON tokens (grant_id);
CREATE TABLE IF NOT EXISTS happenings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT, user TEXT, kind TEXT, at INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS happenings_of ON happenings (platform, user, at);
CREATE TABLE IF NOT EXISTS hooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT, user TEXT, place TEXT, url TEXT, secret TEXT, events TEXT,
    form TEXT, active INTEGER, created_at REAL, updated_at REAL, last_status TEXT, last_code INTEGER);
CREATE INDEX IF NOT EXISTS hooks_of ON hooks (platform, place);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT, hook_id INTEGER, guid TEXT, event TEXT, action TEXT,
    body BLOB, at REAL, redelivery INTEGER, sent INTEGER, status TEXT, code INTEGER, duration REAL);
CREATE INDEX IF NOT EXISTS deliveries_of ON deliveries (hook_id, id);
CREATE INDEX IF NOT EXISTS deliveries_unsent ON deliveries (id) WHERE sent = 0;
CREATE TABLE IF NOT EXISTS waiting (delivery INTEGER PRIMARY KEY, attempts INTEGER, due_at REAL);
CREATE INDEX IF NOT EXISTS waiting_until ON waiting (due_at);
CREATE TABLE IF NOT EXISTS facts (
    platform TEXT, user TEXT, name TEXT, value TEXT, PRIMARY KEY (platform, user, name)) WITHOUT ROWID;
"""

# Ids as large as the real ones: some of them don't fit into 32 bits.
FIRST_IDS = {"happenings": 41_700_000_000, "hooks": 512_000_000, "deliveries": 180_000_000_000}


class State:
    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; " + SCHEMA)
        for table, seq in FIRST_IDS.items():
            if not self.one("SELECT 1 FROM sqlite_sequence WHERE name = ?", table):
                self.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, seq)

    def run(self, sql: str, *values: Any) -> int:
        """Rows changed."""
        return self._db.execute(sql, values).rowcount

    def insert(self, sql: str, *values: Any) -> int:
        """The new row's id."""
        return int(self._db.execute(sql, values).lastrowid or 0)

    def one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, values).fetchall()

    @contextmanager
    def change(self) -> Iterator[None]:
        """All of the block or nothing; a block within a block belongs to the outer one."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # -- small things that a platform keeps of somebody ---------------------------------------------
    def fact(self, platform: str, user: str, name: str) -> str | None:
        row = self.one("SELECT value FROM facts WHERE platform = ? AND user = ? AND name = ?", platform, user, name)
        return row[0] if row else None

    def keep_fact(self, platform: str, user: str, name: str, value: str | None) -> None:
        if value is None:
            self.run("DELETE FROM facts WHERE platform = ? AND user = ? AND name = ?", platform, user, name)
        else:
            self.run("REPLACE INTO facts VALUES (?, ?, ?, ?)", platform, user, name, value)

    def count_up(self, platform: str, user: str, name: str, start: int = 1) -> int:
        """The next number of that name: `start`, then one more each time."""
        number = int(self.fact(platform, user, name) or start - 1) + 1
        self.keep_fact(platform, user, name, str(number))
        return number

    def close(self) -> None:
        self._db.close()
