"""Addresses by which webhooks name whom they concern; connects that wait for their user; when users said yes."""

import peewee
from playhouse.migrate import SchemaMigrator

from storage.migrations import run_sql


def up(migrator: SchemaMigrator, database: peewee.Database) -> None:
    run_sql(
        database,
        """CREATE TABLE platform_addresses (
            platform {key}, address {key}, user_id {key}, PRIMARY KEY (platform, address, user_id)
        ) {clustered}""",
        "CREATE INDEX platform_addresses_of_connection ON platform_addresses (user_id, platform)",
        "ALTER TABLE platform_webhooks ADD COLUMN address TEXT",
        "CREATE INDEX platform_webhooks_by_address ON platform_webhooks (platform, address) WHERE address IS NOT NULL",
        """CREATE TABLE connect_flows (
            state {key} PRIMARY KEY,
            user_id {key} NOT NULL,
            platform {key} NOT NULL,
            browser TEXT NOT NULL,
            verifier TEXT NOT NULL,
            return_to TEXT NOT NULL,
            expires_at {time} NOT NULL
        ) {clustered}""",
        "CREATE INDEX connect_flows_by_age ON connect_flows (expires_at)",
        "ALTER TABLE platform_connections ADD COLUMN granted_at {time}",
    )
