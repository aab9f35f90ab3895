"""Whom and what the tests are about."""

from storage.records import ConnectionKey, Delivery

ADA = ConnectionKey("ada", "github")
ADA_SPOTIFY = ConnectionKey("ada", "spotify")
GRACE = ConnectionKey("grace", "github")

NOON = 1_800_000_000.0


def a_delivery(delivery_id: str, key: ConnectionKey = ADA, at: float = NOON) -> Delivery:
    return Delivery(key, delivery_id, "push", b'{"zen": "\x00"}', at)
