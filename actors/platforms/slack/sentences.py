"""An event as a line that a person understands: who, what, where, and a link.

Events name people and conversations by number. What a poll has learnt of conversations' names, and who the
user is, comes with `Known`, and so do people's names; where that says nothing, the line does without a name rather
than show a number.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from actors.platforms.fields import dig, text
from actors.platforms.slack import messages, people
from actors.platforms.slack.known import Known
from actors.platforms.slack.markup import plain

SOMEBODY = "Somebody"
KINDS = {"im": "a direct message", "mpim": "a group message", "group": "a private channel", "channel": "a channel"}


class Told(msgspec.Struct, frozen=True):
    what: str
    message: str
    who: str | None = None
    where: str | None = None
    url: str | None = None


def line(kind: str, event: Any, known: Known) -> Mapping[str, str | None]:
    teller = TELLERS.get(kind)
    told = (teller(event, known) if teller else None) or _plain(kind)
    return {"who": told.who, "what": told.what, "where": told.where, "url": told.url, "message": told.message}


def conversation(found: Any, known: Known) -> Mapping[str, str | None]:
    """One that a poll finds the user in."""
    id_ = dig(found, "id")
    where = _where(id_, None, msgspec.structs.replace(known, names={str(id_): text(found, "name")}))
    if where is None or not where.startswith("#"):
        return {}
    what = "are in"
    return {
        "who": "You",
        "what": what,
        "where": where,
        "url": _page(id_, None, known),
        "message": f"You {what} {where}",
    }


# -- messages ---------------------------------------------------------------------------------------


def _message(event: Any, known: Known) -> Told | None:
    match text(event, "subtype"):
        case "message_changed":
            return _changed(event, known)
        case "message_deleted":
            return _became(event, known, "was deleted", dig(event, "previous_message"))
        case "channel_join" | "group_join":
            return _of(event, known, "joined", event)
        case "channel_leave" | "group_leave":
            return _of(event, known, "left", event)
        case None | "thread_broadcast" | "file_share" | "me_message" | "bot_message" as subtype:
            return _said(event, known, subtype)
        case subtype:
            return _noted(event, known, subtype)


def _noted(event: Any, known: Known, subtype: str) -> Told | None:
    """Slack puts what was done to a channel into words itself: a topic, a purpose, a pin."""
    words = plain(dig(event, "text"), known)
    if not words:
        return None
    told = _of(event, known, subtype.replace("_", " "), event)
    return msgspec.structs.replace(told, message=f"A note{_in(told.where)}: “{words}”")


def _changed(event: Any, known: Known) -> Told:
    """Slack tells of all changes alike: what a person rewrote bears a new mark, what it put in itself, such as a link's
    preview, doesn't."""
    message = dig(event, "message")
    if dig(message, "edited", "ts") in (None, dig(event, "previous_message", "edited", "ts")):
        return _became(event, known, "has changed", message)
    words = plain(dig(message, "text"), known)
    return _of(event, known, "edited a message", message, f": “{words}”" if words else "")


def _became(event: Any, known: Known, what: str, message: Any) -> Told:
    """Who did it isn't said: an administrator may delete somebody else's."""
    name = _name(message, known)
    whose = {"You": "Your message", SOMEBODY: "A message"}.get(name, f"{name}'s message")
    told = _of(event, known, what, message)
    return msgspec.structs.replace(told, message=f"{whose}{_in(told.where)} {what}")


def _said(event: Any, known: Known, subtype: str | None) -> Told:
    words = plain(dig(event, "text"), known)
    files = dig(event, "files")
    what = "shared a file" if subtype == "file_share" or (files and not words) else "wrote"
    if dig(event, "thread_ts") not in (None, dig(event, "ts")):
        what = "replied" if what == "wrote" else what
    return _of(event, known, what, event, f": “{words}”" if words else "")


def _of(event: Any, known: Known, what: str, message: Any, end: str = "") -> Told:
    channel, ts = dig(event, "channel"), messages.timestamp(dig(message, "ts"))
    who, where = _who(message, known), _where(channel, text(event, "channel_type"), known)
    place = f" {where}" if where and what in ("joined", "left") else _in(where)
    sentence = f"{_name(message, known)} {what}{place}{end}"
    return Told(what, sentence, who, where, _page(channel, ts, known, messages.timestamp(dig(message, "thread_ts"))))


# -- everything else --------------------------------------------------------------------------------


def _reaction(event: Any, known: Known, verb: str) -> Told | None:
    name, channel = text(event, "reaction"), dig(event, "item", "channel")
    if name is None or not messages.is_id(channel):
        return None
    where = _where(channel, None, known)
    whose = "your message" if known.user and dig(event, "item_user") == known.user else "a message"
    what = f"{verb} :{name}: {'to' if verb == 'reacted with' else 'from'} {whose}"
    url = _page(channel, messages.timestamp(dig(event, "item", "ts")), known)
    return Told(what, f"{_name(event, known)} {what}{_in(where)}", _who(event, known), where, url)


def _reaction_added(event: Any, known: Known) -> Told | None:
    return _reaction(event, known, "reacted with")


def _reaction_removed(event: Any, known: Known) -> Told | None:
    return _reaction(event, known, "took back")


def _channel(event: Any, known: Known, what: str) -> Told | None:
    """`channel` is an object with a name where the channel is there, and else its number."""
    channel = dig(event, "channel")
    id_ = channel if messages.is_id(channel) else dig(channel, "id")
    if not messages.is_id(id_):
        return None
    name = text(channel, "name") or known.conversation(id_)
    where = f"#{name}" if name else "a channel"
    person = {"user": text(event, "user") or text(event, "actor_id") or text(channel, "creator")}
    sentence = f"{_name(person, known)} {what.format(where)}"
    return Told(what.format("the channel"), sentence, _who(person, known), where, _page(id_, None, known))


def _created(event: Any, known: Known) -> Told | None:
    return _channel(event, known, "created {}")


def _archived(event: Any, known: Known) -> Told | None:
    return _channel(event, known, "archived {}")


def _unarchived(event: Any, known: Known) -> Told | None:
    return _channel(event, known, "brought back {} from the archive")


def _deleted(event: Any, known: Known) -> Told | None:
    return _channel(event, known, "deleted {}")


def _renamed(event: Any, known: Known) -> Told | None:
    id_, name = dig(event, "channel", "id"), text(event, "channel", "name")
    if not messages.is_id(id_) or name is None:
        return None
    before = known.conversation(id_)
    old = f"#{before}" if before and before != name else "A channel"
    return Told("renamed the channel", f"{old} is called #{name} now", None, f"#{name}", _page(id_, None, known))


def _joined(event: Any, known: Known) -> Told | None:
    return _of(event, known, "joined", event) if messages.is_id(dig(event, "channel")) else None


def _left(event: Any, known: Known) -> Told | None:
    return _of(event, known, "left", event) if messages.is_id(dig(event, "channel")) else None


def _revoked(event: Any, known: Known) -> Told:
    return Told("withdrew the access", "The access was withdrawn at Slack")


def _uninstalled(event: Any, known: Known) -> Told:
    return Told("removed the app", "The app was removed from the Slack workspace")


def _plain(kind: str) -> Told:
    noun = (text(kind) or "event").replace("_", " ").replace(".", " ")
    return Told(noun, f"Slack event “{noun}”")


# -- names ------------------------------------------------------------------------------------------


def _who(thing: Any, known: Known) -> str | None:
    """The name where there is one, else the number: `who` is for programs, too."""
    name = _name(thing, known)
    return name if name != SOMEBODY else text(thing, "user") or text(thing, "bot_id")


def _name(thing: Any, known: Known) -> str:
    user = text(thing, "user")
    if user and user == known.user:
        return "You"
    return _named(thing, known) or SOMEBODY


def _named(thing: Any, known: Known) -> str | None:
    profile = dig(thing, "user_profile")
    names = (text(profile, "display_name"), text(profile, "real_name"), text(thing, "username"))
    own = next(filter(None, names), None) or text(thing, "bot_profile", "name")
    return own or text(known.people, text(thing, "user") or "") or None


def unknown_person(told: Mapping[str, str | None], known: Known) -> str | None:
    """The number of whom the line calls somebody, where it is worth asking for."""
    who = told["who"]
    return who if people.is_person(who) and who != known.user and who not in known.people else None


def _where(channel: Any, kind: str | None, known: Known) -> str | None:
    if not messages.is_id(channel):
        return None
    if name := known.conversation(channel):
        return KINDS["mpim"] if name.startswith("mpdm-") else f"#{name}"
    return KINDS.get(kind or ("im" if channel.startswith("D") else ""), "a conversation")


def _in(where: str | None) -> str:
    return f" in {where}" if where else ""


def _page(channel: Any, ts: str | None, known: Known, thread: str | None = None) -> str | None:
    """A reply is found by its thread alone."""
    if not messages.is_id(channel):
        return None
    if known.url:
        page = f"/p{ts.replace('.', '')}" if ts else ""
        reply = f"?thread_ts={thread}&cid={channel}" if page and thread not in (None, ts) else ""
        return f"{known.url.rstrip('/')}/archives/{channel}{page}{reply}"
    return f"https://app.slack.com/client/{known.team}/{channel}" if known.team else None


TELLERS: Mapping[str, Callable[[Any, Known], Told | None]] = {
    "message": _message,
    "reaction_added": _reaction_added,
    "reaction_removed": _reaction_removed,
    "channel_created": _created,
    "channel_rename": _renamed,
    "channel_archive": _archived,
    "channel_unarchive": _unarchived,
    "channel_deleted": _deleted,
    "group_rename": _renamed,
    "group_archive": _archived,
    "group_unarchive": _unarchived,
    "group_deleted": _deleted,
    "member_joined_channel": _joined,
    "member_left_channel": _left,
    "tokens_revoked": _revoked,
    "app_uninstalled": _uninstalled,
}
