"""Connections, deliveries, events, items."""

import peewee
from playhouse.migrate import SchemaMigrator

from storage.migrations import run_sql

META = "CREATE TABLE meta (name {key} PRIMARY KEY, value TEXT NOT NULL) {clustered}"

CONNECTIONS = (
    """CREATE TABLE platform_connections (
        id {row_id},
        user_id {key} NOT NULL,
        platform {key} NOT NULL,
        status TEXT NOT NULL,
        generation {integer} NOT NULL,
        access_token TEXT,
        refresh_token TEXT,
        scope TEXT NOT NULL,
        token_expires_at {time},
        refresh_due_at {time},
        reauth_due_at {time},
        refresh_began_at {time},
        account_id TEXT,
        account_name TEXT,
        account_details TEXT,
        last_sync {time},
        next_poll {time},
        hook_seen_at {time},
        hook_error TEXT,
        error_message TEXT,
        reason TEXT,
        halted {integer} NOT NULL,
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        UNIQUE (user_id, platform)
    )""",
    "CREATE INDEX platform_connections_counts ON platform_connections (platform, status)",
    """CREATE TABLE cursors (
        user_id {key}, platform {key}, name {key}, value TEXT NOT NULL,
        PRIMARY KEY (user_id, platform, name)
    ) {clustered}""",
    """CREATE TABLE platform_webhooks (
        id {row_id},
        user_id {key} NOT NULL,
        platform {key} NOT NULL,
        external_id {key} NOT NULL,
        place TEXT NOT NULL,
        secret TEXT NOT NULL,
        expires_at {time},
        created_at {time} NOT NULL,
        UNIQUE (user_id, platform, external_id)
    )""",
)

DELIVERIES = (
    """CREATE TABLE deliveries (
        id {row_id},
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
    "CREATE INDEX deliveries_unfinished ON deliveries (user_id, platform, id, due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX deliveries_parked ON deliveries (id) WHERE state = 'parked'",
    "CREATE INDEX deliveries_of_platform ON deliveries (platform, id)",
)
"""`due_at` is null once there is nothing left to do."""

EVENTS = (
    """CREATE TABLE sequences (
        user_id {key} PRIMARY KEY, head {integer} NOT NULL, lowest {integer} NOT NULL
    ) {clustered}""",
    """CREATE TABLE events (
        user_id {key}, position {integer}, type TEXT NOT NULL, at {time} NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (user_id, position)
    ) {clustered}""",
    "CREATE INDEX events_by_age ON events (at)",
)

ITEMS = """CREATE TABLE user_platform_data (
    id {key} NOT NULL,
    user_id {key} NOT NULL,
    platform {key} NOT NULL,
    data_type {key} NOT NULL,
    external_id {key} NOT NULL,
    raw_data TEXT NOT NULL,
    at {time},
    extracted_at {time} NOT NULL,
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, platform, data_type, external_id)
)"""


def up(migrator: SchemaMigrator, database: peewee.Database) -> None:
    run_sql(database, META, *CONNECTIONS, *DELIVERIES, *EVENTS, ITEMS)
