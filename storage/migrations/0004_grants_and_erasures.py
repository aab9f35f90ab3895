"""What sweeps look for, by index: tokens and grants that end; users whose erasure was begun."""

import peewee
from playhouse.migrate import SchemaMigrator

from storage.migrations import run_sql


def up(migrator: SchemaMigrator, database: peewee.Database) -> None:
    run_sql(
        database,
        "ALTER TABLE platform_connections ADD COLUMN reauth_notice_at {time}",
        # Nobody was told so far: whoever has two weeks or less is told soon.
        "UPDATE platform_connections SET reauth_notice_at = reauth_due_at - 1209600 WHERE reauth_due_at IS NOT NULL",
        "CREATE INDEX platform_connections_refreshes ON platform_connections (refresh_due_at) "
        "WHERE status = 'connected' AND refresh_due_at IS NOT NULL",
        "CREATE INDEX platform_connections_notices ON platform_connections (reauth_notice_at) "
        "WHERE status = 'connected' AND reauth_notice_at IS NOT NULL",
        "CREATE INDEX platform_connections_grant_ends ON platform_connections (reauth_due_at) "
        "WHERE status = 'connected' AND reauth_due_at IS NOT NULL",
        "CREATE TABLE erasures (user_id {key} PRIMARY KEY, asked_at {time} NOT NULL) {clustered}",
    )
