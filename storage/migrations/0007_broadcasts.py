"""Broadcasts, and how many of them each user has had; answers to requests that may be made again."""

import peewee
from playhouse.migrate import SchemaMigrator

from storage.migrations import run_sql


def up(migrator: SchemaMigrator, database: peewee.Database) -> None:
    run_sql(
        database,
        """CREATE TABLE broadcasts (
            id {integer} PRIMARY KEY, type TEXT NOT NULL, at {time} NOT NULL, body TEXT NOT NULL
        )""",
        "CREATE INDEX broadcasts_by_age ON broadcasts (at)",
        "INSERT INTO meta (name, value) VALUES ('broadcasts', '0')",
        "ALTER TABLE sequences ADD COLUMN heard {integer} NOT NULL DEFAULT 0",
        """CREATE TABLE kept_answers (
            caller {key}, request_key {key}, digest TEXT NOT NULL, answer TEXT NOT NULL, expires_at {time} NOT NULL,
            PRIMARY KEY (caller, request_key)
        ) {clustered}""",
        "CREATE INDEX kept_answers_by_age ON kept_answers (expires_at)",
    )
