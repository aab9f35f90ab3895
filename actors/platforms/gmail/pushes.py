"""Pub/Sub's pushes: is it Google's, for whom, and is it news."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, NamedTuple

import jwt
import msgspec

from actors.platforms.base import Happening, Inbound, Parcel, PublicKey, Receives, Refused, Resident, Taken, Whose
from actors.platforms.fields import decode_object, text
from actors.platforms.google.answers import opaque, whole
from storage.records import Delivery

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
SKEW = 60.0
"""Seconds by which a clock may be wrong."""
LONGEST_TOKEN = 8192
INBOX_URL = "https://mail.google.com/mail/u/0/"

MISSING = Refused(401, "missing_token", "The header Authorization with Google's signed token is missing.")
WRONG = Refused(401, "wrong_token", "The token is not one that Google signed for this subscription.")


class Subscription(NamedTuple):
    topic: str | None
    audience: str | None
    service_account: str | None
    certs_url: str

    def missing(self) -> Sequence[str]:
        """What isn't set, in words."""
        wanted = {"topic": self.topic, "audience": self.audience, "service account": self.service_account}
        return [name for name, value in wanted.items() if not value]


class Push(msgspec.Struct, frozen=True):
    message_id: str
    mailbox: str
    history_id: int


def receive(subscription: Subscription, request: Inbound) -> Receives:
    """The token first: a stranger learns nothing of what else is looked at."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        return MISSING
    kid = _key_id(token)
    if kid is None:
        return WRONG
    key = yield PublicKey(subscription.certs_url, kid)
    if key is None or not _is_for_us(token, key, subscription, request.at):
        return WRONG
    try:
        push = read(request.body)
    except ValueError as trouble:
        return Refused(400, "malformed", f"The body is no push of a mailbox: {trouble}.")
    found: dict[str, list[Resident]] = yield Whose([push.mailbox])
    users = dict.fromkeys(resident.user for resident in found.get(push.mailbox, ()))
    if not users:
        return Taken(204, dropped="unknown_mailbox")
    return Taken(204, [Parcel(user, push.message_id, "mailbox_changed") for user in users])


def _key_id(token: str) -> str | None:
    """Which key it claims to be signed with, if it is of the one kind that is taken at all."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    kid = opaque(header, "kid", longest=256)
    return kid if header.get("alg") == "RS256" else None


def _is_for_us(token: str, key: Any, subscription: Subscription, at: float) -> bool:
    if not subscription.audience or not subscription.service_account:
        return False
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=subscription.audience,
            issuer=list(ISSUERS),
            options={"require": ["exp", "iss", "aud"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return False
    if claims.get("email") != subscription.service_account or claims.get("email_verified") is not True:
        return False
    issued_at = claims.get("iat", 0)
    return _is_time(claims["exp"]) and _is_time(issued_at) and issued_at - SKEW <= at < claims["exp"] + SKEW


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read(body: bytes) -> Push:
    """The push in an envelope; ValueError with what is wrong."""
    envelope = decode_object(body)
    message_id = opaque(envelope, "message", "messageId", longest=200) or opaque(
        envelope, "message", "message_id", longest=200
    )
    data = opaque(envelope, "message", "data", longest=100_000)
    if message_id is None or data is None:
        raise ValueError("it has no message")
    try:
        said = decode_object(_decoded(data))
    except (ValueError, binascii.Error):
        raise ValueError("its data is no object in base64") from None
    mailbox, history_id = opaque(said, "emailAddress", longest=320), whole(said, "historyId")
    if mailbox is None or history_id is None:
        raise ValueError("it names no mailbox or no history")
    return Push(message_id, mailbox.lower(), history_id)


def _decoded(data: str) -> bytes:
    """Pub/Sub writes the usual alphabet, with padding; Gmail's guide has the one for addresses, without."""
    text_ = data.rstrip("=").translate(str.maketrans("-_", "+/"))
    return base64.b64decode(text_ + "=" * (-len(text_) % 4), validate=True)


def parse(delivery: Delivery, reached: int | None = None) -> Happening:
    """A doorbell. `reached`: the history id up to which all is known; a ring for less is no reason to look again."""
    try:
        push = read(delivery.body)
    except ValueError:
        return Happening(_line(None), fetch=True)
    if reached is None or push.history_id > reached:
        return Happening(_line(text(push.mailbox)), fetch=True)
    return Happening(_line(text(push.mailbox), "has nothing that isn't here already"))


def _line(mailbox: str | None, what: str = "has changed") -> dict[str, str | None]:
    """A change may be no more than that a mail was read. Each watch begins with a push, whether there is any or not."""
    message = f"The mailbox {mailbox} {what}" if mailbox else f"A mailbox {what}"
    return {"who": mailbox, "what": what, "where": "Gmail", "url": INBOX_URL, "message": message}
