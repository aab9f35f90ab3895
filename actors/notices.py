"""A grant that ends by itself is announced: two weeks ahead, three days, one day."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from storage import connections, events
from storage.records import ConnectionKey, Draft, iso

if TYPE_CHECKING:
    from actors.state import ConnectionState

DAY = 86_400.0
AHEAD = (14, 3, 1, 0)
"""Days. At the end itself there is nothing left to announce, but to see what became of it."""


def next_notice(ends: float | None, now: float) -> float | None:
    """A grant that is given for a week is not announced two weeks ahead: whoever gave it has just been there."""
    return None if ends is None else next((at for at in (ends - days * DAY for days in AHEAD) if at > now), None)


def keep_notice(me: "ConnectionState", tx: Any) -> None:
    """Told, and not again, in one commit. Of several that were missed, the last says it all."""
    ends, now = me.row.reauth_due_at, me.clock.now()
    connections.update(tx, me.key, reauth_notice_at=next_notice(ends, now))
    if ends is not None and ends > now:
        url = f"{me.shared.public_url}/api/oauth/{me.key.platform}/connect"
        events.append(tx, me.key.user, [notice(me.key, me.platform.title, ends, now, url)], now)


def notice(key: ConnectionKey, title: str, ends: float, now: float, reconnect_url: str) -> Draft:
    days = max(1, round((ends - now) / DAY))
    level = "error" if ends - now <= DAY else "warning" if ends - now <= 3 * DAY else "info"
    when = "within a day" if days == 1 else f"in {days} days"
    headline = f"{title} wants to be connected again {when}"
    date = datetime.fromtimestamp(ends, UTC)
    return Draft(
        "notification",
        {
            "id": f"reauth-{key.platform}-{int(ends)}-{days}",
            "level": level,
            "source": "system",
            "title": headline,
            "body": f"{title} ends this access on {date:%-d %B %Y}. Whoever connects again before then misses nothing.",
            "persistent": True,
            "message": headline,
            "platform": key.platform,
            "reauth_due_at": iso(ends),
            "reconnect_url": reconnect_url,
        },
    )
