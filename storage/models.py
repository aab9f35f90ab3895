"""The tables as peewee models, for readers and tools: columns only.

The migrations make the tables; a test compares the two. Bind the models to a database to use them.
"""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BlobField,
    CompositeKey,
    DoubleField,
    Model,
    TextField,
)


class Meta(Model):
    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "meta"


class PlatformConnection(Model):
    id = BigAutoField()
    user_id = TextField()
    platform = TextField()
    status = TextField()
    generation = BigIntegerField()
    access_token = TextField(null=True)
    refresh_token = TextField(null=True)
    scope = TextField()
    token_expires_at = DoubleField(null=True)
    refresh_due_at = DoubleField(null=True)
    reauth_due_at = DoubleField(null=True)
    refresh_began_at = DoubleField(null=True)
    account_id = TextField(null=True)
    account_name = TextField(null=True)
    account_details = TextField(null=True)
    last_sync = DoubleField(null=True)
    next_poll = DoubleField(null=True)
    hook_seen_at = DoubleField(null=True)
    hook_error = TextField(null=True)
    error_message = TextField(null=True)
    reason = TextField(null=True)
    halted = BigIntegerField()
    created_at = DoubleField()
    updated_at = DoubleField()
    granted_at = DoubleField(null=True)
    leaving = TextField(null=True)
    trouble_told = BigIntegerField()
    reauth_notice_at = DoubleField(null=True)

    class Meta:
        table_name = "platform_connections"


class PlatformAddress(Model):
    platform = TextField()
    address = TextField()
    user_id = TextField()

    class Meta:
        table_name = "platform_addresses"
        primary_key = CompositeKey("platform", "address", "user_id")


class ConnectFlow(Model):
    state = TextField(primary_key=True)
    user_id = TextField()
    platform = TextField()
    browser = TextField()
    verifier = TextField()
    return_to = TextField()
    expires_at = DoubleField()

    class Meta:
        table_name = "connect_flows"


class Cursor(Model):
    user_id = TextField()
    platform = TextField()
    name = TextField()
    value = TextField()

    class Meta:
        table_name = "cursors"
        primary_key = CompositeKey("user_id", "platform", "name")


class PlatformWebhook(Model):
    id = BigAutoField()
    user_id = TextField()
    platform = TextField()
    external_id = TextField()
    place = TextField()
    secret = TextField()
    expires_at = DoubleField(null=True)
    created_at = DoubleField()
    address = TextField(null=True)

    class Meta:
        table_name = "platform_webhooks"


class Delivery(Model):
    id = BigAutoField()
    user_id = TextField()
    platform = TextField()
    delivery_id = TextField()
    kind = TextField()
    state = TextField()
    reason = TextField(null=True)
    attempts = BigIntegerField()
    at = DoubleField()
    due_at = DoubleField(null=True)
    done_at = DoubleField(null=True)
    body = BlobField()

    class Meta:
        table_name = "deliveries"


class Sequence(Model):
    user_id = TextField(primary_key=True)
    head = BigIntegerField()
    lowest = BigIntegerField()
    heard = BigIntegerField()

    class Meta:
        table_name = "sequences"


class Broadcast(Model):
    id = BigIntegerField(primary_key=True)
    type = TextField()
    at = DoubleField()
    body = TextField()

    class Meta:
        table_name = "broadcasts"


class KeptAnswer(Model):
    caller = TextField()
    request_key = TextField()
    digest = TextField()
    answer = TextField()
    expires_at = DoubleField()

    class Meta:
        table_name = "kept_answers"
        primary_key = CompositeKey("caller", "request_key")


class Event(Model):
    user_id = TextField()
    position = BigIntegerField()
    type = TextField()
    at = DoubleField()
    body = TextField()

    class Meta:
        table_name = "events"
        primary_key = CompositeKey("user_id", "position")


class UserPlatformData(Model):
    id = TextField()
    user_id = TextField()
    platform = TextField()
    data_type = TextField()
    external_id = TextField()
    raw_data = TextField()
    at = DoubleField(null=True)
    extracted_at = DoubleField()

    class Meta:
        table_name = "user_platform_data"
        primary_key = CompositeKey("user_id", "id")


class RevokedUser(Model):
    user_id = TextField(primary_key=True)
    issued_before = DoubleField()

    class Meta:
        table_name = "revoked_users"


class RevokedToken(Model):
    user_id = TextField()
    jti = TextField()
    expires_at = DoubleField(null=True)

    class Meta:
        table_name = "revoked_tokens"
        primary_key = CompositeKey("user_id", "jti")


class Erasure(Model):
    user_id = TextField(primary_key=True)
    asked_at = DoubleField()

    class Meta:
        table_name = "erasures"


class PushSubscription(Model):
    id = BigAutoField()
    user_id = TextField()
    endpoint_hash = TextField()
    host = TextField()
    sealed = TextField()
    created_at = DoubleField()

    class Meta:
        table_name = "push_subscriptions"


class Push(Model):
    id = BigAutoField()
    subscription_id = BigIntegerField()
    host = TextField()
    user_id = TextField()
    position = BigIntegerField()
    at = DoubleField()
    due_at = DoubleField()
    attempts = BigIntegerField()

    class Meta:
        table_name = "pushes"


ALL: tuple[type[Model], ...] = (
    Meta,
    PlatformConnection,
    PlatformAddress,
    ConnectFlow,
    Cursor,
    PlatformWebhook,
    Delivery,
    Sequence,
    Event,
    Broadcast,
    KeptAnswer,
    PushSubscription,
    Push,
    UserPlatformData,
    RevokedUser,
    RevokedToken,
    Erasure,
)
