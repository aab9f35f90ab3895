"""What is known of an account when one of its events is told: who the user is, and what people and conversations are
called."""

from collections.abc import Mapping
from typing import Any

import msgspec

from actors.platforms.fields import decode, text
from actors.platforms.slack import messages, people
from actors.platforms.slack.history import NAMES
from storage.records import Account


class Known(msgspec.Struct, frozen=True):
    user: str | None = None
    team: str | None = None
    url: str | None = None
    names: Mapping[str, Any] = {}
    people: Mapping[str, str] = {}

    def conversation(self, id_: str) -> str | None:
        return text(self.names, id_) or None


def known_from(account: Account | None, cursors: Mapping[str, str], team: Any) -> Known:
    details = account.details if account is not None else {}
    try:
        names = decode(cursors.get(NAMES, "{}").encode("utf-8", "replace"))
    except ValueError:
        names = {}
    return Known(
        user=details.get("user"),
        team=team if messages.is_id(team) else details.get("team"),
        url=details.get("url"),
        names=names if isinstance(names, dict) else {},
        people=people.known(cursors),
    )
