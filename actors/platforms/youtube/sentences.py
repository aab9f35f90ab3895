"""What a poll found as a line that a person understands. It is always the user's own doing."""

from collections.abc import Mapping

from actors.platforms.fields import dig, text
from actors.platforms.google.answers import opaque
from storage.records import Item

NAMELESS = frozenset({"Private video", "Deleted video"})
"""In place of a title, where there is none to be seen any more."""


def line(item: Item) -> Mapping[str, str | None]:
    snippet = dig(item.raw, "snippet")
    title = text(snippet, "title")
    if item.data_type == "subscriptions":
        channel = opaque(snippet, "resourceId", "channelId", longest=100)
        url = f"https://www.youtube.com/channel/{channel}" if channel else None
        return _said(f"subscribed to {title or 'a channel'}", url)
    named = f"“{title}”" if title and title not in NAMELESS else "a video"
    video = opaque(snippet, "resourceId", "videoId", longest=100)
    url = f"https://www.youtube.com/watch?v={video}" if video and named != "a video" else None
    if item.data_type == "uploads":
        return _said(f"uploaded {named}", url)
    owner = text(snippet, "videoOwnerChannelTitle")
    return _said(f"liked {named} by {owner}" if owner else f"liked {named}", url)


def _said(what: str, url: str | None) -> Mapping[str, str | None]:
    return {"who": "You", "what": what, "where": "YouTube", "url": url, "message": f"You {what}"}
