"""A channel's messages: all they say stands in their headers, and it is only that something has changed."""

import hmac
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from actors.platforms.base import Handshake, Happening, Inbound, Parcel, Receives, Refused, Resident, Taken, Whose
from actors.platforms.fields import decode_object
from actors.platforms.google.answers import opaque
from actors.platforms.google_calendar.changes import name_of, rang
from actors.platforms.google_calendar.channels import calendar_of, resource_of
from storage.records import Account, Delivery

CHANNEL = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
NUMBER = re.compile(r"[0-9]{1,20}")
STATES = ("sync", "exists", "not_exists")
URL = "https://calendar.google.com/"

UNKNOWN = Refused(404, "unknown_channel", "There is no such channel.")


class Push(NamedTuple):
    channel: str
    number: str
    state: str
    resource: str
    token: str


def receive(request: Inbound) -> Receives:
    push = _read(request)
    if isinstance(push, Refused):
        return push
    found: dict[str, list[Resident]] = yield Whose([push.channel])
    residents = found.get(push.channel, [])
    if not residents:
        return UNKNOWN
    if not push.token:
        return Refused(401, "missing_token", "The header X-Goog-Channel-Token is missing.")
    behind = _behind(residents, push)
    if not behind:
        return Refused(401, "wrong_token", "The token or the resource is not this channel's.")
    if push.state == "sync":
        return Handshake(200, reaches=behind)
    delivery_id = f"{push.channel}:{push.number}"
    return Taken(200, [Parcel(one.user, delivery_id, "calendar_changed", _body(one, push)) for one in behind])


def _read(request: Inbound) -> Push | Refused:
    headers = request.headers
    push = Push(
        headers.get("x-goog-channel-id", ""),
        headers.get("x-goog-message-number", ""),
        headers.get("x-goog-resource-state", ""),
        headers.get("x-goog-resource-id", ""),
        headers.get("x-goog-channel-token", ""),
    )
    if not CHANNEL.fullmatch(push.channel):
        return Refused(400, "malformed", "The header X-Goog-Channel-ID is missing or malformed.")
    if not NUMBER.fullmatch(push.number):
        return Refused(400, "malformed", "The header X-Goog-Message-Number is missing or malformed.")
    if push.state not in STATES:
        return Refused(400, "malformed", "The header X-Goog-Resource-State is missing or unknown.")
    if not push.resource:
        return Refused(400, "malformed", "The header X-Goog-Resource-ID is missing.")
    return push


def _behind(residents: Sequence[Resident], push: Push) -> list[Resident]:
    """Whose channel this is. Before the channel's answer has come only its token is known."""
    given = push.token.encode("utf-8", "replace")
    behind: dict[str, Resident] = {}
    for one in residents:
        token = one.secret.reveal().encode() if one.secret is not None else b""
        fits = hmac.compare_digest(token, given)  # what was given isn't empty, so an empty one fits nobody
        if fits and (not one.where or resource_of(one.where) == push.resource):
            behind[one.user] = one
    return list(behind.values())


def _body(resident: Resident, push: Push) -> bytes:
    """What is stored, for there is no body to be."""
    said = {"channel": push.channel, "number": push.number, "state": push.state, "resource": push.resource}
    return msgspec.json.encode(said | {"calendar": calendar_of(resident.where)})


def parse(
    delivery: Delivery, account: Account | None = None, cursors: Mapping[str, str] = MappingProxyType({})
) -> Happening:
    try:
        calendar = opaque(decode_object(delivery.body), "calendar", longest=1024)
    except ValueError:
        calendar = None
    own = account.name if account is not None else None
    name = None if calendar is None else "" if calendar == own else name_of(calendar, cursors)
    where = f"the calendar “{name}”" if name else "your calendar" if name == "" else "one of your calendars"
    fields = {
        "who": None,
        "what": "has changed",
        "where": name or "Google Calendar",
        "url": URL,
        "message": f"Something has changed in {where}",
    }
    return Happening(fields, fetch=True, cursors={rang(calendar): "1"} if calendar else {})
