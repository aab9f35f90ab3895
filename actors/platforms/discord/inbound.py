"""Webhook events as they come in. They tell of the app's own standing with a user, not of what happens in servers.

Discord tries the address at random with wrong signatures, and takes it away where one of these isn't answered 401.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from actors.platforms.base import Ended, Handshake, Happening, Inbound, Parcel, Receives, Refused, Taken, Whose
from actors.platforms.discord.guilds import is_snowflake
from actors.platforms.fields import decode_object, dig, moment, number, text
from storage.records import Delivery

WINDOW = 300
"""Seconds: what was signed longer ago is somebody's copy. The rule is ours, Discord has none."""
KIND = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
PING, EVENT = 0, 1
DEAUTHORIZED = "APPLICATION_DEAUTHORIZED"
REVOKED = Ended("user_revoked", "This access was withdrawn at Discord. Please reconnect.")


def receive(request: Inbound, public_key: Ed25519PublicKey | None) -> Receives:
    refusal = _unsigned(request, public_key)
    if refusal is not None:
        return refusal
    try:
        envelope = decode_object(request.body)
    except ValueError as trouble:
        return _malformed(f"The body is no JSON object that Discord would send: {trouble}.")
    kind = number(envelope, "type")
    if kind == PING:
        return Handshake(204, reaches_all=True)
    if kind == EVENT:
        return (yield from _event(envelope.get("event")))
    return _malformed("This is no kind of request that Discord sends.")


def _unsigned(request: Inbound, public_key: Ed25519PublicKey | None) -> Refused | None:
    """Why this isn't Discord's; None when it is."""
    if public_key is None:
        return Refused(401, "not_configured", "The public key of the Discord app is not set in this service.")
    given, stamp = request.headers.get("x-signature-ed25519"), request.headers.get("x-signature-timestamp")
    if not given or not stamp:
        return Refused(401, "missing_signature", "X-Signature-Ed25519 or X-Signature-Timestamp is missing.")
    if not re.fullmatch(r"\d{1,12}", stamp, re.ASCII) or abs(request.at - int(stamp)) > WINDOW:
        return Refused(401, "stale_signature", "X-Signature-Timestamp is more than five minutes off.")
    try:
        public_key.verify(bytes.fromhex(given), stamp.encode() + request.body)
    except (InvalidSignature, ValueError):
        return Refused(401, "wrong_signature", "The signature does not fit the timestamp, the body and the app's key.")
    return None


def _event(event: Any) -> Receives:
    """Events have no id: one that comes again has the same kind, time and user."""
    kind, at = dig(event, "type"), dig(event, "timestamp")
    if not isinstance(kind, str) or not KIND.fullmatch(kind) or not isinstance(at, str) or not at:
        return _malformed("The event's type or timestamp is missing or malformed.")
    user = _user(dig(event, "data"))
    if user is None:
        return Taken(204, dropped="unknown_user")
    residents = yield Whose([user])
    people = dict.fromkeys(resident.user for resident in residents.get(user, ()))
    if not people:
        return Taken(204, dropped="unknown_user")
    delivery_id = hashlib.sha256(f"{kind}|{at}|{user}".encode("utf-8", "replace")).hexdigest()
    return Taken(204, [Parcel(person, delivery_id, kind) for person in people])


def _user(data: Any) -> str | None:
    """An entitlement names its user by number, a message by its author."""
    candidates = (dig(data, "user", "id"), dig(data, "user_id"), dig(data, "author", "id"))
    return next((one for one in candidates if is_snowflake(one)), None)


def _malformed(why: str) -> Refused:
    return Refused(400, "malformed", why)


# -- a line for people ------------------------------------------------------------------------------

WHAT = {
    "APPLICATION_AUTHORIZED": "gave this app access",
    DEAUTHORIZED: "withdrew this app's access",
    "ENTITLEMENT_CREATE": "got something from this app's shop",
    "ENTITLEMENT_UPDATE": "had something from this app's shop changed",
    "ENTITLEMENT_DELETE": "lost something from this app's shop",
}


def parse(delivery: Delivery) -> Happening:
    try:
        event = dig(decode_object(delivery.body), "event")
    except ValueError:
        event = None
    ended = None
    if delivery.kind == DEAUTHORIZED:
        ended = msgspec.structs.replace(REVOKED, at=moment(event, "timestamp"))
    return Happening(_line(delivery.kind, dig(event, "data")), ended=ended)


def _line(kind: str, data: Any) -> Mapping[str, str | None]:
    who = text(data, "user", "global_name") or text(data, "user", "username")
    where = text(data, "guild", "name") or None
    what = WHAT.get(kind)
    if what is None:
        what = (text(kind) or "event").replace("_", " ").lower()
        message = f"Discord event “{what}”" + (f" by {who}" if who else "")
    else:
        who = who or "You"  # by whom it was found, where it gives no name
        message = f"{who} {what}"
    return {
        "who": who,
        "what": what,
        "where": where,
        "url": None,
        "message": f"{message} in {where}" if where else message,
    }
