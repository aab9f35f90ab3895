"""Tokens of the app that are refused before their time."""

import peewee
from playhouse.migrate import SchemaMigrator

from storage.migrations import run_sql


def up(migrator: SchemaMigrator, database: peewee.Database) -> None:
    run_sql(
        database,
        "CREATE TABLE revoked_users (user_id {key} PRIMARY KEY, issued_before {time} NOT NULL) {clustered}",
        """CREATE TABLE revoked_tokens (
            user_id {key}, jti {key}, expires_at {time}, PRIMARY KEY (user_id, jti)
        ) {clustered}""",
        "CREATE INDEX revoked_tokens_by_end ON revoked_tokens (expires_at) WHERE expires_at IS NOT NULL",
    )
