"""Disconnects that a crash can't cut off, trouble that was told, and deliveries' numbers that never come again."""

import peewee
from playhouse.migrate import SchemaMigrator

from storage.migrations import run_sql

_ANEW = "id, user_id, platform, delivery_id, kind, state, reason, attempts, at, due_at, done_at, body"


def up(migrator: SchemaMigrator, database: peewee.Database) -> None:
    run_sql(
        database,
        "ALTER TABLE platform_connections ADD COLUMN leaving TEXT",
        "ALTER TABLE platform_connections ADD COLUMN trouble_told {integer} NOT NULL DEFAULT 0",
        "CREATE INDEX platform_connections_pending ON platform_connections (created_at) WHERE status = 'pending'",
    )
    if isinstance(database, peewee.SqliteDatabase):  # PostgreSQL's numbers never come again as it is
        run_sql(
            database,
            """CREATE TABLE deliveries_anew (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                user_id {key} NOT NULL,
                platform {key} NOT NULL,
                delivery_id {key} NOT NULL,
                kind TEXT NOT NULL,
                state TEXT NOT NULL,
                reason TEXT,
                attempts {integer} NOT NULL,
                at {time} NOT NULL,
                due_at {time},
                done_at {time},
                body {bytes} NOT NULL,
                UNIQUE (user_id, platform, delivery_id)
            )""",
            f"INSERT INTO deliveries_anew ({_ANEW}) SELECT {_ANEW} FROM deliveries ORDER BY id",  # noqa: S608
            "DROP TABLE deliveries",
            "ALTER TABLE deliveries_anew RENAME TO deliveries",
            "CREATE INDEX deliveries_unfinished ON deliveries (user_id, platform, id, due_at) WHERE due_at IS NOT NULL",
            "CREATE INDEX deliveries_parked ON deliveries (id) WHERE state = 'parked'",
            "CREATE INDEX deliveries_of_platform ON deliveries (platform, id)",
        )
