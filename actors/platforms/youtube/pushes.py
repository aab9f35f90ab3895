"""What the hub asks and tells: does somebody here want this channel, and what has it uploaded."""

import hashlib
import hmac
from collections.abc import Sequence

from actors.platforms.base import Handshake, Happening, Inbound, Parcel, Receives, Refused, Resident, Taken, Whose
from actors.platforms.fields import moment
from actors.platforms.youtube import feed
from actors.platforms.youtube.feed import Video
from actors.platforms.youtube.hub import Hub
from storage.records import Delivery, Item

LONGEST_CHALLENGE = 1000
UNKNOWN = Refused(404, "unknown_channel", "Nobody here wants to hear of this channel.")


def receive(request: Inbound, hub: Hub) -> Receives:
    return _asked(request, hub) if request.method == "GET" else _told(request)


def _asked(request: Inbound, hub: Hub) -> Receives:
    """Strangers can ask the hub to subscribe or unsubscribe us: only what we ourselves want is confirmed, and only at
    the address that we ourselves gave, for a stranger's subscription has a stranger's secret."""
    params = request.params
    mode, channel = params.get("hub.mode", ""), feed.channel_of(params.get("hub.topic"))
    if mode not in ("subscribe", "unsubscribe", "denied") or channel is None:
        return Refused(400, "malformed", "hub.mode or hub.topic is missing or unknown.")
    if mode == "denied":
        return Taken(200, dropped="subscription_denied")
    challenge = params.get("hub.challenge", "")
    if not challenge or len(challenge) > LONGEST_CHALLENGE or not (challenge.isascii() and challenge.isprintable()):
        return Refused(400, "malformed", "hub.challenge is missing or malformed.")
    if mode == "subscribe" and not hub.is_ours(params.get("key", ""), channel):
        return UNKNOWN
    found: dict[str, list[Resident]] = yield Whose([channel])
    residents = found.get(channel, ())
    if bool(residents) != (mode == "subscribe"):
        return UNKNOWN if not residents else Refused(404, "still_wanted", "This channel is still wanted here.")
    return Handshake(200, challenge.encode(), reaches=residents)


def _told(request: Inbound) -> Receives:
    """Whose channel it is stands in the body, so that is read before its signature can be checked."""
    try:
        told = feed.read(request.body)
    except ValueError as trouble:
        return Refused(400, "malformed", f"The body is no feed of the hub's: {trouble}.")
    found: dict[str, list[Resident]] = yield Whose([told.channel])
    residents = found.get(told.channel, [])
    if not residents:
        return UNKNOWN
    if not _is_signed(request.body, request.headers.get("x-hub-signature", ""), residents):
        return Taken(200, dropped="wrong_signature")
    users = dict.fromkeys(one.user for one in residents)
    id_, kind = _delivery_id(told.videos), _kind(told.videos[0])
    return Taken(200, [Parcel(user, id_, kind) for user in users])


def _is_signed(body: bytes, given: str, residents: Sequence[Resident]) -> bool:
    """By any of those who want it: they share one subscription, and with it one secret. In constant time for each."""
    claimed = given.encode("utf-8", "replace")
    fits = False
    for secret in {one.secret for one in residents if one.secret is not None}:
        if key := secret.reveal().encode():  # an empty key would be everybody's
            fits |= hmac.compare_digest(b"sha1=" + hmac.digest(key, body, "sha1").hex().encode(), claimed)
    return fits


def _delivery_id(videos: Sequence[Video]) -> str:
    """A second message about the same version of a video is a repeat."""
    names = ",".join(f"{video.id}:{video.updated}{':deleted' if video.is_gone else ''}" for video in videos)
    return names if len(names) <= 200 else hashlib.sha256(names.encode()).hexdigest()


def _kind(video: Video) -> str:
    return "deletion" if video.is_gone else "edit" if video.is_edit else "upload"


def parse(delivery: Delivery) -> Happening:
    try:
        told = feed.read(delivery.body)
    except ValueError:
        line = {"who": None, "what": "has changed", "where": "YouTube", "url": None}
        return Happening(line | {"message": "A channel has changed at YouTube"})
    video = told.videos[0]
    items = [_item(one) for one in told.videos if not one.is_gone]
    # Its times alone don't tell: a title is often mended within minutes of the upload.
    again = _line(video, "edit") | {"kind": "edit"} if _kind(video) == "upload" else {}
    return Happening(_line(video, _kind(video)), items, about=video.id, again=again)


def _line(video: Video, kind: str) -> dict[str, str | None]:
    who = video.author or "A channel"
    title = f"“{video.title}”" if video.title else "a video"
    what = {"deletion": "removed a video", "edit": f"changed {title}"}.get(kind, f"uploaded {title}")
    url = None if video.is_gone else video.url
    return {"who": who, "what": what, "where": "YouTube", "url": url, "message": f"{who} {what}"}


def _item(video: Video) -> Item:
    """Stored once: what was seen before, by push or poll, is the same video."""
    return Item("uploads", video.id, video.raw(), moment(video.published) or moment(video.updated))
