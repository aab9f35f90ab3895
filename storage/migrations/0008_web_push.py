"""Devices that asked for web push, and what is still to be pushed to them."""

import peewee
from playhouse.migrate import SchemaMigrator

from storage.migrations import run_sql


def up(migrator: SchemaMigrator, database: peewee.Database) -> None:
    run_sql(
        database,
        """CREATE TABLE push_subscriptions (
            id {row_id},
            user_id {key} NOT NULL,
            endpoint_hash {key} NOT NULL UNIQUE,
            host {key} NOT NULL,
            sealed TEXT NOT NULL,
            created_at {time} NOT NULL
        )""",
        "CREATE INDEX push_subscriptions_of_user ON push_subscriptions (user_id, created_at)",
        """CREATE TABLE pushes (
            id {row_id},
            subscription_id {integer} NOT NULL,
            host {key} NOT NULL,
            user_id {key} NOT NULL,
            position {integer} NOT NULL,
            at {time} NOT NULL,
            due_at {time} NOT NULL,
            attempts {integer} NOT NULL,
            UNIQUE (subscription_id, position)
        )""",
        "CREATE INDEX pushes_due ON pushes (host, due_at)",
        "CREATE INDEX pushes_by_age ON pushes (at)",
    )
