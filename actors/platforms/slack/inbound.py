"""Events as they come in: are they Slack's, whom do they concern, and what do they say."""

import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from actors.platforms.base import (
    Ended,
    Handshake,
    Happening,
    Inbound,
    Parcel,
    Receives,
    Refused,
    Resident,
    Taken,
    Whose,
)
from actors.platforms.fields import decode_object, dig, number
from actors.platforms.slack import messages, people, sentences
from actors.platforms.slack.known import Known, known_from
from storage.records import Account, Delivery, Item, Secret

WINDOW = 300
"""Seconds: what was signed longer ago is somebody's copy."""
KIND = re.compile(r"[a-z][a-z0-9_.]{0,63}")
EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
CHALLENGE = 1000
NOTES = ("channel_join", "channel_leave", "group_join", "group_leave", "message_replied")
"""Subtypes of messages: they note what `member_joined_channel`, `member_left_channel` and the reply itself tell."""
TOGETHER = 50
"""Addresses asked for at once."""

ENDINGS = {
    "tokens_revoked": Ended("user_revoked", "This access was withdrawn at Slack. Please reconnect."),
    "app_uninstalled": Ended("app_uninstalled", "The app was removed from the Slack workspace. Please reconnect."),
}


def receive(request: Inbound, signing_secret: Secret | None) -> Receives:
    """Slack sends again what isn't answered with a success, thrice, and in the end nothing more at all. A repeat has
    its event's id; that it says of itself that it is one is no reason to drop it, for the first may have been lost."""
    refusal = _unsigned(request, signing_secret)
    if refusal is not None:
        return refusal
    try:
        envelope = decode_object(request.body)
    except ValueError as trouble:
        return _malformed(f"The body is no JSON object that Slack would send: {trouble}.")
    kind = envelope.get("type")
    if kind == "url_verification":
        return _challenge(envelope)
    if kind == "app_rate_limited":
        return Taken(200, dropped="app_rate_limited")
    if kind != "event_callback":
        return _malformed("This is no kind of request that Slack's Events API sends.")
    return (yield from _event(request, envelope))


def _unsigned(request: Inbound, signing_secret: Secret | None) -> Refused | None:
    """Why this isn't Slack's; None when it is."""
    secret = signing_secret.reveal() if signing_secret is not None else ""
    if not secret:  # an empty key would be everybody's
        return Refused(401, "not_configured", "The signing secret of the Slack app is not set in this service.")
    given = request.headers.get("x-slack-signature")
    stamp = request.headers.get("x-slack-request-timestamp", "")
    if not given or not stamp:
        return Refused(401, "missing_signature", "X-Slack-Signature or X-Slack-Request-Timestamp is missing.")
    if not re.fullmatch(r"\d{1,12}", stamp, re.ASCII) or abs(request.at - int(stamp)) > WINDOW:
        return Refused(401, "stale_signature", "X-Slack-Request-Timestamp is more than five minutes off.")
    digest = hmac.digest(secret.encode(), b"v0:" + stamp.encode() + b":" + request.body, "sha256")
    if not hmac.compare_digest(f"v0={digest.hex()}".encode(), given.encode("utf-8", "replace")):
        return Refused(401, "wrong_signature", "The signature does not fit the body and the signing secret.")
    return None


def _challenge(envelope: Mapping[str, Any]) -> Handshake | Refused:
    challenge = envelope.get("challenge")
    if not isinstance(challenge, str) or not 0 < len(challenge) <= CHALLENGE or not challenge.isprintable():
        return _malformed("The challenge is missing or malformed.")
    return Handshake(200, challenge.encode("utf-8", "replace"))


def _event(request: Inbound, envelope: Mapping[str, Any]) -> Receives:
    kind, id_ = dig(envelope, "event", "type"), envelope.get("event_id")
    team = envelope.get("team_id")
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        return _malformed("The event's type is missing or malformed.")
    if not isinstance(id_, str) or not EVENT_ID.fullmatch(id_):
        return _malformed("The event's id is missing or malformed.")
    if kind == "message" and dig(envelope, "event", "subtype") in NOTES:
        return Taken(200, dropped="told_otherwise")
    if kind == "message" and _says_the_same(envelope.get("event")):
        return Taken(200, dropped="nothing_changed")
    concerned = list(dict.fromkeys(_concerned(kind, envelope)))
    teams = [team] if messages.is_id(team) else []
    if not concerned and not teams:
        return Taken(200, dropped="unknown_team")
    addresses = list(dict.fromkeys([*concerned, *teams]))
    residents: dict[str, list[Resident]] = {}
    for first in range(0, len(addresses), TOGETHER):
        residents |= yield Whose(addresses[first : first + TOGETHER])
    behind = [resident.user for address in concerned for resident in residents.get(address, ())]
    users = [user for user in dict.fromkeys(behind) if request.user in (None, user)]
    if users:
        return Taken(200, [Parcel(user, id_, kind) for user in users])
    known = any(residents.get(address) for address in (*concerned, *teams))
    return Taken(200, dropped="unknown_user" if known else "unknown_team")


def _says_the_same(event: Any) -> bool:
    """A message that Slack itself added something to, such as a link's preview: nobody wrote anything."""
    if dig(event, "subtype") != "message_changed":
        return False
    now, before = dig(event, "message"), dig(event, "previous_message")
    words = dig(now, "text")
    is_marked = dig(now, "edited", "ts") != dig(before, "edited", "ts")
    return isinstance(words, str) and words == dig(before, "text") and not is_marked


def _concerned(kind: str, envelope: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of those who may see the event, and of nobody else."""
    team = envelope.get("team_id")
    if kind == "app_uninstalled" and messages.is_id(team):
        yield team
    elif kind == "tokens_revoked":
        for user in _list(dig(envelope, "event", "tokens", "oauth")):
            if messages.is_id(team) and messages.is_id(user):
                yield f"{team}:{user}"
    else:
        for one in _list(envelope.get("authorizations")):
            # One for a whole organisation has its number in place of the workspace's.
            for place in (dig(one, "team_id"), dig(one, "enterprise_id")):
                if messages.is_id(place) and messages.is_id(dig(one, "user_id")):
                    yield f"{place}:{dig(one, 'user_id')}"


def _list(value: Any) -> list[Any]:
    """Slack names a handful; a list beyond that was made to hurt."""
    return value[:1000] if isinstance(value, list) else []


def _malformed(why: str) -> Refused:
    return Refused(400, "malformed", why)


def parse(delivery: Delivery, account: Account | None = None, cursors: Mapping[str, str] | None = None) -> Happening:
    try:
        envelope = decode_object(delivery.body)
    except ValueError:
        return Happening(sentences.line(delivery.kind, {}, Known()))
    known = known_from(account, cursors or {}, dig(envelope, "team_id"))
    told = sentences.line(delivery.kind, dig(envelope, "event"), known)
    items, ended = list(_items(envelope, delivery)), _ended(envelope, delivery.kind)
    unknown = sentences.unknown_person(told, known) if account is not None and ended is None else None
    if unknown is None:
        return Happening(told, items, ended=ended)
    return Happening(told, items, fetch=True, cursors=people.also_wanted(cursors or {}, unknown))


def _ended(envelope: Mapping[str, Any], kind: str) -> Ended | None:
    """Slack sends again for hours what it couldn't deliver."""
    ended, at = ENDINGS.get(kind), number(envelope, "event_time")
    return msgspec.structs.replace(ended, at=float(at)) if ended is not None and at and at < 10**11 else ended


def _items(envelope: Mapping[str, Any], delivery: Delivery) -> Iterator[Item]:
    event = envelope.get("event")
    if delivery.kind == "message" and not _is_our_own(envelope, event):
        item = messages.item_of(event, dig(event, "channel"))
        if item is not None:
            yield item
    if delivery.kind == "channel_created" and messages.is_id(id_ := dig(event, "channel", "id")):
        at = number(event, "channel", "created")
        yield Item("conversations", id_, dig(event, "channel"), float(at) if at and at < 10**11 else delivery.at)


def _is_our_own(envelope: Mapping[str, Any], event: Any) -> bool:
    """Said by this very app."""
    app = dig(event, "app_id")
    return isinstance(app, str) and app == envelope.get("api_app_id") and dig(event, "bot_id") is not None
