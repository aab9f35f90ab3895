"""A mail as a line that a person understands, by its headers."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from actors.platforms.fields import dig, text
from actors.platforms.gmail.pushes import INBOX_URL
from actors.platforms.google.answers import listed, opaque


def line(message: Any) -> Mapping[str, str | None]:
    subject, id_ = _header(message, "subject"), opaque(message, "id", longest=255)
    told = {"where": "Gmail", "url": f"{INBOX_URL}#all/{id_}" if id_ and id_.isalnum() else INBOX_URL}
    end = f": “{subject}”" if subject else ""
    if "SENT" in listed(message, "labelIds"):
        whom = _name(_header(message, "to"))
        what = f"wrote{f' to {whom}' if whom else ''}{end}"
        return {"who": "You", "what": what, "message": f"You {what}", **told}
    who = _name(_header(message, "from"))
    what = f"New mail{f' from {who}' if who else ''}{end}"
    return {"who": who, "what": f"wrote{end}", "message": what, **told}


def _header(message: Any, name: str) -> str | None:
    for header in listed(dig(message, "payload"), "headers"):
        if (text(header, "name") or "").lower() == name:
            return text(header, "value")
    return None


def _name(value: str | None) -> str | None:
    """Of the first; what can't be taken apart stays as it is."""
    name, address = parseaddr(value or "")
    return name or address or value
