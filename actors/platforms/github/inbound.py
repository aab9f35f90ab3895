"""Webhooks as they come in: is it GitHub's, and what does it say."""

import hmac
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from actors.platforms.base import Happening, Inbound, Refused, Verified
from actors.platforms.fields import decode_object, moment
from actors.platforms.github import keys, sentences
from storage.records import Delivery, Item, Secret

KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
DELIVERY_ID = re.compile(r"[\x21-\x7e]{1,128}")

WHEN = {
    "issues": ("issue", "updated_at"),
    "pull_request": ("pull_request", "updated_at"),
    "release": ("release", "published_at"),
    "star": ("starred_at",),
    "fork": ("forkee", "created_at"),
}


def verify(request: Inbound, secrets: Sequence[Secret]) -> Verified | Refused:
    """The signature first: whoever can't sign learns nothing of what else we look at."""
    given = request.headers.get("x-hub-signature-256")
    if not given:
        return Refused(401, "missing_signature", "The header X-Hub-Signature-256 is missing.")
    if not _is_signed(request.body, given, secrets):
        return Refused(401, "wrong_signature", "The signature does not fit the body and the hook's secret.")
    kind, delivery_id = request.headers.get("x-github-event", ""), request.headers.get("x-github-delivery", "")
    if not KIND.fullmatch(kind):
        return Refused(400, "malformed", "The header X-GitHub-Event is missing or malformed.")
    if not DELIVERY_ID.fullmatch(delivery_id):
        return Refused(400, "malformed", "The header X-GitHub-Delivery is missing or malformed.")
    try:
        payload_of(request.body)
    except ValueError as trouble:
        return Refused(400, "malformed", f"The body is no JSON object that GitHub would send: {trouble}.")
    return Verified(delivery_id, kind)


def _is_signed(body: bytes, given: str, secrets: Sequence[Secret]) -> bool:
    """In constant time for each secret, and with no early end between them."""
    claimed = given.encode("utf-8", "replace")
    fits = False
    for secret in secrets:
        if key := secret.reveal().encode():  # an empty key would be everybody's
            fits |= hmac.compare_digest(b"sha256=" + hmac.digest(key, body, "sha256").hex().encode(), claimed)
    return fits


def payload_of(body: bytes) -> dict[str, Any]:
    """The payload, which comes as JSON or as the field `payload` of a form; ValueError when there is none."""
    return decode_object(_unwrapped(body))


def _unwrapped(body: bytes) -> bytes:
    if not body.startswith(b"payload="):
        return body
    fields = dict(parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=10))
    return fields.get("payload", "").encode()


def parse(delivery: Delivery) -> Happening:
    try:
        payload = payload_of(delivery.body)
    except ValueError:
        return Happening(sentences.line(delivery.kind, {}))
    told = sentences.line(delivery.kind, payload)
    if delivery.kind == "ping":
        return Happening(told)
    name = keys.of_webhook(delivery.kind, payload, delivery.at) or f"delivery:{delivery.delivery_id}"
    at = moment(payload, *WHEN.get(delivery.kind, ())) or delivery.at
    return Happening(told, [Item("events", name, payload, at)])
